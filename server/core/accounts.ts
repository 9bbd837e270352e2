import type { Act } from './audit.ts';
import type { Account, Federated, Scope, TokenKind } from './iam.ts';

/** An account as requests are decided by. */
export interface AccountRow {
  readonly kind: 'user' | 'service-account';
  /** User name, or the service account's e-mail. */
  readonly id: string;
  /** PHC string, argon2id. None for accounts that do not log in with one. */
  readonly passwordHash?: string;
  readonly disabled: boolean;
  readonly groups: readonly string[];
}

export interface NewAccount {
  readonly kind: AccountRow['kind'];
  readonly id: string;
  readonly passwordHash?: string;
  readonly disabled?: boolean;
  readonly displayName?: string;
  readonly description?: string;
  /** A service account's. */
  readonly project?: string;
}

/** Who there is. */
export interface AccountStore {
  find(id: string): Promise<AccountRow | undefined>;
  put(account: NewAccount): Promise<void>;
  count(): Promise<number>;
}

export type { TokenKind } from './iam.ts';

export interface NewToken {
  readonly id: string;
  readonly kind: TokenKind;
  /** Whom it stands for: an account's id, or an identity that is none. */
  readonly of: string | Federated;
  readonly name?: string;
  readonly scope?: Scope;
  /** Shared by all tokens of one log-in, which are revoked together. */
  readonly family?: string;
  /** The service account's key it was got with. */
  readonly key?: string;
  /** The token it was got with. */
  readonly parent?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Milliseconds it lives unused. */
  readonly idleMs?: number;
}
export interface TokenRow extends NewToken {
  readonly createdAt: number;
  readonly lastUsedAt?: number;
}

/** The access tokens there are: hashes only. */
export interface TokenStore {
  /** `hash` is the hex SHA-256 of the token's secret. Nothing for an unknown or removed token. */
  tokenByHash(hash: string): Promise<TokenRow | undefined>;
  tokenById(id: string): Promise<TokenRow | undefined>;
  /** UNAUTHENTICATED when the account, key or token that it is made from has ended meanwhile. */
  addToken(hash: string, token: NewToken, act?: Act): Promise<void>;
  /** With everything that was got with it. */
  removeToken(id: string, act?: Act): Promise<void>;
  /** Drops tokens that expired before `now`; answers how many. */
  pruneTokens(now: number): Promise<number>;
}

/** A service account's key, as its signatures are checked. */
export interface KeyRow {
  /** 40 hex digits. */
  readonly id: string;
  /** The service account's e-mail. */
  readonly account: string;
  /** SPKI, PEM. */
  readonly publicKey: string;
  readonly disabled: boolean;
  /** Milliseconds since the epoch. */
  readonly validAfter: number;
  readonly validBefore: number;
}
export interface KeyReader {
  key(id: string): Promise<KeyRow | undefined>;
}

/** The names of the sets that an account of ours is in. */
export function belongsTo({ kind, id, groups }: AccountRow): Account['belongsTo'] {
  const domain = kind === 'user' && id.includes('@') ? id.slice(id.lastIndexOf('@') + 1) : '';
  return [...groups.map((group) => `group:${group}`), ...(domain === '' ? [] : [`domain:${domain}`])];
}
