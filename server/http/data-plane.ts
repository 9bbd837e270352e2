import type { Act } from '../core/audit.ts';
import type { FileRef } from '../core/catalog.ts';
import { methodNotAllowed, RegistryError } from '../core/error.ts';
import type { Format, Params, Route, RouteRequest } from '../core/format.ts';
import type { Decision, ResourceName, Within } from '../core/iam.ts';
import { type RepositoryDirectory, type RepositoryRow, repositoryName } from '../core/repository.ts';
import { pastIsReadOnly, requirePast } from './as-of.ts';
import { creationAct, type DataAuditParts, recorded } from './data-act.ts';
import type { DataRequest, RepositoryDestination } from './data-request.ts';
import { denied } from './denied.ts';
import { compilePath, type PathMatch } from './route-matcher.ts';
import { runNarrowed } from './run-narrowed.ts';
import type { RouteParts } from './route-parts.ts';
import { type Runnable, runRoute } from './run-route.ts';
import { FileSender } from './send-file.ts';

interface CompiledRoute {
  readonly route: Route;
  readonly methods: readonly string[];
  readonly match: PathMatch;
  readonly label: string;
  readonly sender: FileSender;
}

/** A route, what the path said for its parameters, and what logs and metrics call it. */
export interface Matched extends Runnable {
  readonly params: Params;
  /** What of the repository the path names. */
  readonly within: Within | undefined;
  /** The repository. */
  readonly on: ResourceName;
  readonly label: string;
}

interface DataPlaneOptions extends RouteParts {
  readonly formats: readonly Format[];
  readonly repositories: RepositoryDirectory;
  readonly audit: DataAuditParts;
  /** For how long it is known what was, in milliseconds. */
  readonly historyKept: number;
  /** Does what a request asks for, knowing by way of what it came. `loop` is CDN-Loop (RFC 8586). */
  entered<T>(loop: string, work: () => Promise<T>): Promise<T>;
}

