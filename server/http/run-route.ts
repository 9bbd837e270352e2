import type { Act } from '../core/audit.ts';
import type { ByteStream } from '../core/blob.ts';
import type { FileRef, HostedRepo } from '../core/catalog.ts';
import { isNotFound, notFound, RegistryError } from '../core/error.ts';
import type {
  CommandRoute,
  FileRoute,
  Format,
  IndexRoute,
  KeptRoute,
  QueryRoute,
  ReadableElsewhere,
  Rights,
  Route,
  RouteRequest,
} from '../core/format.ts';
import type { Authorizer, Principal, Within } from '../core/iam.ts';
import type { DocumentReader } from '../core/documents.ts';
import type { Permission } from '../core/permissions.ts';
import type { Repo } from '../core/repo.ts';
import { type RepositoryRow, repositoryName } from '../core/repository.ts';
import type { DataRequest, RepositoryDestination } from './data-request.ts';
import { denied } from './denied.ts';
import { cacheHeaders, partialHeaders } from './cache-status.ts';
import { sendDocument } from './send-document.ts';
import type { FileSender } from './send-file.ts';
import { withoutBody } from './without-body.ts';

export interface RouteParts {
  /** The repository as its mode answers reads of somebody who has the permission on it. */
  read(repository: RepositoryRow, reader: Reader): Repo;
  /** The repository for a caller who writes; nothing where its mode takes no writes. */
  write(
    repository: RepositoryRow,
    writer: Reader,
    act: Act | undefined,
  ): HostedRepo | undefined | Promise<HostedRepo | undefined>;
  /** The documents of a repository that are kept. */
  documents(repository: RepositoryRow, repo: Repo): DocumentReader;
  readonly now: () => number;
  elsewhere(call: DataRequest, destination: RepositoryDestination): ReadableElsewhere;
  readonly authorizer: Authorizer;
}

/** Who asks, with which right: what a repository is made of may be others, where it counts too. */
export interface Reader {
  readonly principal: Principal;
  readonly permission: Permission;
}

export interface Runnable {
  readonly route: Route;
  /** Sends the route's files, where it has any. */
  readonly sender: FileSender;
}

/** Answers a route that was matched and allowed. */
export function runRoute(
  parts: RouteParts,
  call: DataRequest,
  destination: RepositoryDestination,
  { route, sender }: Runnable,
  asked: RouteRequest,
  repository: RepositoryRow,
  act: Act | undefined,
): Promise<Response> {
  const reader: Reader = { principal: call.principal, permission: route.permission };
  switch (route.kind) {
    case 'file':
      return fileAnswer(parts, call, repository, parts.read(repository, reader), route, sender, asked);
    case 'index':
      return indexAnswer(parts, call, destination, parts.read(repository, reader), route, asked);
    case 'kept':
      return keptAnswer(parts, call, destination, repository, parts.read(repository, reader), route, asked);
    case 'query':
      return queryAnswer(call, destination, parts.read(repository, reader), route, asked);
    case 'command':
      return commandAnswer(parts, call, destination, route, asked, { repository, reader, act });
    default:
      return route satisfies never;
  }
}

/** What a format says on every answer. Files and indexes are made with it; setting a header later costs more. */
export function withHeaders(answer: Response, { headers }: Format): Response {
  for (const [name, value] of Object.entries(headers ?? {})) answer.headers.set(name, value);
  return answer;
}

async function fileAnswer(
  parts: RouteParts,
  call: DataRequest,
  repository: RepositoryRow,
  repo: Repo,
  route: FileRoute,
  sender: FileSender,
  asked: RouteRequest,
): Promise<Response> {
  const ref = route.file(asked);
  try {
    const opened = await repo.file(ref);
    if (
      route.headBeforeWrite &&
      call.request.method === 'HEAD' &&
      (await mayWrite(parts, call, repository, route.within?.(asked)))
    )
      await repo.touch(ref);
    return await sender.send(call.request, opened, call.trace);
  } catch (thrown) {
    const error = call.request.method === 'HEAD' ? absentIfDamaged(thrown, ref) : thrown;
    throw route.missing && isNotFound(error) ? route.missing(ref) : error;
  }
}

