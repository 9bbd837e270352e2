import type { VersionRow } from '../../core/catalog.ts';
import type { DatedVersion, Fact, FormatApi, MediaUpload, Snippet, VersionView } from '../../core/format.ts';
import { fromAttributes } from './attributes.ts';

/** What people paste to use a repository. `address` has neither scheme nor a slash at the end. */
export const snippets = (address: string): readonly Snippet[] => [
  { title: 'Use it for all modules', language: 'sh', text: `go env -w GOPROXY=https://${address},direct` },
  {
    title: 'Modules that no public checksum database knows',
    language: 'sh',
    text: 'go env -w GONOSUMDB=YOUR.DOMAIN',
  },
  { title: 'Install', language: 'sh', text: `GOPROXY=https://${address} go get MODULE@VERSION` },
  {
    title: 'Publish',
    language: 'sh',
    text: 'entrepot artifacts go upload --repository=REPOSITORY --module-path=MODULE --version=VERSION --source=DIRECTORY',
  },
];

/** What there is to say of a version. */
export function facts({ attributes }: VersionRow): readonly Fact[] {
  const { time, zipHash, modHash } = fromAttributes(attributes);
  const said: readonly (readonly [string, string | undefined])[] = [
    ['Published', time === undefined ? undefined : new Date(time).toISOString()],
    ['Hash', zipHash],
    ['Hash of go.mod', modHash],
  ];
  return said.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}

/** GoModule of go.proto. */
const goModules: VersionView = {
  collection: 'goModules',
  permissions: { get: 'artifactregistry.versions.get', list: 'artifactregistry.versions.list' },
  methods: { get: 'GetGoModule', list: 'ListGoModules' },
  orders: { name: 'name', createTime: 'createTime', updateTime: 'updateTime' },

  id: ({ package: module, version }) => `${module}:${version}`,
  parse(id) {
    const colon = id.lastIndexOf(':');
    return colon > 0 ? { package: id.slice(0, colon), version: id.slice(colon + 1) } : undefined;
  },

  resource: ({ version, createdAt, updatedAt }: DatedVersion) => ({
    version,
    createTime: new Date(createdAt).toISOString(),
    updateTime: new Date(updatedAt).toISOString(),
  }),
};

function metadata({ package: modulePath, version, attributes }: VersionRow): Record<string, unknown> {
  const { zipHash, modHash } = fromAttributes(attributes);
  return {
    modulePath,
    version,
    ...(zipHash !== undefined && { hash: zipHash }),
    ...(modHash !== undefined && { goModHash: modHash }),
  };
}

/** go.proto, UploadGoModule. */
const upload: MediaUpload = {
  collection: 'goModules',
  method: 'UploadGoModule',
  path: '/upload',
  async made(answer) {
    const text = (await answer.text()).trim();
    const at = text.lastIndexOf('@');
    return { package: text.slice(0, at), version: text.slice(at + 1) };
  },
};

export const goApi: FormatApi = { metadata, views: [goModules], uploads: [upload] };
