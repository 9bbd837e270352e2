import { RegistryError } from '../../core/error.ts';
import { type Grant, required } from '../../core/oauth.ts';
import type { LoginTokens } from '../login-tokens.ts';
import { tokenAct } from './token-act.ts';

interface RefreshGrantParts {
  readonly logins: Pick<LoginTokens, 'renew'>;
  readonly now: () => number;
  readonly newId: () => string;
}

/**
 * RFC 6749 section 6 with rotation (RFC 9700 section 4.14): each refresh token is good for one use, and using one
 * again, which the client or a thief must be doing, ends the log-in for both.
 */
export const refreshGrant = (parts: RefreshGrantParts): Grant => ({
  type: 'refresh_token',
  async run(request) {
    const secret = required(request, 'refresh_token');
    const answer = await parts.logins.renew(secret, (account) => tokenAct(parts, request.actor, account));
    if (answer) return answer;
    throw new RegistryError(
      'UNAUTHENTICATED',
      'UNAUTHORIZED',
      'the refresh token is not valid, or no longer: log in again',
    );
  },
});