/** Clients ask this before they push, and send again what is not there: that repairs it. */
const absentIfDamaged = (thrown: unknown, { path }: FileRef): unknown =>
  thrown instanceof RegistryError && thrown.reason === 'CONTENT_DAMAGED'
    ? notFound('FILE', { path })
    : thrown;

/** Who may only read asks for nothing to be kept. */
async function mayWrite(
  { authorizer }: RouteParts,
  { principal }: DataRequest,
  row: RepositoryRow,
  within: Within | undefined,
): Promise<boolean> {
  const decision = await authorizer.check(
    principal,
    'artifactregistry.repositories.uploadArtifacts',
    repositoryName(row),
    within,
  );
  return decision.allow;
}

async function indexAnswer(
  { now }: RouteParts,
  { request, trace, origin }: DataRequest,
  { format, basePath }: RepositoryDestination,
  repo: Repo,
  route: IndexRoute,
  asked: RouteRequest,
): Promise<Response> {
  const document = await route.document(repo, asked, basePath, origin + basePath);
  const { contentType, body, headers, cache, without } = document;
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const common = {
    'content-type': contentType,
    'cache-control': 'private, no-cache',
    'x-content-type-options': 'nosniff',
    ...format.headers,
    ...headers,
    ...(cache && cacheHeaders(cache, now())),
    ...(without && partialHeaders(without)),
  };
  if (request.method === 'HEAD')
    return new Response(null, { headers: { ...common, 'content-length': String(bytes.byteLength) } });
  trace.sent = bytes.byteLength;
  return new Response(bytes, { headers: common });
}

async function keptAnswer(
  parts: RouteParts,
  call: DataRequest,
  { format, basePath }: RepositoryDestination,
  repository: RepositoryRow,
  repo: Repo,
  route: KeptRoute,
  asked: RouteRequest,
): Promise<Response> {
  const opened = await route.open(parts.documents(repository, repo), asked, call.origin + basePath);
  return sendDocument(call.request, opened, call.trace, {
    now: parts.now(),
    ...(format.headers && { more: format.headers }),
  });
}

async function queryAnswer(
  call: DataRequest,
  { format, basePath }: RepositoryDestination,
  repo: Repo,
  route: QueryRoute,
  asked: RouteRequest,
): Promise<Response> {
  const { principal, origin } = call;
  const answer = await route.run({
    ...asked,
    body: bodyOf(call),
    principal,
    repo,
    basePath,
    baseUrl: origin + basePath,
  });
  return withHeaders(call.request.method === 'HEAD' ? await withoutBody(answer) : answer, format);
}

const bodyOf = ({ request }: DataRequest): ByteStream =>
  (request.body ?? new Blob([]).stream()) as ByteStream;

interface Writing {
  readonly repository: RepositoryRow;
  readonly reader: Reader;
  readonly act: Act | undefined;
}

async function commandAnswer(
  parts: RouteParts,
  call: DataRequest,
  destination: RepositoryDestination,
  route: CommandRoute,
  asked: RouteRequest,
  { repository, reader, act }: Writing,
): Promise<Response> {
  const repo = await parts.write(repository, reader, act);
  if (!repo) throw readOnly(repository);
  const { basePath } = destination;
  const baseUrl = call.origin + basePath;
  const read = parts.read(repository, reader);
  const documents = parts.documents(repository, read);
  const answer = await route.run({
    ...asked,
    body: bodyOf(call),
    repo,
    basePath,
    baseUrl,
    principal: call.principal,
    read,
    elsewhere: parts.elsewhere(call, destination),
    rights: rightsOf(parts, call, destination),
    refresh: async (index, key) => {
      // Whoever asks next makes them, should this go wrong; what was written stays written.
      await documents.document(index, key, { variant: '', baseUrl }).catch(() => undefined);
    },
  });
  return withHeaders(answer, destination.format);
}

const rightsOf = (
  { authorizer }: RouteParts,
  call: DataRequest,
  destination: RepositoryDestination,
): Rights => ({
  async require(permission, within) {
    const name = repositoryName(destination.address);
    const { allow } = await authorizer.check(call.principal, permission, name, within);
    if (!allow) throw denied(call, destination, permission);
  },
});

const readOnly = ({ repository, mode }: RepositoryRow) =>
  new RegistryError(
    'FAILED_PRECONDITION',
    'READ_ONLY',
    `${repository} takes no uploads: it is a ${mode.toLowerCase().replace('_', ' ')}`,
  );
