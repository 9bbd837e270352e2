import type { AuditName } from '../../../core/audit.ts';
import { isNotFound, RegistryError } from '../../../core/error.ts';
import { indexRoute, type IndexRoute, param, type RouteRequest } from '../../../core/format.ts';
import type { Permission } from '../../../core/permissions.ts';
import { unescaped } from '../names.ts';
import { wrongModulePath } from '../paths.ts';
import { isCanonical } from '../versions.ts';
import { lookupIndex, lookupKey, tileIndex, tileKey, treeIndex } from './indexes.ts';

const TILE = /^\d{1,2}\/(?:\d{1,2}|data)\/(?:x\d{3}\/)*\d{3}(?:\.p\/\d{1,3})?$/;
const audit: AuditName = { method: 'Go-ViewChecksums', type: 'DATA_READ' };
const read = {
  permission: 'artifactregistry.repositories.downloadArtifacts' satisfies Permission,
  audit,
} as const;

type Asked = Pick<RouteRequest, 'params'>;

/** The database that is asked for. NOT_FOUND for what is no name of one. */
function databaseOf({ params }: Asked): string {
  const name = param(params, 'database');
  if (/^[a-z0-9.-]+$/.test(name)) return name;
  throw notRelayed(name);
}

function lookupOf(request: Asked) {
  const text = param(request.params, 'of');
  const at = text.lastIndexOf('@');
  const [module, version] = [unescaped(text.slice(0, at)), unescaped(text.slice(at + 1))];
  if (
    module === undefined ||
    version === undefined ||
    wrongModulePath(module) !== undefined ||
    !isCanonical(version)
  )
    throw notRelayed(text);
  return lookupKey(databaseOf(request), module, version);
}

function tileOf(request: Asked) {
  const path = param(request.params, 'tile');
  if (!TILE.test(path)) throw notRelayed(path);
  return tileKey(databaseOf(request), `tile/${path}`);
}

const notRelayed = (what: string): RegistryError =>
  new RegistryError(
    'NOT_FOUND',
    'SUMDB_UNKNOWN',
    `not found: no checksum database here has ${what.slice(0, 220)}`,
  );

/** Whether a database is relayed. It is where one answers; a page for people is none. */
const supported: IndexRoute = {
  ...read,
  kind: 'index',
  path: '/sumdb/:database/supported',
  async document(reader, request) {
    const database = databaseOf(request);
    try {
      await (await reader.index(treeIndex, { of: database })).value();
    } catch (error) {
      throw isNotFound(error) ? notRelayed(database) : error;
    }
    return { contentType: 'text/plain; charset=utf-8', body: '' };
  },
};

/** go.dev/ref/mod#checksum-database: databases that the upstream relays, or that the repository's settings name. */
export const sumdbRoutes: readonly IndexRoute[] = [
  supported,
  indexRoute({
    ...read,
    path: '/sumdb/:database/latest',
    index: treeIndex,
    key: (request) => ({ of: databaseOf(request) }),
    missing: ({ of: database }) => notRelayed(database),
  }),
  indexRoute({
    ...read,
    path: '/sumdb/:database/lookup/:of+',
    within: ({ params }) => ({ package: unescaped((params['of'] ?? '').replace(/@[^@]*$/, '')) ?? '' }),
    index: lookupIndex,
    key: lookupOf,
    missing: ({ of: module }) => notRelayed(module),
  }),
  indexRoute({
    ...read,
    path: '/sumdb/:database/tile/:tile+',
    index: tileIndex,
    key: tileOf,
    missing: ({ filter = '' }) => notRelayed(filter),
  }),
];
