import type { Act } from '../core/audit.ts';
import type { ByteStream } from '../core/blob.ts';
import type { FileRef, HostedRepo } from '../core/catalog.ts';
import { isNotFound, notFound, RegistryError } from '../core/error.ts';
import type {
  CommandRoute,
  FileRoute,
  Format,
  IndexRoute,
  ReadableElsewhere,
  Rights,
  Route,
  RouteRequest,
} from '../core/format.ts';
import type { Authorizer, Principal, Within } from '../core/iam.ts';
import type { Repo } from '../core/repo.ts';
import { type RepositoryRow, repositoryName } from '../core/repository.ts';
import type { DataRequest, RepositoryDestination } from './data-request.ts';
import { denied } from './denied.ts';
import type { FileSender } from './send-file.ts';

export interface RouteParts {
  /** The repository as its mode answers reads. */
  read(repository: RepositoryRow): Repo;
  /** The repository for a caller who writes; nothing where its mode takes no writes. */
  write(repository: RepositoryRow, principal: Principal, act: Act | undefined): HostedRepo | undefined;
  elsewhere(call: DataRequest, destination: RepositoryDestination): ReadableElsewhere;
  readonly authorizer: Authorizer;
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
  switch (route.kind) {
    case 'file':
      return fileAnswer(parts, call, repository, route, sender, asked);
    case 'index':
      return indexAnswer(call, destination, parts.read(repository), route, asked);
    case 'command': {
      const write = parts.write(repository, call.principal, act);
      if (!write) throw readOnly(repository);
      return commandAnswer(parts, call, destination, route, asked, write);
    }
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
  route: FileRoute,
  sender: FileSender,
  asked: RouteRequest,
): Promise<Response> {
  const ref = route.file(asked);
  try {
    const repo = parts.read(repository);
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
  { request, trace }: DataRequest,
  { format, basePath }: RepositoryDestination,
  repo: Repo,
  route: IndexRoute,
  asked: RouteRequest,
): Promise<Response> {
  const { contentType, body, headers } = await route.document(repo, asked, basePath);
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const common = {
    'content-type': contentType,
    'cache-control': 'private, no-cache',
    'x-content-type-options': 'nosniff',
    ...format.headers,
    ...headers,
  };
  if (request.method === 'HEAD')
    return new Response(null, { headers: { ...common, 'content-length': String(bytes.byteLength) } });
  trace.sent = bytes.byteLength;
  return new Response(bytes, { headers: common });
}

async function commandAnswer(
  parts: RouteParts,
  call: DataRequest,
  destination: RepositoryDestination,
  route: CommandRoute,
  asked: RouteRequest,
  repo: HostedRepo,
): Promise<Response> {
  const body = (call.request.body ?? new Blob([]).stream()) as ByteStream;
  const elsewhere = parts.elsewhere(call, destination);
  const rights = rightsOf(parts, call, destination);
  const { basePath } = destination;
  const answer = await route.run({ ...asked, body, repo, basePath, elsewhere, rights });
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
