import type { Act } from './audit.ts';

/** A secret that gets one new access token, and with it its own successor (RFC 6749 section 6). */
export interface NewRefreshToken {
  /** Shared with the access tokens of the same log-in, which end together. */
  readonly family: string;
  readonly account: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The refresh tokens there are: hashes only. */
export interface RefreshStore {
  /** `hash` is the hex SHA-256 of the secret. */
  addRefresh(hash: string, token: NewRefreshToken): Promise<void>;
  /**
   * Takes it out of use, for one caller alone. Nothing for an unknown or expired one. One that was used before ends
   * its family (all access and refresh tokens of that log-in) in the same transaction, which records that, and is
   * nothing, too.
   */
  takeRefresh(hash: string, act: Act): Promise<NewRefreshToken | undefined>;
  /** Ends a log-in: removes its access and refresh tokens. */
  endFamily(family: string, act?: Act): Promise<void>;
}
