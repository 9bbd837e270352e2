import type { NewToken, TokenRow } from './accounts.ts';
import type { ResourceName, Scope } from './iam.ts';
import type { Listed, ListQuery } from './resources.ts';

export interface TokenAddress {
  /** User name, or a service account's e-mail. */
  readonly account: string;
  readonly id: string;
}

/** The tokens of accounts, to their owners and to whoever watches over them. Expired ones are not there. */
export interface TokenResources {
  /** The oldest first. NOT_FOUND without the account. */
  list(account: string, query: Pick<ListQuery, 'limit' | 'after'>): Promise<Listed<TokenRow>>;
  get(address: TokenAddress): Promise<TokenRow | undefined>;
  /** `hash` is the hex SHA-256 of the secret. FAILED_PRECONDITION when the account has too many. */
  create(hash: string, token: NewToken & { readonly of: string }): Promise<TokenRow>;
  /** With whatever was got with it, and with the log-in that it belongs to. */
  delete(address: TokenAddress): Promise<void>;
}

/** What a token may be used for; each includes those before it. */
export const TOKEN_ACTIONS = ['READ', 'WRITE', 'DELETE', 'ADMIN'] as const;
export type TokenAction = (typeof TOKEN_ACTIONS)[number];

/** What the methods that make tokens need beside the store. */
export interface TokenMaking {
  readonly mint: () => { readonly id: string; readonly secret: string; readonly hash: string };
  /** Nothing for a token that may do all its owner may. */
  readonly scopeOf: (
    actions: readonly TokenAction[],
    resources: readonly ResourceName[],
  ) => Scope | undefined;
  /** The actions that a scope allows wholly. */
  readonly actionsOf: (scope: Scope | undefined) => readonly TokenAction[];
  /** Milliseconds. */
  readonly longest: number;
}

/** Takes down when tokens were used. */
export interface TokenUses {
  /** By token id, in milliseconds since the epoch. Ids of removed tokens are passed over. */
  recordUses(uses: ReadonlyMap<string, number>): Promise<void>;
}
