/** A token that a client keeps until it ends. */
export interface ClientToken {
  readonly secret: string;
  readonly account: string;
}

/** A log-in that a person confirms in a browser, while a client waits. */
export interface BegunLogin {
  /** Where the person is to go: absolute. */
  readonly loginUrl: string;
  /** What the client asks with. A secret. */
  readonly handle: string;
}

export type LoginProgress =
  | { readonly kind: 'granted'; readonly token: ClientToken }
  /** Seconds to wait before the next question. */
  | { readonly kind: 'pending'; readonly retryAfter: number }
  | { readonly kind: 'denied' | 'unknown' };

/** Log-ins of clients that cannot renew a token, and are given one that lasts. */
export interface ClientLogins {
  /** UNAUTHENTICATED unless it is the user's password: what stands for one is no ground for something that lasts longer. */
  withPassword(username: string, password: string): Promise<ClientToken>;
  /** RESOURCE_EXHAUSTED for a peer that begins too many. */
  begin(): Promise<BegunLogin>;
  /** A granted one is granted once. */
  ask(handle: string): Promise<LoginProgress>;
  /** Ends the log-in that a token belongs to, or the token. Nothing happens for one that is not known. */
  end(secret: string): Promise<void>;
}
