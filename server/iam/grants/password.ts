import type { Act } from '../../core/audit.ts';
import type { Bearer } from '../../core/iam.ts';
import { type Grant, type GrantRequest, required } from '../../core/oauth.ts';
import type { Authenticator } from '../authenticator.ts';
import type { LoginTokens } from '../login-tokens.ts';
import type { Tokens } from '../tokens.ts';
import { tokenAct } from './token-act.ts';

const SECONDS = 12 * 3600;
const CLI = 'entrepot-cli';

interface PasswordGrantParts {
  readonly authenticator: Authenticator;
  readonly tokens: Tokens;
  readonly logins: Pick<LoginTokens, 'issueLogin'>;
  readonly now: () => number;
  readonly newId: () => string;
}

/** RFC 6749 section 4.3: the CLI's log-in with a user name and a password. */
export const passwordGrant = (parts: PasswordGrantParts): Grant => ({
  type: 'password',
  async run(request) {
    const [username, password] = [required(request, 'username'), required(request, 'password')];
    const { bearer } = await parts.authenticator.password(username, password, request.actor.peer);
    const act: Act = tokenAct(parts, request.actor, accountIn(bearer));
    if (wantsToStay(request)) return parts.logins.issueLogin(accountIn(bearer), act);
    const issued = await parts.tokens.issue(
      { kind: 'login', of: accountIn(bearer), family: parts.newId(), seconds: SECONDS },
      act,
    );
    return { access_token: issued.secret, token_type: 'Bearer', expires_in: issued.expiresInSeconds };
  },
});

/** Whether the client knows what to do with a refresh token. */
const wantsToStay = (request: GrantRequest): boolean =>
  request.field('client_id') === CLI || (request.field('scope') ?? '').split(' ').includes('offline');

const accountIn = (bearer: Bearer | undefined): string => bearer?.account ?? '';
