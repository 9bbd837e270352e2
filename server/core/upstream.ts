import type { ByteStream } from './blob.ts';

/** How a server elsewhere is to be shown who asks. Kept encrypted, never shown again. */
export type UpstreamCredentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  /** OAuth 2.0 client credentials (RFC 6749 4.4), exchanged for an access token at `tokenUri`. */
  | {
      readonly kind: 'token-exchange';
      readonly tokenUri: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope?: string;
    };

/** What is known of what a request asks for, so that only what is new is sent. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

export interface UpstreamRequest {
  /** A path below the upstream's address, without a slash in front; or an absolute URL that an index of it named. */
  readonly target: string;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  /** Sent to the upstream's own origin; of them only `accept` to others. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly validators?: Validators;
  /**
   * Continues a body that broke off: `offset` bytes are there, of the representation that has this validator. What has
   * changed since, and what a weak validator cannot vouch for, comes from its beginning.
   */
  readonly from?: { readonly offset: number; readonly ifRange?: string };
  /** Largest body that is taken, decoded. */
  readonly maxBytes: number;
  /** Whether the body may come compressed, to be decoded here. Never for bytes that a digest was promised of. */
  readonly compressed?: boolean;
}

/** For `maxBytes`, more than any file has: what bounds a fetch is the room on the disk. */
export const NO_LIMIT = 2 ** 43;

/**
 * Whoever has `body` reads it to its end or cancels it: until then it holds one of the few turns at its server. Breaks off
 * with UNAVAILABLE when the connection does, or when it is longer than wanted or shorter than was said, and with
 * DEADLINE_EXCEEDED when nothing comes for too long. `headers` are those of the body as it is here, decoded.
 */
export interface UpstreamFound {
  readonly kind: 'found';
  readonly headers: Headers;
  readonly body: ByteStream;
  /** Bytes of the whole representation, where the upstream said. */
  readonly size?: number;
  /** Where in it `body` begins: 0 unless a continuation was asked for and granted. */
  readonly offset: number;
  /** Where it came from, after redirects. */
  readonly url: URL;
}
export type UpstreamAnswer =
  | UpstreamFound
  | { readonly kind: 'unchanged'; readonly headers: Headers }
  /** The upstream itself said 404 or 410. */
  | { readonly kind: 'missing' };

/** What the circuit breaker thinks of an upstream. */
export interface UpstreamHealth {
  /** `closed`: it is asked. `open`: it is left alone until `retryAt`. `half-open`: one request finds out. */
  readonly circuit: 'closed' | 'open' | 'half-open';
  /** Milliseconds since the epoch. */
  readonly retryAt?: number;
  /** Failures since it last answered. */
  readonly failures: number;
  readonly lastFailure?: { readonly at: number; readonly message: string };
  readonly lastSuccess?: number;
}

/** One server elsewhere, with its address, credentials, turns, retries, breaker and address rules already applied. */
export interface Upstream {
  /**
   * Fails with UNAVAILABLE for all that is its fault (UPSTREAM_BROKEN, also without asking while the circuit is open;
   * UPSTREAM_REFUSED for 401 and 403; UPSTREAM_BUSY for 429 and for the time it asked for, and when too much is asked of it),
   * DEADLINE_EXCEEDED (UPSTREAM_SLOW), or FAILED_PRECONDITION (UPSTREAM_FORBIDDEN) for an address that may not be asked, and for
   * a token host that the credentials may not be sent to. Where it is known when to try again, `retry-after` says so.
   */
  fetch(request: UpstreamRequest): Promise<UpstreamAnswer>;
  health(): UpstreamHealth;
}

/** Every failure for which a copy that is there is better than none. */
export const UPSTREAM_FAILURES: ReadonlySet<string> = new Set([
  'UPSTREAM_BROKEN',
  'UPSTREAM_REFUSED',
  'UPSTREAM_BUSY',
  'UPSTREAM_SLOW',
  'UPSTREAM_FORBIDDEN',
  'FETCH_INTERRUPTED',
]);
