import { createHash } from 'node:crypto';
import type { Upstream, UpstreamCredentials } from '../core/upstream.ts';
import { UpstreamAddress } from './address.ts';
import { type Authorization, bearer, FixedAuthorization } from './authorization.ts';
import { ExchangedAuthorization } from './exchanged-authorization.ts';
import { Origin, type OriginLimits, type OriginOptions } from './origin.ts';
import { RecentlyUsed } from './recently-used.ts';
import { RegistryAuthorization } from './registry-authorization.ts';
import type { Ask } from './token-request.ts';
import { UpstreamClient } from './upstream-client.ts';

interface UpstreamsOptions extends Omit<OriginOptions, 'limits'> {
  readonly limits?: Partial<OriginLimits>;
}

/** An upstream as a repository is configured with it. */
export interface UpstreamSettings {
  /** Of its root, such as https://registry.example.com/npm/. */
  readonly uri: string;
  readonly credentials?: UpstreamCredentials;
  /**
   * Origins besides its own that the credentials may be shown to when it says that a token is to be fetched there, such as
   * https://auth.example.com.
   */
  readonly tokenOrigins?: readonly string[];
}

const LIMITS: OriginLimits = {
  tries: 3,
  retryMs: 300,
  retryWithinMs: 20_000,
  failures: 5,
  openMs: 10_000,
  longestOpenMs: 300_000,
  pauseMs: 10_000,
  longestPauseMs: 900_000,
  perSecond: 200,
  burst: 1000,
};
/** Indexes can name as many hosts as they like. */
const MOST = 1000;

/** Upstreams, and what is known of the servers they are on, which all repositories with the same server share. */
export class Upstreams {
  readonly #options: OriginOptions;
  readonly #origins = new RecentlyUsed<Origin>(MOST);
  /** By what they were made of, so that tokens outlive the upstreams that fetched them. */
  readonly #authorizations = new RecentlyUsed<Authorization>(MOST);

  constructor(options: UpstreamsOptions) {
    this.#options = { ...options, limits: { ...LIMITS, ...options.limits } };
  }

  /** Asks nothing yet. Fails with FAILED_PRECONDITION (UPSTREAM_FORBIDDEN) for settings that can never be used. */
  open(settings: UpstreamSettings): Upstream {
    const address = new UpstreamAddress(settings.uri);
    const { credentials, tokenOrigins } = settings;
    const key = sha256(JSON.stringify([address.origin, credentials, tokenOrigins]));
    const authorization = this.#authorizations.get(key, () =>
      this.#authorizationOf(settings, address.origin),
    );
    return new UpstreamClient({ address, authorization, originOf: (url) => this.#originOf(url) });
  }

  #originOf(url: URL): Origin {
    return this.#origins.get(url.origin, () => new Origin(this.#options));
  }

  #authorizationOf({ credentials, tokenOrigins = [] }: UpstreamSettings, origin: URL): Authorization {
    const { now } = this.#options;
    const ask: Ask = (url, request) => this.#originOf(url).ask(url, request);
    if (credentials?.kind === 'bearer') return new FixedAuthorization(bearer(credentials.token, origin.host));
    if (credentials?.kind === 'token-exchange')
      return new ExchangedAuthorization({ origin, credentials, ask, now });
    return new RegistryAuthorization({ origin, tokenOrigins, ask, now, ...(credentials && { credentials }) });
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');
