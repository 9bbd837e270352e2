import type { Attributes, VersionRow } from '../../core/catalog.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import type { DatedVersion, Fact, FormatApi, Snippet, VersionView } from '../../core/format.ts';
import { fromAttributes, toAttributes } from './attributes.ts';

/** What people paste to use a repository. `address` has neither scheme nor a slash at the end. */
export const snippets = (address: string): readonly Snippet[] => [
  {
    title: 'Install',
    language: 'sh',
    text: `pip install --index-url https://${address}/simple/ PACKAGE`,
  },
  {
    title: 'Use it for all packages (pip.conf)',
    language: 'ini',
    text: `[global]\nindex-url = https://${address}/simple/`,
  },
  {
    title: 'Use it for all packages (uv.toml)',
    language: 'toml',
    text: `[[index]]\nurl = "https://${address}/simple/"\ndefault = true`,
  },
  { title: 'Publish', language: 'sh', text: `twine upload --repository-url https://${address}/ dist/*` },
];

/** What there is to say of a release. */
export function facts({ attributes }: VersionRow): readonly Fact[] {
  const {
    summary,
    author,
    license,
    homePage,
    files = {},
    yanked,
    yankedFiles = {},
  } = fromAttributes(attributes);
  const names = Object.keys(files).sort();
  const python = Object.values(files).find(({ requiresPython }) => requiresPython !== undefined);
  const said: readonly (readonly [string, string | undefined])[] = [
    ['Summary', summary],
    ['Author', author],
    ['License', license],
    ['Homepage', homePage],
    ['Requires Python', python?.requiresPython],
    ['Files', names.length === 0 ? undefined : names.join(', ')],
    ['Yanked', yanked === undefined ? undefined : yanked || 'yes'],
    ['Yanked files', Object.keys(yankedFiles).sort().join(', ') || undefined],
  ];
  return said.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}

function yankOf(attributes: Attributes): Record<string, unknown> {
  const { yanked, yankedFiles = {} } = fromAttributes(attributes);
  return {
    ...(yanked !== undefined && { yanked: true }),
    ...(yanked !== undefined && yanked !== '' && { yankedReason: yanked }),
    ...(Object.keys(yankedFiles).length > 0 && { yankedFiles }),
  };
}

/** PEP 592, of all files of a release, and of single ones. FAILED_PRECONDITION for a copy. */
function yankedAs(
  before: Attributes,
  { yanked, yankedReason, yankedFiles = {} }: Readonly<Record<string, unknown>>,
): Attributes {
  const { yanked: _, yankedFiles: __, ...rest } = fromAttributes(before);
  if (!rest.files)
    throw new RegistryError(
      'FAILED_PRECONDITION',
      'COPY',
      'this is a copy of what another index has: it is yanked where it was published',
    );
  const reason = typeof yankedReason === 'string' ? yankedReason : '';
  const single = yankedFiles as Readonly<Record<string, string>>;
  const { files } = rest;
  const unknown = Object.keys(single).find((filename) => !Object.hasOwn(files, filename));
  if (unknown !== undefined)
    throw invalid(
      'FILE_UNKNOWN',
      `the release has no file ${JSON.stringify(unknown.slice(0, 300))}: its files are ${Object.keys(files).sort().join(', ').slice(0, 1000)}`,
      { field: 'yankedFiles' },
    );
  return toAttributes({
    ...rest,
    ...(yanked === true && { yanked: reason }),
    ...(Object.keys(single).length > 0 && { yankedFiles: single }),
  });
}

/** PythonPackage of artifact.proto, and whether it is yanked. */
const pythonPackages: VersionView = {
  collection: 'pythonPackages',
  permissions: { get: 'artifactregistry.pythonpackages.get', list: 'artifactregistry.pythonpackages.list' },
  methods: { get: 'GetPythonPackage', list: 'ListPythonPackages' },
  orders: { name: 'name', createTime: 'createTime', updateTime: 'updateTime' },

  id: ({ package: name, version }) => `${name}:${version}`,
  parse(id) {
    const colon = id.lastIndexOf(':');
    return colon > 0 ? { package: id.slice(0, colon), version: id.slice(colon + 1) } : undefined;
  },

  resource: ({ package: name, version, attributes, createdAt, updatedAt }: DatedVersion, address) => ({
    uri: `${address}:${version}`,
    packageName: name,
    version,
    ...yankOf(attributes),
    createTime: new Date(createdAt).toISOString(),
    updateTime: new Date(updatedAt).toISOString(),
  }),
  change: {
    permission: 'artifactregistry.versions.update',
    method: 'UpdatePythonPackage',
    fields: { yanked: 'mutable', yankedReason: 'mutable', yankedFiles: 'map' },
    apply: yankedAs,
  },
};

/** What Artifact Registry says of a release, as far as it is known, and whether it is yanked. */
function metadata({ package: packageName, version, attributes }: VersionRow): Record<string, unknown> {
  return { packageName, version, ...yankOf(attributes) };
}

export const pythonApi: FormatApi = { metadata, views: [pythonPackages] };