/** Everything below a repository's address: one line from a matched route to its answer. */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #routes: ReadonlyMap<Format, readonly CompiledRoute[]>;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.#routes = new Map(
      options.formats.map((format) => [
        format,
        format.routes.map((route) => compile(format, route, options.now)),
      ]),
    );
  }

  handle(call: DataRequest, destination: RepositoryDestination, matched: Matched): Promise<Response> {
    const loop = call.request.headers.get('cdn-loop');
    if (loop === null) return this.#handle(call, destination, matched);
    return this.#options.entered(loop, () => this.#handle(call, destination, matched));
  }

  #handle(call: DataRequest, destination: RepositoryDestination, matched: Matched): Promise<Response> {
    const { label, params, on } = matched;
    call.trace.route = label;
    const asked: RouteRequest = { params, query: call.query, headers: call.request.headers };
    const { audit, authorizer } = this.#options;
    return recorded(audit, { call, destination, route: matched.route, asked }, async (act) => {
      const check = authorizer.check(call.principal, matched.route.permission, on, matched.within);
      const decision = check instanceof Promise ? await check : check;
      if (decision.allow && destination.asOf !== undefined && matched.route.kind === 'command')
        throw pastIsReadOnly(destination.asOf, on);
      if (decision.allow && isPlain(decision, matched.route)) {
        const found = this.#repository(call, destination, matched);
        const repository = found instanceof Promise ? await found : found;
        return runRoute(this.#options, call, destination, matched, asked, repository, act);
      }
      const { allow: allowed } = decision;
      const find = async () => this.#repository(call, destination, matched);
      return runNarrowed(this.#options, { call, destination, matched, asked, on, allowed, act, find });
    });
  }

  /** Answers for whom nobody need ask whether they may: this server itself. */
  run(
    call: DataRequest,
    destination: RepositoryDestination,
    matched: Matched,
    repository: RepositoryRow,
    act?: Act,
  ): Promise<Response> {
    const asked: RouteRequest = { params: matched.params, query: call.query, headers: call.request.headers };
    return runRoute(this.#options, call, destination, matched, asked, repository, act);
  }

  /** NAME_UNKNOWN for a path that no route of the format has, METHOD_NOT_ALLOWED for one that has other methods. */
  match(method: string, { format, rest, address }: RepositoryDestination, endsInSlash = false): Matched {
    const allowed = new Set<string>();
    const segments = format.segments?.(rest) ?? rest;
    for (const found of this.#routes.get(format) ?? []) {
      const params = found.match(segments, endsInSlash);
      if (!params) continue;
      if (found.methods.includes(method)) {
        const within = found.route.within?.({ params });
        return { ...found, route: at(found.route, params), params, within, on: repositoryName(address) };
      }
      for (const other of found.methods) allowed.add(other);
    }
    if (allowed.size === 0)
      throw new RegistryError('NOT_FOUND', 'NAME_UNKNOWN', 'nothing of this repository is at this address', {
        details: { path: rest.join('/').slice(0, 255) },
      });
    throw methodNotAllowed(`${method} is not possible here`, allowed);
  }

  /** Looked for once it is decided, so that a refusal says nothing about what exists. */
  #repository(
    call: DataRequest,
    destination: RepositoryDestination,
    matched: Matched,
  ): RepositoryRow | Promise<RepositoryRow> {
    const found = this.#options.repositories.find(destination.address);
    if (found instanceof Promise)
      return found.then((known) => this.#required(call, destination, matched, known));
    return this.#required(call, destination, matched, found);
  }

  #required(
    call: DataRequest,
    destination: RepositoryDestination,
    matched: Matched,
    known: RepositoryRow | undefined,
  ): RepositoryRow | Promise<RepositoryRow> {
    const { asOf, format } = destination;
    if (known?.format !== format.id) return this.#made(call, destination, matched, known);
    const { historyKept: kept, now } = this.#options;
    if (asOf !== undefined) requirePast(asOf, known, { now: now(), kept });
    return known;
  }

  /** Some come into being with the first push. NAME_UNKNOWN for all others. */
  async #made(
    call: DataRequest,
    destination: RepositoryDestination,
    { on: name, route: { permission } }: Matched,
    known: RepositoryRow | undefined,
  ): Promise<RepositoryRow> {
    const { authorizer, repositories } = this.#options;
    const { address, format, legacy } = destination;
    if (known === undefined && legacy && permission === 'artifactregistry.repositories.uploadArtifacts') {
      const create = await authorizer.check(
        call.principal,
        'artifactregistry.repositories.createOnPush',
        name,
      );
      if (!create.allow) throw denied(call, destination, 'artifactregistry.repositories.createOnPush');
      return repositories.create(address, format.id, creationAct(this.#options.audit, call, destination));
    }
    throw new RegistryError(
      'NOT_FOUND',
      'NAME_UNKNOWN',
      `repository ${name} does not exist; create it first`,
      {
        details: { name },
      },
    );
  }
}

/** Whether nothing of the answer need be asked about again. An index may be made of more than its path names. */
const isPlain = ({ conditional, throughout }: Allowed, { kind }: Route): boolean =>
  conditional !== true || (throughout === true && (kind === 'file' || kind === 'command'));
type Allowed = Extract<Decision, { allow: true }>;

/** The route for one address, whose file is named but once. */
function at(route: Route, params: Params): Route {
  if (route.kind !== 'file') return route;
  let known: FileRef | undefined;
  return { ...route, file: () => (known ??= route.file({ params })) };
}

const compile = (format: Format, route: Route, now: () => number): CompiledRoute => ({
  route,
  methods: methodsOf(route),
  match: compilePath(route.path),
  label: `${format.label}:${route.path}`,
  sender: new FileSender(
    (opened) => ({ ...format.headers, ...(route.kind === 'file' && route.headers?.(opened)) }),
    now,
  ),
});

const methodsOf = (route: Route): readonly string[] => {
  if (route.kind === 'command') return [route.method];
  return route.kind === 'query' && route.method !== 'GET' ? [route.method] : ['GET', 'HEAD'];
};
