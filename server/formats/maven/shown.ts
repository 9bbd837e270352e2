import type { VersionRow } from '../../core/catalog.ts';
import type { DatedVersion, Fact, FormatApi, Snippet, VersionView } from '../../core/format.ts';
import { fromAttributes } from './attributes.ts';

/** What people paste to use a repository. `address` has neither scheme nor a slash at the end. */
export const snippets = (address: string): readonly Snippet[] => [
  {
    title: 'Use it (pom.xml)',
    language: 'xml',
    text: `<repositories>\n  <repository>\n    <id>entrepot</id>\n    <url>https://${address}</url>\n  </repository>\n</repositories>`,
  },
  {
    title: 'Publish to it (pom.xml)',
    language: 'xml',
    text:
      `<distributionManagement>\n  <repository>\n    <id>entrepot</id>\n    <url>https://${address}</url>\n  </repository>\n` +
      `  <snapshotRepository>\n    <id>entrepot</id>\n    <url>https://${address}</url>\n  </snapshotRepository>\n</distributionManagement>`,
  },
  {
    title: 'Use it (build.gradle)',
    language: 'groovy',
    text: `repositories {\n  maven {\n    url = uri("https://${address}")\n  }\n}`,
  },
];

/** What there is to say of a version. */
export function facts({ attributes }: VersionRow): readonly Fact[] {
  const { name, description, packaging, url, licenses, pom } = fromAttributes(attributes);
  const said: readonly (readonly [string, string | undefined])[] = [
    ['Name', name],
    ['Description', description],
    ['Packaging', pom === undefined ? undefined : (packaging ?? 'jar')],
    ['Homepage', url],
    ['License', licenses?.join(', ')],
    ['Incomplete', pom === undefined ? 'it has no POM yet, so no list of versions has it' : undefined],
  ];
  return said.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}

/** MavenArtifact of artifact.proto. */
const mavenArtifacts: VersionView = {
  collection: 'mavenArtifacts',
  permissions: { get: 'artifactregistry.mavenartifacts.get', list: 'artifactregistry.mavenartifacts.list' },
  methods: { get: 'GetMavenArtifact', list: 'ListMavenArtifacts' },
  orders: { name: 'name', createTime: 'createTime', updateTime: 'updateTime' },

  id: ({ package: name, version }) => `${name}:${version}`,
  parse(id) {
    const [groupId, artifactId, ...version] = id.split(':');
    if (!groupId || !artifactId || version.length !== 1 || !version[0]) return undefined;
    return { package: `${groupId}:${artifactId}`, version: version[0] };
  },

  resource: ({ package: name, version, attributes, createdAt, updatedAt }: DatedVersion, address) => {
    const [groupId = '', artifactId = ''] = name.split(':');
    const { pom } = fromAttributes(attributes);
    const repository = address.slice(0, address.length - name.length - 1);
    return {
      ...(pom !== undefined && { pomUri: `${repository}/${pom}` }),
      groupId,
      artifactId,
      version,
      createTime: new Date(createdAt).toISOString(),
      updateTime: new Date(updatedAt).toISOString(),
    };
  },
};

/** What Artifact Registry says of a version, as far as it is known. */
function metadata({ package: pkg, version, attributes }: VersionRow): Record<string, unknown> {
  const [groupId, artifactId] = pkg.split(':');
  const { name, packaging } = fromAttributes(attributes);
  return {
    groupId,
    artifactId,
    version,
    ...(packaging !== undefined && { packaging }),
    ...(name !== undefined && { projectName: name }),
  };
}

export const mavenApi: FormatApi = { metadata, views: [mavenArtifacts] };
