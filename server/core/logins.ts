import type { NewToken } from './accounts.ts';
import type { Act } from './audit.ts';

/** A secret that gets one new access token, and with it its own successor (RFC 6749 section 6). */
export interface NewRefreshToken {
  /** Shared with the access tokens of the same log-in, which end together. */
  readonly family: string;
  readonly account: string;
  /** When the account proved who it is. Milliseconds since the epoch. */
  readonly loginAt: number;
  readonly expiresAt: number;
}

/** What a log-in is given, at its beginning and each time it goes on: hashes are hex SHA-256 of the secrets. */
export interface LoginPair {
  readonly access: { readonly hash: string; readonly token: NewToken };
  readonly refresh: { readonly hash: string; readonly token: NewRefreshToken };
}

/** The log-ins that can be gone on with. */
export interface RefreshStore {
  /** UNAUTHENTICATED when the account was disabled or deleted meanwhile. */
  beginLogin(pair: LoginPair, act: Act): Promise<void>;
  /**
   * Takes a refresh token out of use and puts the next pair in its place, for one caller alone. Nothing for an unknown
   * or expired one, or one of a disabled account. One that was used before ends its family (all access and refresh
   * tokens of that log-in) in the same transaction, which records that, and is nothing, too.
   */
  renewLogin(
    hash: string,
    next: (taken: NewRefreshToken) => LoginPair,
    act: (account: string) => Act,
  ): Promise<LoginPair | undefined>;
  /** Ends a log-in: its access and refresh tokens, and what was got with them. */
  endFamily(family: string, act?: Act): Promise<void>;
  /**
   * Ends what a secret with this hash stands for: an access token and what was got with it, and the log-in that either
   * kind belongs to. The member whose it was; nothing for an unknown one.
   */
  revoke(hash: string, act: (member: string) => Act): Promise<string | undefined>;
}
