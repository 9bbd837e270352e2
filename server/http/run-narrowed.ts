import type { Act } from '../core/audit.ts';
import { RegistryError } from '../core/error.ts';
import type { RouteRequest } from '../core/format.ts';
import type { MaySee, ResourceName, Within } from '../core/iam.ts';
import type { RepositoryRow } from '../core/repository.ts';
import { seeing } from '../lib/visible-catalog.ts';
import type { DataRequest, RepositoryDestination } from './data-request.ts';
import { denied } from './denied.ts';
import type { RouteParts } from './route-parts.ts';
import { type Runnable, runRoute } from './run-route.ts';

interface NarrowRequest {
  readonly call: DataRequest;
  readonly destination: RepositoryDestination;
  readonly matched: Runnable & { readonly within: Within | undefined };
  readonly asked: RouteRequest;
  readonly on: ResourceName;
  /** Whether what the path names is allowed. */
  readonly allowed: boolean;
  readonly act: Act | undefined;
  /** NOT_FOUND when it is not there. */
  readonly find: () => Promise<RepositoryRow>;
}

/**
 * Answers where no grant covers the whole repository. A file is asked about again once it is known what it belongs to, and
 * a list leaves out what the caller may not see. Where that leaves nothing, the caller learns no more than of a
 * repository that is not there.
 */
export async function runNarrowed(parts: RouteParts, request: NarrowRequest): Promise<Response> {
  const { call, destination, matched, asked, on, allowed, act, find } = request;
  const { principal } = call;
  const { permission, kind } = matched.route;
  const refusal = () => denied(call, destination, permission);
  const isList = kind === 'index' || kind === 'kept' || kind === 'query';
  if (isList ? (await parts.authorizer.extent(principal, permission, on, {})) === 'none' : !allowed)
    throw refusal();

  const may = seeing(parts.authorizer, principal, permission, on);
  let seen = false;
  const noting: MaySee = async (within) => {
    const yes = await may(within);
    seen ||= yes;
    return yes;
  };
  const narrowed: RouteParts = { ...parts, read: (row, reader) => parts.read(row, reader).seenBy(noting) };
  const run = async () => runRoute(narrowed, call, destination, matched, asked, await find(), act);
  if (allowed || (await isVisible(parts, request))) return run();
  try {
    const answer = await run();
    if (seen) return answer;
  } catch (error) {
    if (seen || !(error instanceof RegistryError) || error.status >= 500) throw error;
  }
  throw refusal();
}

/** Asked of the repository itself, a list is one that the caller may know of who was given something there. */
async function isVisible({ authorizer }: RouteParts, { call, matched, on }: NarrowRequest): Promise<boolean> {
  if (Object.keys(matched.within ?? {}).length > 0) return false;
  return (await authorizer.visible(call.principal, matched.route.permission, [on])).has(on);
}
