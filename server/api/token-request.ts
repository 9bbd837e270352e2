import { names } from '../../contract/names.ts';
import type { Token } from '../../contract/schemas/token.ts';
import type { NewToken } from '../core/accounts.ts';
import { invalid, RegistryError } from '../core/error.ts';
import {
  type Account,
  type Bearer,
  covers,
  type Principal,
  type ResourceName,
  type Scope,
} from '../core/iam.ts';
import type { TokenMaking } from '../core/personal-tokens.ts';
import { checkText } from './identity-rules.ts';

const USUAL_MS = 90 * 24 * 3_600_000;
const MOST_REPOSITORIES = 100;

const refusal = (why: string, field: string): RegistryError =>
  invalid('TOKEN_INVALID', `Request contains an invalid argument: ${why}.`, { field });

/** What a new token gets from the credential it is asked for with. */
type Inherited = Pick<NewToken, 'key' | 'parent'> & {
  readonly scope?: Scope;
  /** Milliseconds since the epoch. */
  readonly until?: number;
};

/** The personal token that someone asks for, no more than what they ask with. */
export function wantedToken(
  who: Account,
  bearer: Bearer | undefined,
  asked: Token,
  { making, now }: { readonly making: TokenMaking; readonly now: number },
): Omit<NewToken, 'id'> & { readonly of: string } {
  const { displayName = '', scope = {} } = asked;
  if (displayName === '')
    throw refusal('display_name says what the token is for and must not be empty', 'display_name');
  checkText(displayName, 'display_name');
  const inherited = inheritedFrom(who, bearer);
  // Who says nothing gets what harms least.
  const limits = making.scopeOf(scope.actions ?? ['READ'], resourcesIn(scope.repositories ?? []));
  if (inherited.scope && !isWithin(inherited.scope, limits))
    throw new RegistryError(
      'PERMISSION_DENIED',
      'TOKEN_EXCEEDED',
      'A limited credential makes tokens only within its own limits: ask for no more actions, and name repositories ' +
        'that it is good for.',
    );
  const { key, parent, until = Infinity } = inherited;
  return {
    kind: 'personal',
    of: who.id,
    name: displayName,
    expiresAt: Math.min(endOf(asked, making.longest, now), until),
    ...(limits && { scope: limits }),
    ...(key !== undefined && { key }),
    ...(parent !== undefined && { parent }),
  };
}

/** Whose own token it can be; identities of elsewhere have no account to keep one. */
export function requireAccount(who: Principal): Account {
  if (who.kind === 'user' || who.kind === 'service-account') return who;
  throw new RegistryError(
    'FAILED_PRECONDITION',
    'NO_ACCOUNT',
    'An identity that is vouched for elsewhere has no account here, and so no tokens of its own.',
  );
}

/**
 * A log-in makes tokens that outlive it. Whatever else makes one is passed on: the new token ends with it. So is the
 * key behind it, without which no token of a service account is worth anything.
 */
function inheritedFrom({ scope }: Account, bearer: Bearer | undefined): Inherited {
  if (!bearer || bearer.kind === 'registry')
    throw new RegistryError(
      'PERMISSION_DENIED',
      'LOGIN_NEEDED',
      'A registry token makes no other tokens: log in and use the access token.',
    );
  const { kind, key, token, expiresAt } = bearer;
  const byKey = key !== undefined && { key };
  const isLogin = kind === 'password' || kind === 'login' || kind === 'session';
  if (!scope && (isLogin || (key !== undefined && kind !== 'impersonated' && kind !== 'personal')))
    return { ...byKey };
  return {
    ...byKey,
    ...(token !== undefined && { parent: token }),
    ...(scope && { scope }),
    until: expiresAt,
  };
}

const isWithin = (limits: Scope, wanted: Scope | undefined): boolean =>
  isPart(wanted?.permissions, limits.permissions, (one, most) => most.includes(one)) &&
  isPart(wanted?.resources, limits.resources, (one, most) => most.some((above) => covers(above, one)));

/** Nothing said stands for everything. */
const isPart = <T>(
  wanted: readonly T[] | undefined,
  most: readonly T[] | undefined,
  among: (one: T, most: readonly T[]) => boolean,
): boolean => most === undefined || (wanted !== undefined && wanted.every((one) => among(one, most)));

function resourcesIn(repositories: readonly string[]): readonly ResourceName[] {
  if (repositories.length > MOST_REPOSITORIES)
    throw refusal(`scope has more than ${MOST_REPOSITORIES} repositories`, 'scope.repositories');
  return repositories.map((name) => {
    if (!names.repository.parse(name) && !names.project.parse(name))
      throw refusal(
        `"${name.slice(0, 200)}" is neither projects/P/locations/L/repositories/R nor projects/P`,
        'scope.repositories',
      );
    return name as ResourceName;
  });
}

function endOf({ expireTime, ttl }: Token, longest: number, now: number): number {
  if (expireTime !== undefined && ttl !== undefined)
    throw refusal('give expire_time or ttl, not both', 'ttl');
  const field = ttl === undefined ? 'expire_time' : 'ttl';
  const end =
    ttl !== undefined
      ? now + Number(ttl.slice(0, -1)) * 1000
      : expireTime !== undefined
        ? Date.parse(expireTime)
        : now + Math.min(USUAL_MS, longest);
  if (!(end > now)) throw refusal('the token would have expired already', field);
  if (end > now + longest)
    throw refusal(`a token lives at most ${Math.floor(longest / 86_400_000)} days here`, field);
  return Math.floor(end);
}
