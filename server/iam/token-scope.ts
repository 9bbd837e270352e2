import type { Scope } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import { TOKEN_ACTIONS, type TokenAction, type TokenMaking } from '../core/personal-tokens.ts';
import { PREDEFINED_ROLES } from './predefined-roles.ts';
import { mintToken } from './tokens.ts';

/** Limits of tokens are Artifact Registry's roles; ADMIN is no limit. */
const ROLE_OF: Readonly<Record<Exclude<TokenAction, 'ADMIN'>, string>> = {
  READ: 'roles/artifactregistry.reader',
  WRITE: 'roles/artifactregistry.writer',
  DELETE: 'roles/artifactregistry.repoAdmin',
};

function permissionsFor(action: TokenAction): ReadonlySet<Permission> | undefined {
  return action === 'ADMIN' ? undefined : PREDEFINED_ROLES.get(ROLE_OF[action])?.permissions;
}

export const scopeOf: TokenMaking['scopeOf'] = (actions, resources) => {
  const permissions = actions.includes('ADMIN')
    ? undefined
    : [...new Set(actions.flatMap((action) => [...(permissionsFor(action) ?? [])]))];
  if (permissions === undefined && resources.length === 0) return undefined;
  return { ...(permissions && { permissions }), ...(resources.length > 0 && { resources }) };
};

export function actionsOf(scope: Scope | undefined): readonly TokenAction[] {
  const { permissions } = scope ?? {};
  if (permissions === undefined) return TOKEN_ACTIONS;
  const held: ReadonlySet<Permission> = new Set(permissions);
  return TOKEN_ACTIONS.filter((action) => permissionsFor(action)?.isSubsetOf(held) ?? false);
}

export const tokenMaking = (options: {
  readonly random: (bytes: number) => Uint8Array;
  /** Milliseconds that a personal token lives at most. */
  readonly longest: number;
}): TokenMaking => ({
  mint: () => mintToken(options.random),
  scopeOf,
  actionsOf,
  longest: options.longest,
});
