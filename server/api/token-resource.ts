import { escapeId } from '../../contract/names.ts';
import type { Token } from '../../contract/schemas/token.ts';
import type { TokenRow } from '../core/accounts.ts';
import type { CredentialKind, Scope } from '../core/iam.ts';
import type { TokenMaking } from '../core/personal-tokens.ts';
import { timestamp } from './timestamp.ts';

export const tokenName = (account: string, id: string): string => `users/${escapeId(account)}/tokens/${id}`;

const KIND_NAMES = {
  login: 'LOGIN',
  session: 'SESSION',
  personal: 'PERSONAL',
  'service-account': 'SERVICE_ACCOUNT',
  federated: 'FEDERATED',
  impersonated: 'IMPERSONATED',
  password: 'PASSWORD',
  registry: 'REGISTRY',
} as const;

export const kindName = <Kind extends CredentialKind>(kind: Kind): (typeof KIND_NAMES)[Kind] =>
  KIND_NAMES[kind];

export const shownScope = (
  { actionsOf }: TokenMaking,
  scope: Scope | undefined,
): NonNullable<Token['scope']> => ({
  actions: actionsOf(scope),
  ...(scope?.resources && { repositories: scope.resources }),
});

/** A token without its secret, which nobody has any more. */
export const shownToken = (making: TokenMaking, account: string, row: TokenRow): Token => ({
  name: tokenName(account, row.id),
  displayName: row.name ?? '',
  kind: kindName(row.kind),
  scope: shownScope(making, row.scope),
  createTime: timestamp(row.createdAt),
  expireTime: timestamp(row.expiresAt),
  ...(row.lastUsedAt !== undefined && { lastUseTime: timestamp(row.lastUsedAt) }),
});
