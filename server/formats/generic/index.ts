import type { AuditName } from '../../core/audit.ts';
import {
  type CommandRoute,
  defineFormat,
  type FileRoute,
  type FilesAndIndexes,
  indexRoute,
  param,
  type RouteRequest,
} from '../../core/format.ts';
import { isNotFound } from '../../core/error.ts';
import { routesWithin } from '../../core/routes-within.ts';
import { digestHeaders } from '../../lib/checksum-headers.ts';
import { genericChallenge } from './challenge.ts';
import { deleteFile, deleteFolder } from './delete-files.ts';
import { genericError } from './errors.ts';
import { folderIndex } from './folder-index.ts';
import { listRequest, missingFile, missingFolder } from './list-request.ts';
import { placeOf, refOf, segmentsOf, withinOf } from './places.ts';
import { putFile, putFolder } from './put-file.ts';
import { genericApi, snippets } from './shown.ts';
import { genericUpstream } from './upstream.ts';

const reads = (method: string): AuditName => ({ method: `Generic-${method}`, type: 'DATA_READ' });
const publishes = (method: string): AuditName => ({ method: `Generic-${method}`, type: 'publish' });

const segmentsIn = ({ params }: Pick<RouteRequest, 'params'>): readonly string[] =>
  (params['path'] ?? '').split('/').filter((segment) => segment !== '');

const ofFiles = routesWithin((request) => withinOf(segmentsIn(request), false));
const ofFolders = routesWithin((request) => withinOf(segmentsIn(request), true));

const folder = (path: string) =>
  indexRoute({
    ...ofFolders.read,
    path,
    audit: { ...reads('ListFiles'), head: reads('ListFiles') },
    index: folderIndex,
    key: listRequest,
    missing: missingFolder,
  });

const file: FileRoute = {
  ...ofFiles.read,
  kind: 'file',
  path: '/:path+',
  audit: { ...reads('DownloadFile'), head: reads('HeadFile') },
  file: ({ params }) => refOf(placeOf(param(params, 'path').split('/'))),
  headers: ({ digest }) => (digest === undefined ? {} : digestHeaders(digest.slice('sha256:'.length))),
  missing: missingFile,
  instead,
};

const DIGEST_SUFFIX = '.sha256';

/** `FILE.sha256` where nobody published one, as tools check it; and folders that are written without their slash. */
async function instead(
  repo: FilesAndIndexes,
  { params, query }: RouteRequest,
  basePath: string,
): Promise<Response | undefined> {
  const path = param(params, 'path');
  if (path.endsWith(DIGEST_SUFFIX)) {
    const ref = refOf(placeOf(path.slice(0, -DIGEST_SUFFIX.length).split('/')));
    const digest = await repo.file(ref, 'headers').then((found) => found.digest, absent);
    const name = path.slice(path.lastIndexOf('/') + 1, -DIGEST_SUFFIX.length);
    if (digest !== undefined)
      return new Response(`${digest.slice('sha256:'.length)}  ${name}\n`, {
        headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'private, no-cache' },
      });
  }
  const key = listRequest({ params, query: new URLSearchParams({ pageSize: '1' }) });
  const listed = await repo.index(folderIndex, key).then((part) => part.value(), absent);
  if (!listed || listed.entries.length === 0) return undefined;
  const address = segmentsOf(placeOf(path.split('/')))
    .map(encodeURIComponent)
    .join('/');
  const asked = query.size > 0 ? `?${query.toString()}` : '';
  return new Response(null, { status: 301, headers: { location: `${basePath}/${address}/${asked}` } });
}

function absent(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

const put = (path: string, run: CommandRoute['run']): CommandRoute =>
  ofFiles.upload('PUT', path, run, publishes('UploadFile'));

/** Files of any kind, by package, version and path. */
export const generic = defineFormat({
  id: 'GENERIC',
  label: 'generic',
  title: 'Generic',
  routes: [
    folder('/'),
    folder('/:path+/'),
    put('/:path+/', putFolder),
    ofFolders.remove('/:path+/', deleteFolder, publishes('DeleteVersion')),
    file,
    put('/:path+', putFile),
    // Also the folder of a version, written without its slash, which must be asked about by its name.
    ofFolders.remove('/:path+', deleteFile, publishes('DeleteFile')),
  ],
  upstream: genericUpstream,
  challenge: genericChallenge,
  api: genericApi,
  snippets,
  facts: () => [],
  errorBody: genericError,
});
