import type { Bearer } from '../core/iam.ts';
import type { SigningKeys } from '../core/service-accounts.ts';
import { scopeOfGoogles, scopeWords } from './google-scopes.ts';
import { claimsToBeSigned, type Signed, signedByKey, Unbelievable } from './signed-by-key.ts';
import type { BearerReader } from './tokens.ts';

interface SelfSignedOptions {
  readonly keys: SigningKeys;
  /** Whether an audience is this server. */
  readonly meansUs: (audience: string) => boolean;
  readonly now: () => number;
}

/**
 * JWTs that service accounts sign for themselves and show instead of an access token, as Google's libraries do
 * (google.aip.dev/auth/4111): with the address of a service as `aud`, or with `scope` and no audience.
 */
export class SelfSigned implements BearerReader {
  readonly #options: SelfSignedOptions;

  constructor(options: SelfSignedOptions) {
    this.#options = options;
  }

  read(secret: string): Promise<Bearer | undefined> | undefined {
    return claimsToBeSigned(secret) ? this.#read(secret) : undefined;
  }

  async #read(secret: string): Promise<Bearer | undefined> {
    const signed = await signedByKey(this.#options, secret).catch((thrown: unknown) => {
      if (thrown instanceof Unbelievable) return undefined;
      throw thrown;
    });
    if (!signed || !this.#isForUs(signed)) return undefined;
    const { key, account, claims } = signed;
    const scope = scopeOfGoogles(scopeWords(claims['scope']));
    return {
      account,
      key: key.id,
      ...(scope && { scope }),
      expiresAt: Math.min(claims.exp * 1000, key.validBefore),
    };
  }

  #isForUs({ account, claims }: Signed): boolean {
    const { sub, aud, scope } = claims;
    if (sub !== account || 'target_audience' in claims) return false;
    if (aud === undefined) return scopeWords(scope).length > 0;
    return (Array.isArray(aud) ? aud : [aud]).some(this.#options.meansUs);
  }
}
