import { invalid, methodNotAllowed } from '../core/error.ts';
import { ANONYMOUS, type Caller } from '../core/iam.ts';
import type { Addressing } from './addressing.ts';
import { asText, errorResponse, type RenderError, type ReportFailure } from './boundary.ts';
import { type Crowd, crowded } from './crowd.ts';
import type { DataPlane } from './data-plane.ts';
import type { DataRequest, Trace } from './data-request.ts';
import { challengeOf } from './denied.ts';
import type { FailedLogin } from './login-failures.ts';
import { rawPath } from '../lib/raw-path.ts';
import type { Resolved, Resolver } from './resolver.ts';
import { withHeaders } from './format-headers.ts';
import { checkSameOrigin, cookie, SESSION } from './session-cookie.ts';
import { runService, type ServiceParts } from './service-plane.ts';

/** Something at a fixed place of every host: probes, the token endpoint, the management API. */
export interface Fixture {
  readonly route: string;
  /** Whether it answers however many requests there are. */
  readonly always?: boolean;
  matches(path: string): boolean;
  readonly render: RenderError;
  answer(request: FrontRequest): Promise<Response>;
}

export interface FrontRequest {
  readonly request: Request;
  readonly path: string;
  readonly host: string;
  readonly origin: string;
  readonly trace: Trace;
  /** The address the request came from. */
  readonly peer: () => string;
  /** UNAUTHENTICATED when it shows a credential that is not good. */
  caller(): Caller | Promise<Caller>;
}

/** A request as it came. */
type Arrival = Pick<FrontRequest, 'request' | 'path' | 'host' | 'trace' | 'peer'>;

interface FrontDoorOptions {
  readonly addressing: Addressing;
  readonly resolver: Resolver;
  readonly data: DataPlane;
  readonly services: ServiceParts;
  readonly fixtures: readonly Fixture[];
  readonly crowd: Crowd;
  readonly authenticate: (authorization: string | null, peer: () => string) => Caller | Promise<Caller>;
  /** Told of credentials that were not believed. */
  readonly failedLogin: (login: FailedLogin) => void;
  readonly report: ReportFailure;
  /** What clients call this server, where the operator said so. */
  readonly publicUrl?: string;
  readonly scheme: 'http' | 'https';
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const HOST = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const NO_QUERY = new URLSearchParams();

/** Every request comes in here, and every failure leaves from here. */
export class FrontDoor {
  readonly #options: FrontDoorOptions;

  constructor(options: FrontDoorOptions) {
    this.#options = options;
  }

  answer(request: Request, trace: Trace, peer: () => string): Promise<Response> {
    const path = rawPath(request.url);
    const host = request.headers.get('host') ?? '';
    const arrival: Arrival = { request, path, host, trace, peer };
    const known = this.#options.resolver.known(request.method, host, path);
    if (known) return this.#artifact(arrival, known);
    const fixture = this.#options.fixtures.find((candidate) => candidate.matches(path));
    return fixture ? this.#fixed(fixture, arrival) : this.#artifact(arrival);
  }

  async #fixed(fixture: Fixture, arrival: Arrival): Promise<Response> {
    arrival.trace.route = fixture.route;
    const { crowd } = this.#options;
    const room = crowd.enter();
    try {
      if (!room && fixture.always !== true) throw crowded();
      requireSane(arrival);
      const front = this.#front(arrival);
      return await fixture.answer({ ...front, caller: () => this.#callerOf(front) });
    } catch (error) {
      return errorResponse(error, fixture.render, this.#options.report);
    } finally {
      crowd.leave();
    }
  }

  /** `known` is what the address means, where somebody asked for it before: nothing of it need be looked at again. */
  async #artifact(arrival: Arrival, known?: Resolved): Promise<Response> {
    const { resolver, data, services, crowd } = this.#options;
    const { request, path, host, trace, peer } = arrival;
    const room = crowd.enter();
    let front: FrontRequest | undefined;
    try {
      if (!known) requireSane(arrival);
      front = this.#front(arrival);
      const { origin } = front;
      if (!room) throw crowded();
      const caller = this.#callerAt(front);
      const { principal, bearer } = caller instanceof Promise ? await caller : caller;
      const { destination, matched, below } = known ?? resolver.resolve(request.method, host, path);
      const call: DataRequest = {
        request,
        query: queryOf(request.url),
        principal,
        bearer,
        host,
        origin,
        trace,
        peer,
      };
      if (matched) return await data.handle(call, destination, matched);
      return withHeaders(await runService(services, call, destination, below), destination.format);
    } catch (error) {
      return this.#refusal(error, path, front);
    } finally {
      crowd.leave();
    }
  }

  /** Nobody, where what a caller shows may have ended and does not matter. */
  #callerAt(front: FrontRequest): Caller | Promise<Caller> {
    const caller = front.caller();
    if (!(caller instanceof Promise)) return caller;
    return caller.catch((error: unknown) => {
      if (this.#ignoresCredentials(front)) return { principal: ANONYMOUS };
      throw error;
    });
  }

  #ignoresCredentials({ request, host, path }: FrontRequest): boolean {
    try {
      const { below } = this.#options.resolver.resolve(request.method, host, path);
      return below?.route.ignoresCredentials ?? false;
    } catch {
      return false;
    }
  }

  /** Beside the header a cookie counts, but never where artifacts are: their clients have none. */
  #callerOf({ request, origin, peer }: FrontRequest): Caller | Promise<Caller> {
    const shown = request.headers.has('authorization');
    const session = shown ? undefined : cookie(request, SESSION, origin);
    if (session === undefined) return this.#caller(request, peer);
    checkSameOrigin(request, origin);
    return this.#caller(request, peer, `Bearer ${session}`);
  }

  /** In the words of the format whose clients speak at this address, with its challenge where credentials could help. */
  #refusal(error: unknown, path: string, front: FrontRequest | undefined): Response {
    const format = front && this.#options.addressing.speaker(front.host, path.split('/', 2).slice(1));
    const answer = errorResponse(error, format?.errorBody ?? asText, this.#options.report);
    if (!format) return answer;
    if (answer.status === 401 && !answer.headers.has('www-authenticate'))
      for (const [name, value] of Object.entries(challengeOf(format, { origin: front.origin })))
        answer.headers.set(name, value);
    return withHeaders(answer, format);
  }

  #front({ request, path, host, trace, peer }: Arrival): FrontRequest {
    const { publicUrl, scheme } = this.#options;
    return {
      request,
      path,
      host,
      origin: publicUrl ?? `${scheme}://${host}`,
      trace,
      peer,
      caller: () => this.#caller(request, peer),
    };
  }

  #caller(
    request: Request,
    peer: () => string,
    authorization = request.headers.get('authorization'),
  ): Caller | Promise<Caller> {
    const { authenticate, failedLogin } = this.#options;
    const caller = authenticate(authorization, peer);
    if (!(caller instanceof Promise)) return caller;
    return caller.catch((thrown: unknown) => {
      failedLogin({ request, peer: peer(), thrown });
      throw thrown;
    });
  }
}

/** Refuses a request that nothing can be made of. What was resolved once needs it no more. */
function requireSane({ request, host }: Arrival): void {
  // Two Host headers arrive as one with a comma, and are refused with every other host that is none.
  if (!HOST.test(host)) throw invalid('HOST_INVALID', 'the Host header is not a host');
  if (!METHODS.has(request.method)) throw methodNotAllowed(`${request.method} is not possible here`, METHODS);
}

function queryOf(url: string): URLSearchParams {
  const at = url.indexOf('?');
  return at === -1 ? NO_QUERY : new URLSearchParams(url.slice(at + 1));
}
