import { type AccountRow, type AccountStore, belongsTo, type KeyReader } from '../core/accounts.ts';
import { RegistryError } from '../core/error.ts';
import { type Account, ANONYMOUS, type Bearer, type Caller, type Federated } from '../core/iam.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { type PasswordChecker, passwordMark } from './passwords.ts';
import type { BearerReader } from './tokens.ts';

interface AuthenticatorOptions {
  readonly accounts: AccountStore & KeyReader;
  /** Asked in turn what a bearer credential, of any kind, stands for. */
  readonly bearers: readonly BearerReader[];
  /** What a service account's key file, as it is, stands for. */
  readonly keyFiles: { read(text: string): Promise<Bearer | undefined> };
  /** Whether a workload identity provider is there and enabled. */
  readonly providerStands: (provider: string) => boolean | Promise<boolean>;
  readonly passwords: PasswordChecker;
  readonly throttle: LoginThrottle;
  readonly now: () => number;
  /** Another value after every change that may end a credential. */
  readonly revision: () => number;
  /** Told of each request that a stored token comes with. */
  readonly used?: (token: string) => void;
}

/** User names whose password is a token: what Google's clients and helpers send (product.md 4). */
const TOKEN_USER = /^(oauth2accesstoken|_token|_dcgcloud_token|_dcgcr_[\w]*_?token|<token>)$/;
const PASSWORD_SECONDS = 12 * 3600;
const REMEMBERED = 10_000;
const NOBODY: Caller = { principal: ANONYMOUS };

/** Turns the credentials of a request into a caller. What is shown and not good is refused, never ignored. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #remembered = new Map<string, Caller>();
  #revision = -1;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** `peer` is the address the request came from, for throttling. UNAUTHENTICATED for anything but a good credential. */
  authenticate(authorization: string | null, peer: () => string): Caller | Promise<Caller> {
    if (authorization === null) return NOBODY;
    const { revision, now } = this.#options;
    const current = revision();
    if (current !== this.#revision) {
      this.#remembered.clear();
      this.#revision = current;
    }
    const known = this.#remembered.get(authorization);
    if (!known || (known.bearer?.expiresAt ?? 0) <= now()) return this.#believe(authorization, peer, current);
    if (known.bearer?.token !== undefined) this.#options.used?.(known.bearer.token);
    return known;
  }

  async #believe(authorization: string, peer: () => string, revision: number): Promise<Caller> {
    const caller = await this.#read(authorization, peer());
    if (caller.bearer?.token !== undefined) this.#options.used?.(caller.bearer.token);
    // What was read before a change says nothing of what is after it.
    if (revision !== this.#options.revision()) return caller;
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear();
    this.#remembered.set(authorization, caller);
    return caller;
  }

  /** A user name and password in any of the forms of product.md 4. */
  async login(username: string, password: string, peer: string): Promise<Caller> {
    if (TOKEN_USER.test(username)) return this.#bearer(password);
    if (username === '_json_key') return this.#keyFile(password);
    if (username === '_json_key_base64') return this.#keyFile(Buffer.from(password, 'base64').toString());
    return this.password(username, password, peer);
  }

  /** A password and nothing that stands for one: what new credentials may be made from. */
  async password(username: string, password: string, peer: string): Promise<Caller> {
    const { accounts, passwords, throttle, now } = this.#options;
    const admit = (): void => throttle.admit(username, peer);
    admit();
    const account = await accounts.find(username);
    const right =
      account?.passwordHash !== undefined
        ? await passwords.matches(password, account.passwordHash, admit)
        : await passwords.pretend(password, admit);
    if (!account || !right) {
      throttle.failed(username, peer);
      throw refused('the user name or password is wrong');
    }
    throttle.succeeded(username, peer);
    // Others may have waited for their turn before this one: the password may have been changed meanwhile.
    if ((await accounts.find(username))?.passwordHash !== account.passwordHash)
      throw refused('the password was changed; log in with the new one');
    if (account.disabled) throw disabled(account.id);
    return {
      principal: accountOf(account),
      bearer: {
        account: account.id,
        kind: 'password',
        expiresAt: now() + PASSWORD_SECONDS * 1000,
        ...(account.passwordHash !== undefined && { password: passwordMark(account.passwordHash) }),
      },
    };
  }

  #read(authorization: string, peer: string): Promise<Caller> {
    const space = authorization.indexOf(' ');
    const scheme = authorization.slice(0, space).toLowerCase();
    const value = authorization.slice(space + 1).trim();
    if (scheme === 'bearer') return this.#bearer(value);
    if (scheme !== 'basic') throw refused('the authorization scheme is neither Bearer nor Basic');
    const pair = Buffer.from(value, 'base64').toString();
    const colon = pair.indexOf(':');
    if (colon === -1) throw refused('the Basic credentials are not a user name and a password');
    return this.login(pair.slice(0, colon), pair.slice(colon + 1), peer);
  }

  async #bearer(secret: string): Promise<Caller> {
    for (const reader of this.#options.bearers) {
      const bearer = await reader.read(secret);
      if (bearer) return this.caller(bearer);
    }
    throw refused('the token is unknown, has expired or was revoked; log in again');
  }

  async #keyFile(text: string): Promise<Caller> {
    const bearer = await this.#options.keyFiles.read(text);
    if (!bearer) throw refused('the service account key is not one of this server, or was deleted');
    return this.caller(bearer);
  }

  /** The caller that a credential stands for, if account, key, password and provider behind it still stand. */
  async caller(bearer: Bearer): Promise<Caller> {
    if (bearer.account === '') return { principal: ANONYMOUS, bearer };
    const known = bearer.federated ? await this.#federated(bearer.federated) : await this.#account(bearer);
    return { principal: bearer.scope ? { ...known, scope: bearer.scope } : known, bearer };
  }

  async #federated({ id, belongsTo: sets, provider }: Federated): Promise<Account> {
    if (!(await this.#options.providerStands(provider)))
      throw refused('the identity provider behind the token is disabled or deleted');
    return { kind: 'federated', id, belongsTo: sets };
  }

  /** Whoever shows a credential that was good may be told why it is not. */
  async #account(bearer: Bearer): Promise<Account> {
    const account = await this.#options.accounts.find(bearer.account);
    if (!account) throw refused(`the account ${bearer.account} was deleted`);
    if (account.disabled) throw disabled(account.id);
    if (isOutdated(bearer, account)) throw refused('the password behind the token was changed; log in again');
    if (bearer.key !== undefined && !(await this.#keyStands(bearer.key, bearer.account)))
      throw refused('the service account key is deleted, disabled or expired');
    return accountOf(account);
  }

  async #keyStands(id: string, account: string): Promise<boolean> {
    const { accounts, now } = this.#options;
    const key = await accounts.key(id);
    return (
      key !== undefined &&
      key.account === account &&
      !key.disabled &&
      key.validAfter <= now() &&
      now() < key.validBefore
    );
  }
}

const accountOf = (row: AccountRow): Account => ({ kind: row.kind, id: row.id, belongsTo: belongsTo(row) });

/** What was made from a password is good as long as the password is. */
const isOutdated = ({ password }: Bearer, { passwordHash }: AccountRow): boolean =>
  password !== undefined && (passwordHash === undefined || passwordMark(passwordHash) !== password);

const refused = (why: string) =>
  new RegistryError('UNAUTHENTICATED', 'UNAUTHORIZED', `not authenticated: ${why}`);

const disabled = (account: string) => refused(`the account ${account} is disabled`);
