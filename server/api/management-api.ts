import { isNotFound, methodNotAllowed, RegistryError } from '../core/error.ts';
import type { Format } from '../core/format.ts';
import { type Act, type AuditNotes, DONE } from '../core/audit.ts';
import type { Caller, Principal } from '../core/iam.ts';
import type { RepositoryAddress } from '../core/repository.ts';
import type { Resources } from '../core/resources.ts';
import type { FrontRequest } from '../http/front-door.ts';
import { apiAct, asked as withRequest, refusalOf } from './api-act.ts';
import { dataRoutes } from './data-routes.ts';
import { compileRoutes, type Match } from './match.ts';
import { linesResponse } from './lines-response.ts';
import { openApi } from './openapi.ts';
import { partialResponse } from './partial-response.ts';
import { readBody, readQuery } from './read-input.ts';
import { param, SERVICE_ACCOUNT } from './places.ts';
import { denied, missing } from './refusals.ts';
import type { ApiAnswer, ApiParts, ApiRoute } from './route.ts';
import { apiRoutes } from './routes.ts';

export interface ManagementApiOptions extends Omit<ApiParts, 'resources'> {
  /** What the methods work on; every change made through it is recorded as the act. */
  resources(act: Act | undefined): Resources;
  readonly notes: AuditNotes;
  readonly now: () => number;
  /** The address of a repository on a host, as clients of its format write it, without a scheme. */
  spelling(host: string, address: RepositoryAddress, format: Format): string;
  /** The repository that a URL is the address of, for whoever calls this server by that host. */
  named(host: string, url: URL): RepositoryAddress | undefined;
  /** Runs a format's command for bytes that came in here. */
  /** Sends a repository's file with ranges and conditions. NOT_FOUND when it is not there. */
  sendFile(request: Request, repository: RepositoryAddress, path: string): Promise<Response>;
}

/** Artifact Registry's REST API, from a request to its answer. Refusals are thrown. */
export class ManagementApi {
  readonly #options: ManagementApiOptions;
  readonly #match: (method: string, path: string) => Match;
  readonly #routes: readonly ApiRoute[];
  #description: string | undefined;

  constructor(options: ManagementApiOptions) {
    this.#options = options;
    this.#routes = apiRoutes(options.formats);
    this.#match = compileRoutes(this.#routes);
  }

  async handle(front: FrontRequest): Promise<Response> {
    const query = new URL(front.request.url).searchParams;
    if (front.path === '/openapi.json') return this.#describe(front);
    const caller = await front.caller();
    const { route, params: asked } = this.#routeOf(front);
    front.trace.route = route.id;
    const params = await this.#located(route, asked);
    const { notes } = this.#options;
    let act = apiAct(this.#options, { route, params, front, caller });
    try {
      await this.#authorize(route, caller.principal, params, asked);

      checkAlternative(route, query);
      const input = {
        query: readQuery(query, route.query),
        body: route.body && (await readBody(front.request, route.body, route.bodyField)),
      };
      act &&= withRequest(act, { route, params }, input);
      const answer = await this.#run(route, { ...input, params, asked, caller, front, act });
      const response = await this.#sent(answer, front, query);
      // What wrote nothing is recorded by this alone; for the rest it says nothing new.
      if (act) notes.note(act, DONE);
      return response;
    } catch (error) {
      const refusal = act && refusalOf(error, caller);
      if (act && refusal) notes.note(act, refusal);
      throw error;
    }
  }

  async #sent(answer: ApiAnswer, { request }: FrontRequest, query: URLSearchParams): Promise<Response> {
    switch (answer.kind) {
      case 'file':
        return this.#options.sendFile(request, answer.repository, answer.path);
      case 'lines':
        return linesResponse(answer.lines);
      case 'empty':
        return new Response(null, { status: answer.status, headers: answer.headers });
      case 'json':
        return jsonResponse(
          partialResponse(answer.body, query.get('fields') ?? query.get('$fields')),
          query,
          answer.warnings,
        );
      default:
        return answer satisfies never;
    }
  }

