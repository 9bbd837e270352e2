import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { RegistryError } from '../core/error.ts';
import type { ProviderConfig } from '../core/federation.ts';
import type { Outbound } from '../core/outbound.ts';

interface IssuerKeysOptions {
  readonly outbound: Outbound;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** How long keys are believed without asking again. */
const FRESH_MS = 10 * 60_000;
/** How often an issuer is asked at most, whatever is sent here: for keys that it did not have, or did not give. */
const AGAIN_MS = 30_000;
const AWAY_MS = 5_000;
const TIMEOUT_MS = 10_000;
const LARGEST = 256 * 1024;
const MOST_ISSUERS = 1_000;
const MOST_KEYS = 100;

interface Known {
  /** When it was learned, and when it was last asked for. Milliseconds since the epoch. */
  readonly learned: number;
  readonly asked: number;
  readonly keys: Promise<JWTVerifyGetKey>;
  readonly failed?: number;
}

/**
 * The keys that issuers sign with: those that a provider was given, or those that the issuer publishes (OpenID Connect
 * Discovery 1.0), asked for once for everybody who waits. What a token itself says of where its key is counts nothing.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  readonly #issuers = new Map<string, Known>();

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** The returned function throws what jose throws when no key fits, UNAVAILABLE when the issuer does not tell. */
  keysOf({ issuerUri, jwksJson }: ProviderConfig['oidc']): JWTVerifyGetKey {
    if (jwksJson !== undefined) return parseKeySet(jwksJson);
    return async (header, token) => {
      const known = this.#known(issuerUri);
      const keys = await known.keys;
      try {
        return await keys(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        // It may have changed its keys since.
        const again = this.#again(issuerUri, known);
        if (!again) throw error;
        return (await again.keys)(header, token);
      }
    };
  }

  #known(issuer: string): Known {
    const now = this.#options.now();
    const known = this.#issuers.get(issuer);
    const until = known && (known.failed === undefined ? known.learned + FRESH_MS : known.failed + AWAY_MS);
    return known && until !== undefined && now < until ? known : this.#learn(issuer);
  }

  /** What was learned since, or is learned now; nothing where that was asked for just before. */
  #again(issuer: string, known: Known): Known | undefined {
    const current = this.#issuers.get(issuer);
    if (current && current.learned !== known.learned) return current;
    return this.#options.now() < (current ?? known).asked + AGAIN_MS ? undefined : this.#learn(issuer, known);
  }

  /** An issuer that is away leaves what is known of it, until that is old. */
  #learn(issuer: string, before?: Known): Known {
    const now = this.#options.now();
    if (this.#issuers.size >= MOST_ISSUERS) this.#issuers.clear();
    const asking: Known = { learned: now, asked: now, keys: this.#ask(issuer) };
    this.#issuers.set(issuer, asking);
    asking.keys.catch(() => {
      if (this.#issuers.get(issuer) !== asking) return;
      const failed = this.#options.now();
      this.#issuers.set(issuer, before ? { ...before, asked: failed } : { ...asking, failed });
    });
    return asking;
  }

  async #ask(issuer: string): Promise<JWTVerifyGetKey> {
    const discovery = await this.#document(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const said = discovery['issuer'];
    if (said !== issuer) throw unusable(issuer, 'its discovery document is of another issuer');
    const uri = discovery['jwks_uri'];
    const address = typeof uri === 'string' ? URL.parse(uri) : null;
    if (!address || (address.protocol !== 'https:' && address.protocol !== new URL(issuer).protocol))
      throw unusable(issuer, 'its discovery document has no jwks_uri that can be asked');
    const keys = await this.#document(address.href);
    if (!isKeySet(keys)) throw unusable(issuer, 'its key set is not one');
    return createLocalJWKSet(keys);
  }

  async #document(address: string): Promise<Readonly<Record<string, unknown>>> {
    const url = new URL(address);
    try {
      const answer = await this.#options.outbound.fetch(url, {
        headers: { accept: 'application/json' },
        timeoutMs: TIMEOUT_MS,
        maxBytes: LARGEST,
      });
      if (answer.status !== 200) throw unusable(url.host, `it answers ${answer.status}`);
      const document: unknown = JSON.parse(new TextDecoder().decode(answer.body));
      if (isRecord(document)) return document;
    } catch (cause) {
      if (cause instanceof RegistryError && cause.reason === UNAVAILABLE) throw cause;
      throw unusable(
        url.host,
        cause instanceof RegistryError ? cause.message : 'it does not answer in JSON',
        cause,
      );
    }
    throw unusable(url.host, 'it does not answer in JSON');
  }
}

/** RFC 6749 has the word only for another endpoint; there is none better. */
const UNAVAILABLE = 'temporarily_unavailable';

/** Throws a sentence for whoever configured it when it is no set of public keys. */
export function parseKeySet(text: string): JWTVerifyGetKey {
  let keys: unknown;
  try {
    keys = JSON.parse(text);
  } catch (cause) {
    throw new Error('it is not JSON', { cause });
  }
  if (!isKeySet(keys)) throw new Error('it is not a key set (RFC 7517) of at most 100 keys');
  for (const key of keys.keys) {
    if (key.kty !== 'RSA' && key.kty !== 'EC') throw new Error('only RSA and EC keys are possible');
    if (key['d'] !== undefined) throw new Error('a key in it is private: give the public keys alone');
  }
  return createLocalJWKSet(keys);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isKeySet = (value: unknown): value is JSONWebKeySet => {
  const keys = isRecord(value) ? value['keys'] : undefined;
  return Array.isArray(keys) && keys.length <= MOST_KEYS && keys.every(isRecord);
};

const unusable = (who: string, why: string, cause?: unknown): RegistryError =>
  new RegistryError('UNAVAILABLE', UNAVAILABLE, `the keys of the issuer cannot be had now: ${who}: ${why}`, {
    headers: { 'retry-after': '5' },
    cause,
  });
