import { RegistryError } from '../core/error.ts';
import type { Format, ServiceRoute } from '../core/format.ts';
import type { Addressing, Destination } from './addressing.ts';
import type { DataPlane, Matched } from './data-plane.ts';
import type { RepositoryDestination } from './data-request.ts';
import { pathSegments } from './path.ts';
import { compilePath, type PathMatch } from './route-matcher.ts';
import type { MatchedService } from './service-plane.ts';

/** What a method, host and path mean: a route of a repository, or a service above all repositories. */
export type Resolved =
  | { readonly destination: RepositoryDestination; readonly matched: Matched; readonly below?: undefined }
  | {
      readonly destination: Extract<Destination, { kind: 'service' }>;
      readonly matched?: undefined;
      /** Given for one below a repository's address. */
      readonly below?: MatchedService;
    };

const REMEMBERED = 4_096;
/** Characters of a path: longer ones are looked at anew, so that few clients cannot have much remembered. */
const LONGEST_REMEMBERED = 1_024;

/**
 * Reads addresses. What one means depends on the address alone, so it is remembered: clients ask for the same manifests and
 * blobs over and over. Rights and existence are no part of it.
 */
export class Resolver {
  readonly #addressing: Addressing;
  readonly #data: DataPlane;
  readonly #accountServices: ReadonlyMap<
    Format,
    readonly { readonly route: ServiceRoute; readonly match: PathMatch }[]
  >;
  readonly #known = new Map<string, Resolved>();

  constructor(addressing: Addressing, data: DataPlane, formats: readonly Format[]) {
    this.#addressing = addressing;
    this.#data = data;
    this.#accountServices = new Map(
      formats.map((format) => [
        format,
        (format.accountServices ?? []).map((route) => ({ route, match: compilePath(route.path) })),
      ]),
    );
  }

  /** What was resolved before; nothing is known of what never was, nor of what is no address. */
  known(method: string, host: string, path: string): Resolved | undefined {
    return this.#known.get(keyOf(method, host, path));
  }

  resolve(method: string, host: string, path: string): Resolved {
    const destination = this.#addressing.locate(host, pathSegments(this.#spelled(host, path)));
    if (!destination) throw new RegistryError('NOT_FOUND', 'NAME_UNKNOWN', 'nothing is at this address');
    const resolved = this.#resolved(method, destination, path.endsWith('/'));
    if (path.length > LONGEST_REMEMBERED) return resolved;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(keyOf(method, host, path), resolved);
    return resolved;
  }

  #resolved(method: string, destination: Destination, endsInSlash: boolean): Resolved {
    if (destination.kind === 'service') return { destination };
    const { format, rest, basePath } = destination;
    // Before any route, so that these say nothing of what is in the repository, nor whether it is there.
    const below = this.#accountService(format, rest);
    if (below) return { destination: { kind: 'service', format, rest }, below: { ...below, basePath } };
    return { destination, matched: this.#data.match(method, destination, endsInSlash) };
  }

  #accountService(format: Format, rest: readonly string[]): Omit<MatchedService, 'basePath'> | undefined {
    for (const { route, match } of this.#accountServices.get(format) ?? []) {
      const params = match(rest);
      if (params) return { route, params };
    }
    return undefined;
  }

  #spelled(host: string, path: string): string {
    if (!path.includes('//')) return path;
    const format = this.#addressing.speaker(host, path.split('/', 2).slice(1));
    return format?.takesEmptySegments ? path.replaceAll(/\/{2,}/g, '/') : path;
  }
}

/** No part has a line break, so a host that is none is never taken for another with a path. */
const keyOf = (method: string, host: string, path: string): string => `${method}\n${host}\n${path}`;
