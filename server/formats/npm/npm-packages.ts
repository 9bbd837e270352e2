import type { VersionRow } from '../../core/catalog.ts';
import type { DatedVersion, FormatApi, VersionView } from '../../core/format.ts';
import { fromAttributes } from './attributes.ts';

/** NpmPackage of artifact.proto. */
const npmPackages: VersionView = {
  collection: 'npmPackages',
  permissions: { get: 'artifactregistry.npmpackages.get', list: 'artifactregistry.npmpackages.list' },
  methods: { get: 'GetNpmPackage', list: 'ListNpmPackages' },
  orders: { name: 'name', createTime: 'createTime', updateTime: 'updateTime' },

  id: ({ package: name, version }) => `${name}:${version}`,
  parse(id) {
    const colon = id.lastIndexOf(':');
    return colon > 0 ? { package: id.slice(0, colon), version: id.slice(colon + 1) } : undefined;
  },

  resource: ({ package: name, version, tags, createdAt, updatedAt }: DatedVersion) => ({
    packageName: name,
    version,
    ...(tags.length > 0 && { tags }),
    createTime: new Date(createdAt).toISOString(),
    updateTime: new Date(updatedAt).toISOString(),
  }),
};

/** What Artifact Registry says of a version of npm, as far as it is known. */
function metadata({ package: packageName, version, attributes }: VersionRow): Record<string, unknown> {
  const { deprecated } = fromAttributes(attributes);
  return { packageName, version, ...(deprecated !== undefined && { deprecated }) };
}

export const npmApi: FormatApi = { metadata, views: [npmPackages] };
