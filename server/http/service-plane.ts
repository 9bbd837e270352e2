import { type Act, DONE, failure } from '../core/audit.ts';
import type { ByteStream } from '../core/blob.ts';
import type { ClientLogins } from '../core/client-logins.ts';
import { methodNotAllowed, notFound, RegistryError } from '../core/error.ts';
import type { Format, Params, ServiceRequest, ServiceRoute, ServiceTokens } from '../core/format.ts';
import { serviceOf } from '../core/permissions.ts';
import { readWhole } from '../lib/read-whole.ts';
import { actorOf } from './actor.ts';
import type { Destination } from './addressing.ts';
import type { DataAuditParts } from './data-act.ts';
import { bodyOf, type DataRequest } from './data-request.ts';
import { challengeOf } from './denied.ts';
import type { FailedLogin } from './login-failures.ts';
import { withoutBody } from './without-body.ts';

type ServiceDestination = Extract<Destination, { kind: 'service' }>;

export interface ServiceParts {
  /** What the caller of a request can have made for it. */
  tokensFor(call: DataRequest): ServiceTokens;
  /** Told of credentials that were not believed. */
  failedLogin(login: FailedLogin): void;
  /** Log-ins of a client of the format. */
  loginsFor(call: DataRequest, format: Format): ClientLogins;
  packages(call: DataRequest, destination: ServiceDestination): ServiceRequest['packages'];
  readonly audit: DataAuditParts;
}

/** A service that was found below a repository's address, of which it says nothing. */
export interface MatchedService {
  readonly route: ServiceRoute;
  readonly params: Params;
  /** The part of the path that names the repository. */
  readonly basePath: string;
}

/** Routes of a format that stand above any repository. */
export async function runService(
  parts: ServiceParts,
  call: DataRequest,
  destination: ServiceDestination,
  below?: MatchedService,
): Promise<Response> {
  const { format, rest } = destination;
  const route = below?.route ?? format.services?.find(({ path }) => path === `/${rest.join('/')}`);
  if (!route) throw notFound('NAME');
  call.trace.route = `${format.label}:${route.path}`;
  const { request, principal, origin, query } = call;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  requireMethod(route, method);
  if (route.audience === 'account' && principal.kind === 'anonymous')
    throw new RegistryError(
      'UNAUTHENTICATED',
      'UNAUTHORIZED',
      'not authenticated: No credential was supplied.',
      { headers: challengeOf(format, { origin }) },
    );
  const answer = await noted(parts.audit, call, route, {
    query,
    headers: request.headers,
    method,
    principal,
    origin,
    params: below?.params ?? {},
    baseUrl: origin + (below?.basePath ?? ''),
    body: bodyOf(call),
    form: () => formFields(request),
    tokens: watched(parts, call, parts.tokensFor(call)),
    logins: watchedLogins(parts, call, parts.loginsFor(call, format)),
    packages: parts.packages(call, destination),
  });
  return request.method === 'HEAD' ? withoutBody(answer) : answer;
}

/** Runs a service that shows what is stored, and notes it. */
async function noted(
  { notes, now, newId }: DataAuditParts,
  call: DataRequest,
  route: ServiceRoute,
  asked: ServiceRequest,
): Promise<Response> {
  const { audit } = route;
  const service = serviceOf('artifactregistry.repositories.downloadArtifacts');
  if (!audit || !notes.wanted({ ...audit, service, project: '', principal: call.principal }))
    return route.run(asked);
  const act: Act = {
    id: newId(),
    at: now(),
    actor: actorOf(call.request, call.peer(), {
      principal: call.principal,
      ...(call.bearer && { bearer: call.bearer }),
    }),
    ...audit,
    service,
    resource: '/',
    request: Object.fromEntries(call.query),
  };
  try {
    const answer = await route.run(asked);
    notes.note(act, DONE);
    return answer;
  } catch (error) {
    notes.note(act, failure(error));
    throw error;
  }
}

const watchedLogins = (parts: ServiceParts, call: DataRequest, logins: ClientLogins): ClientLogins => ({
  ...logins,
  withPassword: (username, password) =>
    logins.withPassword(username, password).catch((thrown: unknown) => {
      parts.failedLogin({ request: call.request, peer: call.peer(), username, thrown });
      throw thrown;
    }),
});

const watched = (parts: ServiceParts, call: DataRequest, tokens: ServiceTokens): ServiceTokens => ({
  registryToken: () => tokens.registryToken(),
  login: (username, password) =>
    tokens.login(username, password).catch((thrown: unknown) => {
      parts.failedLogin({ request: call.request, peer: call.peer(), username, thrown });
      throw thrown;
    }),
});

function requireMethod(route: ServiceRoute, method: string): void {
  if (route.methods.some((known) => known === method)) return;
  const allowed = route.methods.flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : known));
  throw methodNotAllowed(`${method} is not possible here`, allowed);
}

const LARGEST_FORM = 64 * 1024;

/** A form body's fields. Empty for a body of another type, which no service of ours has. */
export async function formFields(request: Request): Promise<URLSearchParams> {
  if (!request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded'))
    return new URLSearchParams();
  if (!request.body) return new URLSearchParams();
  const bytes = await readWhole(request.body as ByteStream, LARGEST_FORM, 'the form');
  return new URLSearchParams(new TextDecoder().decode(bytes));
}
