import type { Account, Permission, ResourceName } from './iam.ts';

export interface AccountRow {
  readonly kind: Account['kind'];
  readonly id: string;
  /** PHC string, argon2id. None for accounts that do not log in with one. */
  readonly passwordHash?: string;
  readonly disabled: boolean;
}

export interface TokenRow {
  readonly id: string;
  readonly account: string;
  readonly scopes?: readonly Permission[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Who there is, and the access tokens they hold: hashes only. */
export interface AccountStore {
  find(id: string): Promise<AccountRow | undefined>;
  put(account: AccountRow): Promise<void>;
  count(): Promise<number>;
  /** `hash` is the hex SHA-256 of the token's secret. Nothing for an unknown or removed token. */
  tokenByHash(hash: string): Promise<TokenRow | undefined>;
  tokenById(id: string): Promise<TokenRow | undefined>;
  addToken(hash: string, token: TokenRow): Promise<void>;
  removeToken(id: string): Promise<void>;
  /** Drops tokens that expired before `now`; answers how many. */
  pruneTokens(now: number): Promise<number>;
}

export interface RoleBinding {
  readonly on: ResourceName;
  readonly role: string;
  /** `user:NAME`, `serviceAccount:EMAIL`. */
  readonly member: string;
}

export interface RoleBindings {
  of(members: readonly string[]): Promise<readonly RoleBinding[]>;
  add(binding: RoleBinding): Promise<void>;
}
