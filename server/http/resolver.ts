import { RegistryError } from '../core/error.ts';
import type { Addressing, Destination } from './addressing.ts';
import type { DataPlane, Matched } from './data-plane.ts';
import type { RepositoryDestination } from './data-request.ts';
import { pathSegments } from './path.ts';

/** What a method, host and path mean: a route of a repository, or a service above all repositories. */
export type Resolved =
  | { readonly destination: RepositoryDestination; readonly matched: Matched }
  | { readonly destination: Extract<Destination, { kind: 'service' }>; readonly matched?: undefined };

const REMEMBERED = 4_096;

/**
 * Reads addresses. What one means depends on the address alone, so it is remembered: clients ask for the same manifests and
 * blobs over and over. Rights and existence are no part of it.
 */
export class Resolver {
  readonly #addressing: Addressing;
  readonly #data: DataPlane;
  readonly #known = new Map<string, Resolved>();

  constructor(addressing: Addressing, data: DataPlane) {
    this.#addressing = addressing;
    this.#data = data;
  }

  resolve(method: string, host: string, path: string): Resolved {
    const key = `${method} ${host}${path}`;
    const known = this.#known.get(key);
    if (known) return known;
    const destination = this.#addressing.locate(host, pathSegments(this.#spelled(host, path)));
    if (!destination) throw new RegistryError('NOT_FOUND', 'NAME_UNKNOWN', 'nothing is at this address');
    const resolved: Resolved =
      destination.kind === 'service'
        ? { destination }
        : { destination, matched: this.#data.match(method, destination) };
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(key, resolved);
    return resolved;
  }

  #spelled(host: string, path: string): string {
    if (!path.includes('//')) return path;
    const format = this.#addressing.speaker(host, path.split('/', 2).slice(1));
    return format?.takesEmptySegments ? path.replaceAll(/\/{2,}/g, '/') : path;
  }
}
