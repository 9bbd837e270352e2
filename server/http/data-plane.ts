import { methodNotAllowed, RegistryError } from '../core/error.ts';
import type { Format, Params, Route, RouteRequest } from '../core/format.ts';
import { memberOf } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import { type RepositoryDirectory, type RepositoryRow, repositoryName } from '../core/repository.ts';
import type { DataRequest, RepositoryDestination } from './data-request.ts';
import { compilePath, type PathMatch } from './route-matcher.ts';
import { type RouteParts, type Runnable, runRoute } from './run-route.ts';
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
  readonly label: string;
}

interface DataPlaneOptions extends RouteParts {
  readonly formats: readonly Format[];
  readonly repositories: RepositoryDirectory;
}

/** Everything below a repository's address: one line from a matched route to its answer. */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #routes: ReadonlyMap<Format, readonly CompiledRoute[]>;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.#routes = new Map(
      options.formats.map((format) => [format, format.routes.map((route) => compile(format, route))]),
    );
  }

  async handle(call: DataRequest, destination: RepositoryDestination, matched: Matched): Promise<Response> {
    const { label, params } = matched;
    call.trace.route = label;
    const asked: RouteRequest = { params, query: call.query, headers: call.request.headers };
    const repository = await this.#authorized(call, destination, matched, asked);
    return runRoute(this.#options, call, destination, matched, asked, repository);
  }

  /** NAME_UNKNOWN for a path that no route of the format has, METHOD_NOT_ALLOWED for one that has other methods. */
  match(method: string, { format, rest }: RepositoryDestination): Matched {
    const allowed = new Set<string>();
    for (const found of this.#routes.get(format) ?? []) {
      const params = found.match(rest);
      if (!params) continue;
      if (found.methods.includes(method)) return { ...found, params };
      for (const other of found.methods) allowed.add(other);
    }
    if (allowed.size === 0)
      throw new RegistryError('NOT_FOUND', 'NAME_UNKNOWN', 'nothing of this repository is at this address', {
        details: { path: rest.join('/').slice(0, 255) },
      });
    throw methodNotAllowed(`${method} is not possible here`, allowed);
  }

  /** Decides first and looks second, so that a refusal says nothing about what exists. */
  async #authorized(
    call: DataRequest,
    destination: RepositoryDestination,
    { route }: Matched,
    asked: RouteRequest,
  ): Promise<RepositoryRow> {
    const { authorizer, repositories } = this.#options;
    const { permission } = route;
    const { address, format, legacy } = destination;
    const name = repositoryName(address);
    const decision = await authorizer.check(call.principal, permission, name, route.within?.(asked));
    if (!decision.allow) throw denied(call, destination, permission);

    const known = await repositories.find(address);
    if (known?.format === format.id) return known;
    if (known === undefined && legacy && permission === 'artifactregistry.repositories.uploadArtifacts') {
      const create = await authorizer.check(
        call.principal,
        'artifactregistry.repositories.createOnPush',
        name,
      );
      if (!create.allow) throw denied(call, destination, 'artifactregistry.repositories.createOnPush');
      return repositories.create(address, format.id);
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

const compile = (format: Format, route: Route): CompiledRoute => ({
  route,
  methods: methodsOf(route),
  match: compilePath(route.path),
  label: `${format.label}:${route.path}`,
  sender: new FileSender((opened) => ({
    ...format.headers,
    ...(route.kind === 'file' && route.headers?.(opened)),
  })),
});

const methodsOf = (route: Route): readonly string[] =>
  route.kind === 'command' ? [route.method] : ['GET', 'HEAD'];

/** 401 with a challenge where credentials could help, else 403 in the words of Google's own refusal. */
export function denied(
  { principal, origin }: Pick<DataRequest, 'principal' | 'origin'>,
  { format, address, basePath, rest }: RepositoryDestination,
  permission: Permission,
): RegistryError {
  const name = repositoryName(address);
  const what = `"${permission}" on resource "${name}" (or it may not exist)`;
  if (principal.kind !== 'anonymous')
    return new RegistryError(
      'PERMISSION_DENIED',
      'DENIED',
      `Permission ${what.replace(' on resource', ' denied on resource')}; logged in as ${memberOf(principal)}`,
    );
  const scope = { address: [basePath, ...rest].join('/'), permission };
  return new RegistryError(
    'UNAUTHENTICATED',
    'UNAUTHORIZED',
    `Unauthenticated request. Unauthenticated requests do not have permission ${what}`,
    { headers: { 'www-authenticate': format.challenge({ origin, scope }) } },
  );
}
