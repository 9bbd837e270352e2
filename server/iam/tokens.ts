import { createHash } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { AccountStore } from '../core/accounts.ts';
import type { Bearer, IssuedToken } from '../core/iam.ts';

/** Says in logs and leak scanners whose token it is. */
const ACCESS_PREFIX = 'ent_';
const ACCESS_SECONDS = 12 * 3600;
const REGISTRY_SECONDS = 12 * 3600;
const ALGORITHM = 'HS256';

interface TokensOptions {
  readonly accounts: AccountStore;
  /** At least 32 random bytes, of this installation alone. */
  readonly key: Uint8Array;
  readonly issuer: string;
  readonly random: (bytes: number) => Uint8Array;
  readonly now: () => number;
}

/**
 * Access tokens are random and stored as hashes. Registry tokens, which every client fetches for every pull, are
 * signed statements about an account and the credential it showed; they are believed only as long as that
 * credential and account still stand.
 */
export class Tokens {
  readonly #options: TokensOptions;

  constructor(options: TokensOptions) {
    this.#options = options;
  }

  async issueAccess(account: string): Promise<IssuedToken> {
    const { accounts, random, now } = this.#options;
    const secret = ACCESS_PREFIX + Buffer.from(random(32)).toString('base64url');
    const id = Buffer.from(random(12)).toString('base64url');
    await accounts.addToken(sha256(secret), { id, account, expiresAt: now() + ACCESS_SECONDS * 1000 });
    return { secret, expiresInSeconds: ACCESS_SECONDS, issuedAt: new Date(now()) };
  }

  /** For a caller; `parent` is the stored token it came with, whose end is its end too. */
  async issueRegistry(bearer: Bearer | undefined): Promise<IssuedToken> {
    const { key, issuer, now } = this.#options;
    const issuedAt = Math.floor(now() / 1000);
    const left = bearer ? Math.floor(bearer.expiresAt / 1000) - issuedAt : REGISTRY_SECONDS;
    const expiresInSeconds = Math.max(1, Math.min(REGISTRY_SECONDS, left));
    const from = {
      ...(bearer?.token !== undefined && { parent: bearer.token }),
      ...(bearer?.password !== undefined && { password: bearer.password }),
    };
    const secret = await new SignJWT(from)
      .setProtectedHeader({ alg: ALGORITHM, typ: 'registry+jwt' })
      .setIssuer(issuer)
      .setAudience(issuer)
      .setSubject(bearer?.account ?? '')
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt - 5)
      .setExpirationTime(issuedAt + expiresInSeconds)
      .sign(key);
    return { secret, expiresInSeconds, issuedAt: new Date(issuedAt * 1000) };
  }

  /** Whom a token of either kind stands for; nothing for one that is not, or no longer, good. */
  async read(secret: string): Promise<Bearer | undefined> {
    const bearer = secret.startsWith(ACCESS_PREFIX)
      ? await this.#readAccess(secret)
      : await this.#readRegistry(secret);
    return bearer && bearer.expiresAt > this.#options.now() ? bearer : undefined;
  }

  async #readAccess(secret: string): Promise<Bearer | undefined> {
    const row = await this.#options.accounts.tokenByHash(sha256(secret));
    if (!row) return undefined;
    return {
      account: row.account,
      token: row.id,
      expiresAt: row.expiresAt,
      ...(row.scopes && { scopes: row.scopes }),
    };
  }

  async #readRegistry(secret: string): Promise<Bearer | undefined> {
    const { key, issuer, now, accounts } = this.#options;
    const verified = await jwtVerify(secret, key, {
      algorithms: [ALGORITHM],
      issuer,
      audience: issuer,
      typ: 'registry+jwt',
      requiredClaims: ['sub', 'exp', 'nbf'],
      currentDate: new Date(now()),
    }).catch(() => undefined);
    if (!verified) return undefined;
    const { sub = '', exp = 0, parent, password } = verified.payload;
    const bearer: Bearer = {
      account: sub,
      expiresAt: exp * 1000,
      ...(typeof password === 'string' && { password }),
    };
    if (typeof parent !== 'string') return bearer;
    const row = await accounts.tokenById(parent);
    return row && { ...bearer, token: parent, ...(row.scopes && { scopes: row.scopes }) };
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
