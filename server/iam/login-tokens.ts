import type { Act } from '../core/audit.ts';
import type { LoginPair, RefreshStore, NewRefreshToken } from '../core/logins.ts';
import type { GrantAnswer } from '../core/oauth.ts';
import { mintToken, sha256 } from './tokens.ts';

/** Says in logs and leak scanners what it is; good for nothing but the token endpoint. */
const REFRESH_PREFIX = 'entr_';
/** Short, since who may renew it loses nothing, and who stole it has it no longer. */
const ACCESS_SECONDS = 3600;
/** Longer than a holiday: a client that comes back is still logged in. */
const UNUSED_MS = 30 * 86_400_000;
/** However busy the client is: people leave, and the identity provider is asked again. */
const LOGIN_MS = 90 * 86_400_000;

interface LoginTokensOptions {
  readonly store: Pick<RefreshStore, 'beginLogin' | 'renewLogin'>;
  readonly random: (bytes: number) => Uint8Array;
  readonly newId: () => string;
  readonly now: () => number;
}

/** `account` tells a program whose log-in it got. */
export type LoginAnswer = GrantAnswer & { readonly refresh_token: string; readonly account: string };

/** The tokens of log-ins: for each log-in a family of access tokens and the refresh tokens that get the next one. */
export class LoginTokens {
  readonly #options: LoginTokensOptions;

  constructor(options: LoginTokensOptions) {
    this.#options = options;
  }

  /** For an account that has just proved who it is. */
  async issueLogin(account: string, act: Act, family = this.#options.newId()): Promise<LoginAnswer> {
    const { store, now } = this.#options;
    const { pair, answer } = this.#made({ family, account, loginAt: now() });
    await store.beginLogin(pair, act);
    return answer;
  }

  /** Goes on with a log-in. The refresh token is used up by this; a second use ends the whole log-in. */
  async renew(refresh: string, act: (account: string) => Act): Promise<LoginAnswer | undefined> {
    if (!refresh.startsWith(REFRESH_PREFIX)) return undefined;
    let made: LoginAnswer | undefined;
    const renewed = await this.#options.store.renewLogin(
      sha256(refresh),
      (taken) => {
        const { pair, answer } = this.#made(taken);
        made = answer;
        return pair;
      },
      act,
    );
    return renewed && made;
  }

  #made({ family, account, loginAt }: Omit<NewRefreshToken, 'expiresAt'>): {
    readonly pair: LoginPair;
    readonly answer: LoginAnswer;
  } {
    const { random, now } = this.#options;
    const { id, secret, hash } = mintToken(random);
    const refresh = REFRESH_PREFIX + Buffer.from(random(32)).toString('base64url');
    const end = loginAt + LOGIN_MS;
    const expiresAt = Math.min(now() + ACCESS_SECONDS * 1000, end);
    return {
      pair: {
        access: { hash, token: { id, kind: 'login', of: account, family, expiresAt } },
        refresh: {
          hash: sha256(refresh),
          token: { family, account, loginAt, expiresAt: Math.min(now() + UNUSED_MS, end) },
        },
      },
      answer: {
        access_token: secret,
        token_type: 'Bearer',
        expires_in: Math.floor((expiresAt - now()) / 1000),
        refresh_token: refresh,
        account,
      },
    };
  }
}
