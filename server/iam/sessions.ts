import type { TokenStore } from '../core/accounts.ts';
import type { Act, Actor } from '../core/audit.ts';
import { RegistryError } from '../core/error.ts';
import { type Caller, memberOf } from '../core/iam.ts';
import type { Authenticator } from './authenticator.ts';
import { loginAct } from './login-acts.ts';
import type { Tokens } from './tokens.ts';

const LONGEST_SECONDS = 7 * 24 * 3600;
const IDLE_MS = 12 * 3_600_000;

interface SessionsOptions {
  readonly authenticator: Authenticator;
  readonly tokens: Tokens;
  readonly store: TokenStore;
  readonly now: () => number;
  readonly newId: () => string;
}

/** A browser's credential, which it keeps in a cookie. */
export interface Session {
  readonly secret: string;
  readonly expiresInSeconds: number;
}

/** Sessions of people in browsers: access tokens of a kind of their own, which end when they are not used. */
export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Whose session a cookie holds; nothing when it holds none, no longer one, or a token that may do less. */
  async caller(secret: string | undefined, peer: string): Promise<Caller | undefined> {
    if (secret === undefined) return undefined;
    const { authenticator, store } = this.#options;
    try {
      const caller = await authenticator.authenticate(`Bearer ${secret}`, () => peer);
      const token = caller.bearer?.token;
      const row = token === undefined ? undefined : await store.tokenById(token);
      return row?.kind === 'session' ? caller : undefined;
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'UNAUTHENTICATED') return undefined;
      throw error;
    }
  }

  /** UNAUTHENTICATED when the password is not theirs, RESOURCE_EXHAUSTED after too many that were not. */
  async withPassword(username: string, password: string, actor: Actor): Promise<Session> {
    const { bearer } = await this.#options.authenticator.password(username, password, actor.peer);
    const account = bearer?.account ?? '';
    const come = { ...actor, member: `user:${account}` };
    return this.begin(account, loginAct(this.#options, 'loginSuccess', come, { type: 'password' }));
  }

  /** A new one, for an account that has just proved who it is. */
  async begin(account: string, act: Act): Promise<Session> {
    const token = { kind: 'session', of: account, seconds: LONGEST_SECONDS, idleMs: IDLE_MS } as const;
    const { secret, expiresInSeconds } = await this.#options.tokens.issue(token, act);
    return { secret, expiresInSeconds };
  }

  async end({ principal, bearer }: Caller, actor: Actor): Promise<void> {
    if (principal.kind === 'anonymous' || bearer?.token === undefined) return;
    const act = loginAct(
      this.#options,
      'logout',
      { ...actor, member: memberOf(principal), token: bearer.token },
      {},
    );
    await this.#options.store.removeToken(bearer.token, act);
  }
}
