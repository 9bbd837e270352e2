import { escapeId } from '../../contract/names.ts';
import { type Act, type AuditNotes, failure, isRefusal, type Outcome } from '../core/audit.ts';
import type { Caller } from '../core/iam.ts';
import { actorOf } from '../http/actor.ts';
import type { FrontRequest } from '../http/front-door.ts';
import type { ApiRoute, Params } from './route.ts';

interface ApiActParts {
  readonly notes: AuditNotes;
  readonly now: () => number;
  readonly newId: () => string;
}

interface Called {
  readonly route: ApiRoute;
  readonly params: Params;
  readonly front: FrontRequest;
  readonly caller: Caller;
}

interface Input {
  readonly query: unknown;
  readonly body: unknown;
}

/** The record of a method, where one is kept: of all that changes something, and of the rest where a policy wants it. */
export function apiAct({ notes, now, newId }: ApiActParts, called: Called): Act | undefined {
  const { route, params, front, caller } = called;
  const { audit, permission } = route;
  if (audit === 'unrecorded') return undefined;
  const { service, method } = audit;
  const type = audit.type === 'publish' ? 'DATA_WRITE' : audit.type;
  const project = projectOf(route.on(params));
  const always = type === 'ADMIN_WRITE' || audit.type === 'publish';
  if (!always && !notes.wanted({ type, service, project, principal: caller.principal })) return undefined;
  return {
    id: newId(),
    at: now(),
    actor: actorOf(front.request, front.peer(), caller),
    type,
    service,
    method,
    resource: resourceOf(route, params),
    project,
    ...(always && { lasting: true }),
    ...(permission !== 'account' && { permission }),
  };
}

/** The same, once it is known what was asked for. A project that is made is where that is recorded. */
export function asked(act: Act, { route, params }: Pick<Called, 'route' | 'params'>, input: Input): Act {
  const resource = createdBy(route, params, input);
  const body = route.bodyField ? { [route.bodyField]: input.body } : messageOf(input.body);
  return {
    ...act,
    ...(resource !== undefined && { resource, project: projectOf(resource) || act.project }),
    request: { ...messageOf(input.query), ...body },
  };
}

/** How a method ended that threw; nothing for callers who showed no credential and were asked for one. */
export const refusalOf = (thrown: unknown, { principal }: Caller): Outcome | undefined =>
  isRefusal(thrown) && principal.kind === 'anonymous' ? undefined : failure(thrown);

const messageOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

const projectOf = (name: string): string => /^projects\/([^/]+)/.exec(name)?.[1] ?? '';

/** The words of the path after the version, without a custom method. */
function wordsOf({ path }: ApiRoute): readonly string[] {
  const words = path.split('/').slice(2);
  const last = words.pop() ?? '';
  const colon = last.lastIndexOf(':');
  return [...words, colon > 0 ? last.slice(0, colon) : last];
}

/** The name of what a method is about: of a list or a creation, whatever it is below. */
function resourceOf(route: ApiRoute, params: Params): string {
  const words = wordsOf(route);
  const names = words.map((word) => (word.startsWith(':') ? escapeId(params[word.slice(1)] ?? '') : word));
  return (isCollection(route, words) ? names.slice(0, -1) : names).join('/') || '/';
}

/** Names pair collections with ids; a collection without one is a list, but for what there is one of. */
const isCollection = ({ method, id }: ApiRoute, words: readonly string[]): boolean =>
  words.length % 2 === 1 && (method === 'POST' || (method === 'GET' && !id.endsWith('.get')));

/** The name of what a method makes, where the request says it (google.aip.dev/133). */
function createdBy(route: ApiRoute, params: Params, { query, body }: Input): string | undefined {
  const words = wordsOf(route);
  const collection = words.at(-1) ?? '';
  if (route.method !== 'POST' || !isCollection(route, words)) return undefined;
  const field = `${collection.replace(/ies$/, 'y').replace(/s$/, '')}Id`;
  const id = messageOf(query)[field] ?? messageOf(body)[field];
  if (typeof id !== 'string' || id === '') return undefined;
  const parent = resourceOf(route, params);
  return `${parent === '/' ? '' : `${parent}/`}${collection}/${escapeId(id)}`;
}
