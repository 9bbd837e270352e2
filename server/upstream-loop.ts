import { AsyncLocalStorage } from 'node:async_hooks';
import { createHmac } from 'node:crypto';
import { RegistryError } from './core/error.ts';
import type { Upstream, UpstreamAnswer, UpstreamHealth, UpstreamRequest } from './core/upstream.ts';

/** How many repositories may be copies of one another. */
const LONGEST = 5;
/** RFC 8586: what went through here names it, so that it is known when it comes back. */
const CDN_LOOP = 'cdn-loop';

/** What an installation is called by those it asks, and never elsewhere. */
export const installationName = (key: Uint8Array): string =>
  `entrepot-${createHmac('sha256', key).update('cdn-loop').digest('hex').slice(0, 16)}`;

/** Notices what would ask itself, which would wait for itself for ever. */
export class UpstreamLoop {
  readonly #installation: string;
  /** The repositories through which what is going on was asked for. */
  readonly #behind = new AsyncLocalStorage<readonly number[]>();

  /** `installation` tells this server's data from that of others. */
  constructor(installation: string) {
    this.#installation = installation;
  }

  /** Does what a request asks for, which may have come by way of this server. */
  entered<T>(header: string, work: () => Promise<T>): Promise<T> {
    return this.#behind.run(this.#named(header), work);
  }

  /** FAILED_PRECONDITION (UPSTREAM_LOOP) where the repository is what asks. */
  require(repositoryId: number): void {
    if (this.#behind.getStore()?.includes(repositoryId)) throw looping();
  }

  /** The upstream of a repository, whose requests say through what they went. */
  guarded(repositoryId: number, upstream: Upstream): Upstream {
    return new GuardedUpstream(upstream, (request, ask) => {
      const before = this.#behind.getStore() ?? [];
      const behind = [...before, repositoryId];
      if (before.includes(repositoryId) || behind.length > LONGEST) throw looping();
      const loop = behind.map((id) => this.#name(id)).join(', ');
      const headers = { ...request.headers, [CDN_LOOP]: loop };
      return this.#behind.run(behind, () => ask({ ...request, headers }));
    });
  }

  #named(header: string): readonly number[] {
    return header.split(',').flatMap((entry) => {
      const [name, id] = entry.trim().split('/');
      return name === this.#installation && /^\d{1,15}$/.test(id ?? '') ? [Number(id)] : [];
    });
  }

  #name(id: number): string {
    return `${this.#installation}/${id}`;
  }
}

type Ask = (request: UpstreamRequest) => Promise<UpstreamAnswer>;

class GuardedUpstream implements Upstream {
  readonly #upstream: Upstream;
  readonly #through: (request: UpstreamRequest, ask: Ask) => Promise<UpstreamAnswer>;

  constructor(upstream: Upstream, through: (request: UpstreamRequest, ask: Ask) => Promise<UpstreamAnswer>) {
    this.#upstream = upstream;
    this.#through = through;
  }

  async fetch(request: UpstreamRequest): Promise<UpstreamAnswer> {
    return this.#through(request, (guarded) => this.#upstream.fetch(guarded));
  }

  health(): UpstreamHealth {
    return this.#upstream.health();
  }
}

const looping = (): RegistryError =>
  new RegistryError(
    'FAILED_PRECONDITION',
    'UPSTREAM_LOOP',
    'the repository is a copy of itself, by way of its upstream: give it, or that one, another upstream',
  );
