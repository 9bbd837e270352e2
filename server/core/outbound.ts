/** A request to somebody else's server. */
export interface OutboundRequest {
  /** GET when nothing is said. Only GET and HEAD follow redirects; to the others a redirect is the answer. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent to the origin of the URL alone; after a redirect to another only `accept` and `user-agent` are left. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds for all of it, redirects included; 30 s when nothing is said. */
  readonly timeoutMs?: number;
  /** Largest body that is taken. */
  readonly maxBytes: number;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

/**
 * The one way from here to other servers. Refuses addresses that are not public unless the operator listed host and
 * port, and connects to the very address that was checked.
 */
export interface Outbound {
  /**
   * Whatever status the other side answers. FAILED_PRECONDITION for a URL that may not be asked, UNAVAILABLE
   * (reason UPSTREAM_BROKEN) for one that does not answer well, DEADLINE_EXCEEDED for one that does not answer in time.
   */
  fetch(url: URL, request: OutboundRequest): Promise<OutboundAnswer>;
}
