import type { Act } from '../core/audit.ts';
import type { RefreshStore } from '../core/logins.ts';
import type { GrantAnswer } from '../core/oauth.ts';
import { sha256, type Tokens } from './tokens.ts';

/** Says in logs and leak scanners what it is; good for nothing but the token endpoint. */
const REFRESH_PREFIX = 'entr_';
const ACCESS_SECONDS = 12 * 3600;
const REFRESH_MS = 30 * 24 * 3_600_000;

interface LoginTokensOptions {
  readonly store: RefreshStore;
  readonly tokens: Tokens;
  readonly random: (bytes: number) => Uint8Array;
  readonly newId: () => string;
  readonly now: () => number;
}

export type LoginAnswer = GrantAnswer & { readonly refresh_token: string };

/** The tokens of log-ins: for each log-in a family of access tokens and the refresh tokens that get the next one. */
export class LoginTokens {
  readonly #options: LoginTokensOptions;

  constructor(options: LoginTokensOptions) {
    this.#options = options;
  }

  /** For an account that has just proved who it is; within a family when it is a log-in that goes on. */
  async issueLogin(account: string, act: Act, family = this.#options.newId()): Promise<LoginAnswer> {
    const { store, tokens, random, now } = this.#options;
    const refresh = REFRESH_PREFIX + Buffer.from(random(32)).toString('base64url');
    await store.addRefresh(sha256(refresh), { family, account, expiresAt: now() + REFRESH_MS });
    const issued = await tokens.issue({ kind: 'login', of: account, family, seconds: ACCESS_SECONDS }, act);
    return {
      access_token: issued.secret,
      token_type: 'Bearer',
      expires_in: issued.expiresInSeconds,
      refresh_token: refresh,
    };
  }

  /** Whose log-in a refresh token goes on with. It is used up by this; a second use ends the whole log-in. */
  async redeem(
    refresh: string,
    act: Act,
  ): Promise<{ readonly account: string; readonly family: string } | undefined> {
    if (!refresh.startsWith(REFRESH_PREFIX)) return undefined;
    return this.#options.store.takeRefresh(sha256(refresh), act);
  }
}
