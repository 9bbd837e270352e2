import { createHash, timingSafeEqual } from 'node:crypto';
import { invalid } from '../../core/error.ts';
import type { RefreshStore } from '../../core/logins.ts';
import { type Grant, required } from '../../core/oauth.ts';
import type { OneTimeStore } from '../../core/one-time.ts';
import { loginAct } from '../login-acts.ts';
import { sha256 } from '../tokens.ts';
import { type LoginParts, logIn } from './log-in.ts';

const CODE_MS = 60_000;

/** What a person has just agreed to. */
export interface Agreed {
  readonly account: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** PKCE S256, base64url. */
  readonly challenge: string;
}

interface Parts extends LoginParts {
  readonly oneTime: OneTimeStore;
  readonly store: Pick<RefreshStore, 'revoke'>;
  readonly random: (bytes: number) => Uint8Array;
}

/** A code for the program that sent the person here, good for one minute and one use. */
export async function authorizationCode({ oneTime, random, now }: Parts, agreed: Agreed): Promise<string> {
  const code = Buffer.from(random(32)).toString('base64url');
  await oneTime.put('authorization-code', sha256(code), { ...agreed }, now() + CODE_MS);
  return code;
}

/** RFC 6749 section 4.1.3, RFC 7636. A code that comes twice ends the log-in that it was good for (RFC 9700 section 4.4). */
export const authorizationCodeGrant = (parts: Parts): Grant => ({
  type: 'authorization_code',
  async run(request) {
    const code = sha256(required(request, 'code'));
    const verifier = required(request, 'code_verifier');
    const [clientId, redirectUri] = [required(request, 'client_id'), required(request, 'redirect_uri')];
    const found = await parts.oneTime.change('authorization-code', code, (payload) => ({
      payload: { used: payload['used'] ?? '' },
      result: payload as Partial<Agreed & { readonly used: string }>,
    }));
    if (found?.used)
      await parts.store.revoke(found.used, (member) =>
        loginAct(parts, 'logout', { ...request.actor, member }, { reason: 'its code came twice' }),
      );
    const { account, challenge = '' } = found ?? {};
    const good =
      account !== undefined &&
      found?.clientId === clientId &&
      found.redirectUri === redirectUri &&
      answers(verifier, challenge);
    if (!good)
      throw invalid('invalid_grant', 'the code has expired, was used before, or was given to somebody else');
    const answer = await logIn(parts, account, request.actor);
    const used = { payload: { used: sha256(answer.access_token) }, result: true };
    await parts.oneTime.change('authorization-code', code, () => used);
    return answer;
  },
});

/** Whether this is what the challenge was made from (RFC 7636 section 4.6). */
function answers(verifier: string, challenge: string): boolean {
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  const [made, given] = [createHash('sha256').update(verifier).digest(), Buffer.from(challenge, 'base64url')];
  return made.length === given.length && timingSafeEqual(made, given);
}
