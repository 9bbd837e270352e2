import { type AccountStore, belongsTo } from '../core/accounts.ts';
import type { Act } from '../core/audit.ts';
import { RegistryError } from '../core/error.ts';
import type { Account, Bearer, IssuedToken, Scope } from '../core/iam.ts';
import type { Impersonation, ImpersonationRequest } from '../core/service-accounts.ts';
import { scopeOfGoogles } from './google-scopes.ts';
import type { Tokens } from './tokens.ts';

interface Parts {
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly tokens: Pick<Tokens, 'issue'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class TokenImpersonation implements Impersonation {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async principal(email: string): Promise<Account | undefined> {
    const row = await this.#parts.accounts.find(email);
    if (!row || row.disabled || row.kind !== 'service-account') return undefined;
    return { kind: row.kind, id: row.id, belongsTo: belongsTo(row) };
  }

  async issue(
    { of, caller, seconds, scopes }: ImpersonationRequest,
    act: Act | undefined,
  ): Promise<IssuedToken> {
    const { tokens, now } = this.#parts;
    const left = caller ? Math.floor((caller.expiresAt - now()) / 1000) : 0;
    const lifetime = Math.max(1, Math.min(seconds, left));
    const parent = await this.#parent(caller, lifetime, act);
    const scope = narrowed(caller?.scope, scopeOfGoogles(scopes));
    const token = { kind: 'impersonated', of, seconds: lifetime, parent } as const;
    return tokens.issue({ ...token, ...(scope && { scope }) }, act);
  }

  /** The stored token that the new one ends with. */
  async #parent(caller: Bearer | undefined, seconds: number, act: Act | undefined): Promise<string> {
    if (caller?.token !== undefined) return caller.token;
    if (caller?.key === undefined)
      throw new RegistryError(
        'FAILED_PRECONDITION',
        'ACCESS_TOKEN_NEEDED',
        'Tokens of service accounts are made for access tokens, and end with them: log in for one first, ' +
          'since a password cannot be taken back from what was made with it.',
      );
    const { account, key, scope } = caller;
    const token = { kind: 'service-account', of: account, key, seconds } as const;
    return (await this.#parts.tokens.issue({ ...token, ...(scope && { scope }) }, act)).id;
  }
}

/** What both allow. */
function narrowed(own: Scope | undefined, wanted: Scope | undefined): Scope | undefined {
  if (!own || !wanted) return own ?? wanted;
  const permissions = own.permissions?.filter((each) => wanted.permissions?.includes(each) ?? true);
  return { ...own, permissions: permissions ?? wanted.permissions ?? [] };
}
