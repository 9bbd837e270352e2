import type { DatedVersion, VersionView } from '../../core/format.ts';

/** GoModule of go.proto. */
export const goModules: VersionView = {
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
