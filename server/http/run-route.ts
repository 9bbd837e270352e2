import type { Act } from '../core/audit.ts';
import type { FileRef } from '../core/catalog.ts';
import { isNotFound, notFound, RegistryError, reworded } from '../core/error.ts';
import type { FileRoute, IndexRoute, KeptRoute, QueryRoute, Route, RouteRequest } from '../core/format.ts';
import type { Within } from '../core/iam.ts';
import type { Repo } from '../core/repo.ts';
import { absentThen } from './as-of.ts';
import { type RepositoryRow, repositoryName } from '../core/repository.ts';
import { cacheHeaders, partialHeaders } from '../lib/cache-status.ts';
import { bodyOf, type DataRequest, type RepositoryDestination } from './data-request.ts';
import { withHeaders } from './format-headers.ts';
import type { Reader, RouteParts } from './route-parts.ts';
import { commandAnswer } from './run-command.ts';
import { sendDocument } from './send-document.ts';
import type { FileSender } from './send-file.ts';
import { withoutBody } from './without-body.ts';

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
  runnable: Runnable,
  asked: RouteRequest,
  repository: RepositoryRow,
  act: Act | undefined,
): Promise<Response> {
  const answer = answerOf(parts, call, destination, runnable, asked, repository, act);
  const { asOf } = destination;
  if (asOf === undefined) return answer;
  return answer.catch((error: unknown) => {
    throw absentThen(error, asOf);
  });
}

function answerOf(
  parts: RouteParts,
  call: DataRequest,
  destination: RepositoryDestination,
  { route, sender }: Runnable,
  asked: RouteRequest,
  repository: RepositoryRow,
  act: Act | undefined,
): Promise<Response> {
  const { asOf } = destination;
  const reader: Reader = {
    principal: call.principal,
    permission: route.permission,
    ...(asOf !== undefined && { asOf }),
  };
  switch (route.kind) {
    case 'file':
      return fileAnswer(
        parts,
        call,
        destination,
        repository,
        parts.read(repository, reader),
        route,
        sender,
        asked,
      );
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

async function fileAnswer(
  parts: RouteParts,
  call: DataRequest,
  { format, basePath }: RepositoryDestination,
  repository: RepositoryRow,
  repo: Repo,
  route: FileRoute,
  sender: FileSender,
  asked: RouteRequest,
): Promise<Response> {
  const ref = route.file(asked);
  try {
    const opened = await repo.file(ref, call.request.method === 'HEAD' ? 'headers' : 'all');
    if (
      route.headBeforeWrite &&
      // Nobody writes where copies are.
      !opened.cache &&
      call.request.method === 'HEAD' &&
      (await mayWrite(parts, call, repository, route.within?.(asked)))
    )
      await repo.touch(ref);
    const sending = sender.send(call.request, opened, call.trace);
    const answer = sending instanceof Promise ? await sending : sending;
    opened.pulled?.();
    return answer;
  } catch (thrown) {
    const error = call.request.method === 'HEAD' ? absentIfDamaged(thrown, ref) : thrown;
    const instead = isNotFound(error) ? await route.instead?.(repo, asked, basePath) : undefined;
    if (instead)
      return withHeaders(call.request.method === 'HEAD' ? await withoutBody(instead) : instead, format);
    throw route.missing && isNotFound(error) ? reworded(error, route.missing(ref)) : error;
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
