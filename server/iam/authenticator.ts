import type { AccountRow, AccountStore } from '../core/accounts.ts';
import { RegistryError } from '../core/error.ts';
import { ANONYMOUS, type Bearer, type Caller } from '../core/iam.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { type PasswordChecker, passwordMark } from './passwords.ts';
import type { Tokens } from './tokens.ts';

interface AuthenticatorOptions {
  readonly accounts: AccountStore;
  readonly tokens: Tokens;
  readonly passwords: PasswordChecker;
  readonly throttle: LoginThrottle;
  readonly now: () => number;
  /** How long a revocation may take to be seen here. */
  readonly freshForMs: number;
}

/** User names whose password is a token: what Google's clients and helpers send (product.md 4). */
const TOKEN_USER = /^(oauth2accesstoken|_token|_dcgcloud_token|_dcgcr_[\w]*_?token|<token>)$/;
const PASSWORD_SECONDS = 12 * 3600;
const REMEMBERED = 10_000;
const NOBODY: Caller = { principal: ANONYMOUS };

interface Remembered {
  readonly caller: Caller;
  readonly until: number;
}

/** Turns the credentials of a request into a caller. What is shown and not good is refused, never ignored. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #remembered = new Map<string, Remembered>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** `peer` is the address the request came from, for throttling. UNAUTHENTICATED for anything but a good credential. */
  authenticate(authorization: string | null, peer: () => string): Caller | Promise<Caller> {
    if (authorization === null) return NOBODY;
    const now = this.#options.now();
    const known = this.#remembered.get(authorization);
    return known && known.until > now ? known.caller : this.#believe(authorization, peer, now);
  }

  async #believe(authorization: string, peer: () => string, now: number): Promise<Caller> {
    const caller = await this.#read(authorization, peer());
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear();
    const until = Math.min(now + this.#options.freshForMs, caller.bearer?.expiresAt ?? now);
    this.#remembered.set(authorization, { caller, until });
    return caller;
  }

  /** A user name and password in any of the forms of product.md 4. */
  async login(username: string, password: string, peer: string): Promise<Caller> {
    return TOKEN_USER.test(username) ? this.#token(password) : this.password(username, password, peer);
  }

  /** A password and nothing that stands for one: what new credentials may be made from. */
  async password(username: string, password: string, peer: string): Promise<Caller> {
    const { accounts, passwords, throttle, now } = this.#options;
    throttle.admit(username, peer);
    const account = await accounts.find(username);
    const right =
      account?.passwordHash !== undefined && !account.disabled
        ? await passwords.matches(password, account.passwordHash)
        : await passwords.pretend(password);
    if (!account || !right) {
      throttle.failed(username, peer);
      throw refused('the user name or password is wrong');
    }
    throttle.succeeded(username, peer);
    return {
      principal: { kind: account.kind, id: account.id, groups: [] },
      bearer: {
        account: account.id,
        expiresAt: now() + PASSWORD_SECONDS * 1000,
        ...(account.passwordHash !== undefined && { password: passwordMark(account.passwordHash) }),
      },
    };
  }

  #read(authorization: string, peer: string): Promise<Caller> {
    const space = authorization.indexOf(' ');
    const scheme = authorization.slice(0, space).toLowerCase();
    const value = authorization.slice(space + 1).trim();
    if (scheme === 'bearer') return this.#token(value);
    if (scheme !== 'basic') throw refused('the authorization scheme is neither Bearer nor Basic');
    const pair = Buffer.from(value, 'base64').toString();
    const colon = pair.indexOf(':');
    if (colon === -1) throw refused('the Basic credentials are not a user name and a password');
    return this.login(pair.slice(0, colon), pair.slice(colon + 1), peer);
  }

  async #token(secret: string): Promise<Caller> {
    const bearer = await this.#options.tokens.read(secret);
    if (!bearer) throw refused('the token is not valid, or no longer');
    if (bearer.account === '') return { principal: ANONYMOUS, bearer };
    const account = await this.#options.accounts.find(bearer.account);
    if (!account || account.disabled || isOutdated(bearer, account))
      throw refused('the token is not valid, or no longer');
    const { kind, id } = account;
    return { principal: { kind, id, groups: [], ...(bearer.scopes && { scopes: bearer.scopes }) }, bearer };
  }
}

/** What was made from a password is good as long as the password is. */
const isOutdated = ({ password }: Bearer, { passwordHash }: AccountRow): boolean =>
  password !== undefined && (passwordHash === undefined || passwordMark(passwordHash) !== password);

const refused = (why: string) =>
  new RegistryError('UNAUTHENTICATED', 'UNAUTHORIZED', `not authenticated: ${why}`);
