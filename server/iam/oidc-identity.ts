import { RegistryError } from '../core/error.ts';
import type { ExternalIdentity } from '../core/external-accounts.ts';
import { isAccountName, isReservedName } from '../lib/account-names.ts';

export interface ClaimRules {
  /** The claim that is the user name. */
  readonly userClaim: string;
  readonly groupsClaim: string;
  /** Of e-mail addresses, in lower case; all when there are none. */
  readonly allowedDomains: readonly string[];
}

export type Claims = Readonly<Record<string, unknown>>;

const MOST_GROUPS = 1000;

/** Who the provider says it is. PERMISSION_DENIED, in a sentence for the person, when that is nobody we let in. */
export function identityIn(issuer: string, claims: Claims, rules: ClaimRules): ExternalIdentity {
  const { sub, name } = claims;
  if (typeof sub !== 'string' || sub === '') throw refused('the log-in provider does not say who you are');
  checkDomain(claims, rules.allowedDomains);
  return {
    issuer,
    subject: sub,
    name: userName(claims, rules.userClaim),
    displayName: typeof name === 'string' ? name.slice(0, 256) : '',
    groups: groupsIn(claims[rules.groupsClaim]),
  };
}

/** Whether claims lack what the rules ask for, so that asking the provider for more may help. */
export const isMissing = (claims: Claims, { userClaim, groupsClaim, allowedDomains }: ClaimRules): boolean =>
  [userClaim, groupsClaim, ...(allowedDomains.length > 0 || userClaim === 'email' ? ['email'] : [])].some(
    (claim) => claims[claim] === undefined,
  );

function userName(claims: Claims, claim: string): string {
  const value = claim === 'email' ? verifiedEmail(claims) : claims[claim];
  if (typeof value !== 'string' || value === '')
    throw refused(`the log-in provider does not say your ${claim}, which is the user name here`);
  if (!isAccountName(value) || isReservedName(value))
    throw refused(`your ${claim} at the log-in provider cannot be a user name here`);
  return value.toLowerCase();
}

function checkDomain(claims: Claims, allowed: readonly string[]): void {
  if (allowed.length === 0) return;
  const email = verifiedEmail(claims);
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  if (!allowed.includes(domain)) throw refused(`people with an address at ${domain} are not let in here`);
}

/** Anybody can claim an address; only a verified one is a fact. */
function verifiedEmail({ email, email_verified: verified }: Claims): string {
  if (typeof email !== 'string' || !email.includes('@'))
    throw refused('the log-in provider does not say your email address');
  // Some providers write it as a text.
  if (verified !== true && verified !== 'true')
    throw refused(
      'your email address is not verified at the log-in provider; verify it there, then log in again',
    );
  return email;
}

function groupsIn(claim: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const names = list.filter((name) => typeof name === 'string').slice(0, MOST_GROUPS);
  return [...new Set(names)];
}

const refused = (why: string): RegistryError => new RegistryError('PERMISSION_DENIED', 'LOGIN_REFUSED', why);
