import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;

/**
 * Secrets that must be read back, as they are kept: AES-256-GCM (NIST SP 800-38D) under a key of its own purpose, derived
 * from the installation's (RFC 5869), and bound to where they belong, so that a copy elsewhere opens nothing.
 */
export class SecretSealer {
  readonly #key: Uint8Array;

  constructor(installationKey: Uint8Array, purpose: string) {
    this.#key = new Uint8Array(hkdfSync('sha256', installationKey, '', `entrepot ${purpose}`, 32));
  }

  seal(secret: string, boundTo: unknown): string {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG });
    cipher.setAAD(associated(boundTo));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
  }

  /** The secret, or nothing for what is not ours, not whole, of another purpose or bound to something else. */
  open(text: string, boundTo: unknown): string | undefined {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length < NONCE + TAG) return undefined;
    const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE), { authTagLength: TAG });
    decipher.setAAD(associated(boundTo));
    decipher.setAuthTag(bytes.subarray(-TAG));
    try {
      const secret = decipher.update(bytes.subarray(NONCE, -TAG));
      return Buffer.concat([secret, decipher.final()]).toString();
    } catch {
      return undefined;
    }
  }
}

const associated = (boundTo: unknown): Buffer => Buffer.from(JSON.stringify(boundTo));
