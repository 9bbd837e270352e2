import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

interface Signing {
  readonly alg: string;
  readonly kid: string;
}
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

/** Someone who signs tokens. Tests say what its keys are, or serve them. */
export class TestIssuer {
  readonly #keys: Keys;
  readonly #signing: Signing;
  readonly issuer: string;

  constructor(issuer: string, keys: Keys, signing: Signing) {
    this.issuer = issuer;
    this.#keys = keys;
    this.#signing = signing;
  }

  static async make(issuer: string, alg = 'RS256', kid: string = crypto.randomUUID()): Promise<TestIssuer> {
    return new TestIssuer(issuer, await generateKeyPair(alg, { extractable: true }), { alg, kid });
  }

  async publicKey() {
    return { ...(await exportJWK(this.#keys.publicKey)), ...this.#signing, use: 'sig' };
  }

  /** RFC 7517, as text. */
  async keySet(): Promise<string> {
    return JSON.stringify({ keys: [await this.publicKey()] });
  }

  /** Whatever is wanted of claims and header, under this issuer's signature. */
  sign(claims: JWTPayload, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return new SignJWT({ iss: this.issuer, ...claims })
      .setProtectedHeader({ typ: 'JWT', ...this.#signing, ...header })
      .sign(this.#keys.privateKey);
  }
}
