import type { Upstream, UpstreamCredentials } from '../core/upstream.ts';
import { UpstreamAddress } from './address.ts';
import { type Authorization, basic, FixedAuthorization } from './authorization.ts';
import { Origin, type OriginLimits, type OriginOptions } from './origin.ts';
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
const MOST_ORIGINS = 1000;

/** Upstreams, and what is known of the servers they are on, which all repositories with the same server share. */
export class Upstreams {
  readonly #options: OriginOptions;
  readonly #origins = new Map<string, Origin>();

  constructor(options: UpstreamsOptions) {
    this.#options = { ...options, limits: { ...LIMITS, ...options.limits } };
  }

  /** Asks nothing yet. Fails with FAILED_PRECONDITION (UPSTREAM_FORBIDDEN) for what is no http or https URL. */
  open(settings: UpstreamSettings): Upstream {
    return new UpstreamClient({
      address: new UpstreamAddress(settings.uri),
      authorization: authorizationOf(settings),
      originOf: (url) => this.#originOf(url.origin),
    });
  }

  #originOf(name: string): Origin {
    const origin = this.#origins.get(name) ?? new Origin(this.#options);
    this.#origins.delete(name);
    this.#origins.set(name, origin);
    const [oldest] = this.#origins.keys();
    if (this.#origins.size > MOST_ORIGINS && oldest !== undefined) this.#origins.delete(oldest);
    return origin;
  }
}

function authorizationOf({ credentials }: UpstreamSettings): Authorization {
  if (credentials?.kind === 'basic')
    return new FixedAuthorization(basic(credentials.username, credentials.password));
  if (credentials?.kind === 'bearer') return new FixedAuthorization(`Bearer ${credentials.token}`);
  return new FixedAuthorization(undefined);
}
