import type { AuditName } from '../../core/audit.ts';
import { type CommandRoute, defineFormat, type FileRoute, keptRoute, param } from '../../core/format.ts';
import { notFound } from '../../core/error.ts';
import { routesWithin } from '../../core/routes-within.ts';
import { accountServices } from './accounts.ts';
import { attestationsFile } from './attestations.ts';
import { bulkAdvisories, quickAudit, treeAudit } from './audits.ts';
import { deleteTag, putTag } from './dist-tags.ts';
import { npmError } from './errors.ts';
import { tarballPath, versionInFile } from './names.ts';
import { npmApi } from './npm-packages.ts';
import { ABBREVIATED, FULL, packumentIndex, TAGS } from './packument-index.ts';
import { putPackage } from './put-package.ts';
import { packageUnknown } from './revision.ts';
import { search } from './search.ts';
import { packageToRead, scopesJoined, within } from './segments.ts';
import { facts, snippets } from './shown.ts';
import { approveStaged, listStaged, rejectStaged, stagedTarball, stagePackage, viewStaged } from './stage.ts';
import { deleteTarball, unpublishAll } from './unpublish.ts';
import { npmUpstream } from './upstream.ts';
import { versionDocument } from './version-document.ts';

/** cloud.google.com/artifact-registry/docs/audit-logging */
const reads = (method: string): AuditName => ({ method: `Npm-${method}`, type: 'DATA_READ' });
const publishes = (method: string): AuditName => ({ method: `Npm-${method}`, type: 'publish' });

const { read, query, upload, remove } = routesWithin(within);

const packument = keptRoute({
  ...read,
  path: '/:pkg',
  audit: { ...reads('GetManifest'), head: reads('HeadManifest') },
  index: packumentIndex,
  key: (request) => ({ of: packageToRead(request) }),
  // Never 406: some ask for the abbreviated form alone, some for nothing, and all can use either.
  variant: ({ headers }) =>
    headers.get('accept')?.includes('application/vnd.npm.install-v1+json') ? ABBREVIATED : FULL,
  missing: ({ of: name }) => packageUnknown(name),
});

const tags = keptRoute({
  ...read,
  path: '/-/package/:pkg/dist-tags',
  audit: reads('ListTag'),
  index: packumentIndex,
  key: (request) => ({ of: packageToRead(request) }),
  variant: () => TAGS,
  missing: ({ of: name }) => packageUnknown(name),
});

const tarball: FileRoute = {
  ...read,
  kind: 'file',
  path: '/:pkg/-/:file',
  audit: { ...reads('InstallPackage'), head: reads('HeadPackage') },
  file: (request) => {
    const name = packageToRead(request);
    const file = param(request.params, 'file');
    const version = versionInFile(name, [file]);
    if (version === undefined) throw notFound('FILE', { path: `${name}/-/${file}` });
    return {
      path: tarballPath(name, version),
      freshness: 'immutable',
      coordinates: { package: name, version },
      contentType: 'application/octet-stream',
    };
  },
};

const attestations: FileRoute = {
  ...read,
  kind: 'file',
  // Clients put the whole path of the address that they were given behind the registry's, which may have one, too.
  path: '/:again*/-/npm/v1/attestations/:of',
  audit: reads('GetAttestations'),
  file: attestationsFile,
};

/** `npm stage`: who may publish sees what waits, too. Before all others, some of which would fit as well. */
const staging: readonly CommandRoute[] = [
  upload('POST', '/-/stage/package/:pkg', stagePackage, publishes('StagePackage')),
  upload('GET', '/-/stage', listStaged, reads('ListStaged')),
  upload('GET', '/-/stage/:id', viewStaged, reads('GetStaged')),
  upload('GET', '/-/stage/:id/tarball', stagedTarball, reads('DownloadStaged')),
  upload('POST', '/-/stage/:id/approve', approveStaged, publishes('ApproveStaged')),
  upload('DELETE', '/-/stage/:id', rejectStaged, publishes('RejectStaged')),
];

/** Packages of Node.js and of browsers. */
export const npm = defineFormat({
  id: 'NPM',
  label: 'npm',
  title: 'npm',
  takesEmptySegments: true,
  segments: scopesJoined,
  accountServices,
  routes: [
    ...staging,
    packument,
    {
      ...read,
      kind: 'index',
      path: '/:pkg/:of',
      audit: reads('GetVersionManifest'),
      document: versionDocument,
    },
    tarball,
    upload('PUT', '/:pkg', putPackage, publishes('PublishPackage')),
    upload('PUT', '/:pkg/-rev/:rev', putPackage, publishes('UpdateManifest')),
    remove('/:pkg/-rev/:rev', unpublishAll, publishes('UnpublishPackage')),
    remove('/:pkg/-/:file/-rev/:rev', deleteTarball, publishes('UnpublishVersion')),
    tags,
    upload('PUT', '/-/package/:pkg/dist-tags/:tag', putTag, publishes('UpdateTag')),
    upload('POST', '/-/package/:pkg/dist-tags/:tag', putTag, publishes('UpdateTag')),
    remove('/-/package/:pkg/dist-tags/:tag', deleteTag, publishes('DeleteTag')),
    query('GET', '/-/v1/search', search, reads('Search')),
    query('POST', '/-/npm/v1/security/advisories/bulk', bulkAdvisories, reads('BulkAdvisories')),
    query('POST', '/-/npm/v1/security/audits', treeAudit, reads('Audit')),
    query('POST', '/-/npm/v1/security/audits/quick', quickAudit, reads('Audit')),
    attestations,
  ],
  upstream: npmUpstream,
  api: npmApi,
  snippets,
  facts,
  errorBody: npmError,
});
