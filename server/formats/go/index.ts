import type { AuditName } from '../../core/audit.ts';
import { defineFormat, type FileRoute, indexRoute, keptRoute } from '../../core/format.ts';
import { routesWithin } from '../../core/routes-within.ts';
import { goChallenge } from './challenge.ts';
import { goError } from './errors.ts';
import { latestIndex } from './latest-index.ts';
import { listIndex } from './list-index.ts';
import { queryIndex, queryKey } from './query-index.ts';
import type { Kind } from './names.ts';
import {
  kindsApart,
  moduleOf,
  QUERY,
  queryOf,
  unknownModule,
  unknownVersion,
  versionOf,
  within,
} from './segments.ts';
import { facts, goApi, snippets } from './shown.ts';
import { sumdbRoutes } from './sumdb/routes.ts';
import { goUpstream } from './upstream.ts';
import { putZip, uploadZip, versionFile } from './upload.ts';

/** cloud.google.com/artifact-registry/docs/audit-logging */
const reads = (method: string): AuditName => ({ method: `Go-${method}`, type: 'DATA_READ' });
const UPLOAD: AuditName = { method: 'Go-UploadModule', type: 'publish' };

const routes = routesWithin(within);

const list = keptRoute({
  ...routes.read,
  path: '/:module+/@v/list',
  audit: reads('ListVersions'),
  index: listIndex,
  key: (request) => ({ of: moduleOf(request) }),
  variant: () => 'list',
  missing: ({ of: module }) => unknownModule(module),
});

const latest = keptRoute({
  ...routes.read,
  path: '/:module+/@latest',
  audit: reads('ViewModInfo'),
  index: latestIndex,
  key: (request) => ({ of: moduleOf(request) }),
  variant: () => 'latest',
  missing: ({ of: module }) => unknownModule(module),
});

const query = indexRoute({
  ...routes.read,
  path: `/:module+/${QUERY}/:query`,
  audit: reads('ViewModInfo'),
  index: queryIndex,
  key: (request) => queryKey(moduleOf(request), queryOf(request)),
  missing: ({ of: module, filter = '' }) => unknownVersion(module, filter),
});

const file = (kind: Kind, method: string): FileRoute => ({
  ...routes.read,
  kind: 'file',
  path: `/:module+/@v/:version/${kind}`,
  audit: reads(method),
  file: (request) => {
    const { module, version } = versionOf(request);
    return versionFile(module, version, kind);
  },
  missing: ({ coordinates }) => unknownVersion(coordinates?.package ?? '', coordinates?.version ?? ''),
});

/** Modules of Go. */
export const go = defineFormat({
  id: 'GO',
  label: 'go',
  title: 'Go',
  segments: kindsApart,
  routes: [
    routes.upload('PUT', '/upload', uploadZip, UPLOAD),
    routes.upload('PUT', '/:module+/@v/:version/zip', putZip, UPLOAD),
    ...sumdbRoutes,
    list,
    latest,
    query,
    file('info', 'ViewModInfo'),
    file('mod', 'DownloadModFile'),
    file('zip', 'DownloadZipFile'),
  ],
  upstream: goUpstream,
  challenge: goChallenge,
  api: goApi,
  snippets,
  facts,
  errorBody: goError,
});
