import type { AccountStore } from '../../core/accounts.ts';
import type { Actor } from '../../core/audit.ts';
import { invalid } from '../../core/error.ts';
import { loginAct } from '../login-acts.ts';
import type { LoginAnswer, LoginTokens } from '../login-tokens.ts';

export interface LoginParts {
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly logins: LoginTokens;
  readonly now: () => number;
  readonly newId: () => string;
}

/** The tokens of a program that a person has let in, if they are still somebody here. */
export async function logIn(parts: LoginParts, account: string, actor: Actor): Promise<LoginAnswer> {
  const found = await parts.accounts.find(account);
  if (!found || found.disabled) throw invalid('invalid_grant', 'the user is not there, or is disabled');
  const member = `user:${account}`;
  return parts.logins.issueLogin(
    account,
    loginAct(parts, 'loginSuccess', { ...actor, member }, { type: 'browser' }),
  );
}
