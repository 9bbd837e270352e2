import { createHash } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { NewToken, TokenRow, TokenStore } from '../core/accounts.ts';
import type { Act } from '../core/audit.ts';
import type { Bearer, IssuedToken, Scope } from '../core/iam.ts';

/** Says in logs and leak scanners whose token it is. */
const ACCESS_PREFIX = 'ent_';
const REGISTRY_SECONDS = 12 * 3600;
const ALGORITHM = 'HS256';
const REGISTRY_TYPE = 'registry+jwt';

interface TokensOptions {
  readonly store: TokenStore;
  /** At least 32 random bytes, of this installation alone. */
  readonly key: Uint8Array;
  readonly issuer: string;
  readonly random: (bytes: number) => Uint8Array;
  readonly now: () => number;
  /** When a stored token was last used, where that is not in the store yet. */
  readonly lastUse?: (id: string) => number | undefined;
}

export interface IssuedAccess extends IssuedToken {
  readonly id: string;
}

/** Reads one kind of bearer credential; another kind is nothing, at once. */
export interface BearerReader {
  read(secret: string): Promise<Bearer | undefined> | undefined;
}

/**
 * Access tokens are random and stored as hashes. Registry tokens, which every client fetches for every pull, are
 * signed statements about an account and the credential it showed; they are believed only as long as that
 * credential and account still stand.
 */
export class Tokens implements BearerReader {
  readonly #options: TokensOptions;

  constructor(options: TokensOptions) {
    this.#options = options;
  }

  async issue(
    { seconds, ...token }: Omit<NewToken, 'id' | 'expiresAt'> & { readonly seconds: number },
    act?: Act,
  ): Promise<IssuedAccess> {
    const { store, random, now } = this.#options;
    const { id, secret, hash } = mintToken(random);
    await store.addToken(hash, { ...token, id, expiresAt: now() + seconds * 1000 }, act);
    return { id, secret, expiresInSeconds: seconds, issuedAt: new Date(now()) };
  }

  /** For a caller; what it came with decides how long, and whether still, it is good. */
  async issueRegistry(bearer: Bearer | undefined): Promise<IssuedToken> {
    const { key, issuer, now } = this.#options;
    const issuedAt = Math.floor(now() / 1000);
    const left = bearer ? Math.floor(bearer.expiresAt / 1000) - issuedAt : REGISTRY_SECONDS;
    const expiresInSeconds = Math.max(1, Math.min(REGISTRY_SECONDS, left));
    const from = {
      ...(bearer?.token !== undefined && { parent: bearer.token }),
      ...(bearer?.key !== undefined && { key: bearer.key }),
      ...(bearer?.password !== undefined && { password: bearer.password }),
      // A stored token is asked for its own.
      ...(bearer?.scope && bearer.token === undefined && { limits: bearer.scope }),
    };
    const secret = await new SignJWT(from)
      .setProtectedHeader({ alg: ALGORITHM, typ: REGISTRY_TYPE })
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
    const row = await this.#options.store.tokenByHash(sha256(secret));
    return row && this.#bearerOf(row);
  }

  async #readRegistry(secret: string): Promise<Bearer | undefined> {
    const { key, issuer, now, store } = this.#options;
    const verified = await jwtVerify(secret, key, {
      algorithms: [ALGORITHM],
      issuer,
      audience: issuer,
      typ: REGISTRY_TYPE,
      requiredClaims: ['sub', 'exp', 'nbf'],
      currentDate: new Date(now()),
    }).catch(() => undefined);
    if (!verified) return undefined;
    const { sub = '', exp = 0, parent, password, key: signedWith, limits } = verified.payload;
    const bearer: Bearer = {
      account: sub,
      kind: 'registry',
      expiresAt: exp * 1000,
      ...(typeof password === 'string' && { password }),
      ...(typeof signedWith === 'string' && { key: signedWith }),
      ...(limits !== undefined && { scope: limits as Scope }),
    };
    if (typeof parent !== 'string') return bearer;
    const row = await store.tokenById(parent);
    const parentBearer = row && this.#bearerOf(row);
    return (
      parentBearer && {
        ...bearer,
        ...parentBearer,
        kind: 'registry',
        expiresAt: Math.min(bearer.expiresAt, parentBearer.expiresAt),
      }
    );
  }

  #bearerOf({ id, kind, of, key, scope, expiresAt, idleMs, lastUsedAt, createdAt }: TokenRow): Bearer {
    const lastUse = Math.max(createdAt, lastUsedAt ?? 0, this.#options.lastUse?.(id) ?? 0);
    return {
      account: typeof of === 'string' ? of : of.id,
      ...(typeof of !== 'string' && { federated: of }),
      kind,
      token: id,
      ...(key !== undefined && { key }),
      ...(scope && { scope }),
      expiresAt: Math.min(expiresAt, idleMs === undefined ? Infinity : lastUse + idleMs),
    };
  }
}

/** A new access token, of which only the hash is to be kept. */
export function mintToken(random: TokensOptions['random']): {
  readonly id: string;
  readonly secret: string;
  readonly hash: string;
} {
  const secret = ACCESS_PREFIX + Buffer.from(random(32)).toString('base64url');
  return { id: Buffer.from(random(12)).toString('base64url'), secret, hash: sha256(secret) };
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