  #routeOf({ request, path }: FrontRequest) {
    const match = this.#match(request.method, path);
    if (match.kind === 'route') return match;
    if (match.kind === 'nowhere')
      throw new RegistryError('NOT_FOUND', 'METHOD_NOT_FOUND', 'Method not found.');
    throw methodNotAllowed(`${request.method} is not possible here.`, match.allowed);
  }

  /** Service accounts go by several names; permissions are held on one. */
  async #located(route: ApiRoute, asked: ApiRouteParams): Promise<ApiRouteParams> {
    if (!route.path.startsWith(SERVICE_ACCOUNT)) return asked;
    const { serviceAccounts } = this.#options.resources(undefined);
    const { project, email } = await serviceAccounts.locate(param(asked, 'project'), param(asked, 'account'));
    return { ...asked, project, account: email };
  }

  /** Decides before anything is read or looked up. A refusal speaks of what was asked for, by the name it was asked by. */
  async #authorize(
    route: ApiRoute,
    principal: Principal,
    params: ApiRouteParams,
    asked: ApiRouteParams,
  ): Promise<void> {
    const { permission } = route;
    const on = route.on(asked);
    if (permission === 'account' || route.filtered) {
      if (principal.kind === 'anonymous' && permission === 'account') throw denied(principal, permission, on);
      return;
    }
    const within = route.within?.(params);
    if (route.needs) {
      const extent = await this.#options.authorizer.extent(
        principal,
        permission,
        route.on(params),
        within ?? {},
      );
      if (extent === 'none' || (extent === 'some' && route.needs === 'all'))
        throw denied(principal, permission, on);
      return;
    }
    const decision = await this.#options.authorizer.check(principal, permission, route.on(params), within);
    if (!decision.allow) throw denied(principal, permission, on);
  }

  async #run(route: ApiRoute, { front, act, caller, ...input }: Input & Sent): Promise<ApiAnswer> {
    try {
      return await route.run({
        ...input,
        principal: caller.principal,
        ...(caller.bearer && { bearer: caller.bearer }),
        ...(act && { act }),
        origin: front.origin,
        request: front.request,
        parts: { ...this.#options, resources: this.#options.resources(act) },
        registryUri: (address, id) => this.#spelled(front.host, address, id),
        ownRepository: (url) => this.#options.named(front.host, url),
      });
    } catch (error) {
      throw isNotFound(error) && error instanceof RegistryError ? named(error, front.path) : error;
    }
  }

  #spelled(host: string, address: RepositoryAddress, id: string): string {
    const format = this.#options.formats.find((known) => known.id === id);
    return format ? this.#options.spelling(host, address, format) : '';
  }

  #describe({ request, trace, origin }: FrontRequest): Response {
    trace.route = 'openapi';
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw methodNotAllowed(`${request.method} is not possible here.`, ['GET', 'HEAD']);
    this.#description ??= JSON.stringify(
      openApi({ routes: this.#routes, dataRoutes: dataRoutes(this.#options.formats) }),
    );
    const body = this.#description.replace('"SERVER_ORIGIN"', () => JSON.stringify(origin));
    const headers = {
      'content-type': 'application/json; charset=UTF-8',
      'x-content-type-options': 'nosniff',
    };
    if (request.method !== 'HEAD') return new Response(body, { headers });
    return new Response(null, {
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    });
  }
}

type ApiRouteParams = Parameters<ApiRoute['on']>[0];
type Input = Pick<Parameters<ApiRoute['run']>[0], 'params' | 'asked' | 'query' | 'body'>;
interface Sent {
  readonly front: FrontRequest;
  readonly caller: Caller;
  readonly act: Act | undefined;
}

/** What a store missed, in the name of what was asked for. */
function named(error: RegistryError, path: string): RegistryError {
  if (error.reason === 'RESOURCE_NOT_FOUND') return error;
  const what = Object.values(error.details)[0];
  return what === undefined ? missing(path) : missing(`${error.message.replace(' not found', '')} ${what}`);
}

/** JSON everywhere; bytes, which are also asked for as `alt=media`, where the method answers with some. */
function checkAlternative(route: ApiRoute, query: URLSearchParams): void {
  const asked = query.get('alt') ?? 'json';
  if (asked === 'json' || (asked === 'media' && route.response === 'bytes')) return;
  throw new RegistryError(
    'INVALID_ARGUMENT',
    'ALT_UNSUPPORTED',
    `alt=${asked.slice(0, 20)} is not possible here.`,
    {
      details: { field: 'alt' },
    },
  );
}

/** Warnings as RFC 7234, section 5.5, writes those of any kind that stay true. */
function jsonResponse(body: unknown, query: URLSearchParams, warnings: readonly string[] = []): Response {
  const pretty = query.get('prettyPrint') ?? query.get('$prettyPrint');
  const text = pretty === 'true' ? `${JSON.stringify(body, undefined, 2)}\n` : JSON.stringify(body);
  return new Response(text, {
    headers: {
      'content-type': 'application/json; charset=UTF-8',
      'cache-control': 'private',
      'x-content-type-options': 'nosniff',
      ...(warnings.length > 0 && { warning: warnings.map((one) => `299 - ${quoted(one)}`).join(', ') }),
    },
  });
}

/** Ids of policies are the user's own words, and a header has none but ASCII. */
const quoted = (text: string): string =>
  `"${text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, String.raw`\$&`)}"`;
