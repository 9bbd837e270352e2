import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyReader } from '../core/accounts.ts';
import type { Bearer } from '../core/iam.ts';

const LARGEST = 16 * 1024;
/** What a key file that is shown may be remembered for. */
const MILLISECONDS = 12 * 3_600_000;

const signing = promisify(sign);
const verifying = promisify(verify);

interface KeyFilesOptions {
  readonly keys: KeyReader;
  readonly now: () => number;
}

/**
 * Key files that are shown whole, as the password of `_json_key`. Of what a file says only two things count: which
 * key it is, and a private key that signs what the stored public key verifies.
 */
export class KeyFiles {
  readonly #options: KeyFilesOptions;

  constructor(options: KeyFilesOptions) {
    this.#options = options;
  }

  async read(text: string): Promise<Bearer | undefined> {
    const file = parse(text);
    const shown = file && privateKey(file.key);
    const known = file && (await this.#options.keys.key(file.id));
    if (!shown || !known || !(await belongs(shown, createPublicKey(known.publicKey)))) return undefined;
    return {
      account: known.account,
      key: known.id,
      expiresAt: Math.min(this.#options.now() + MILLISECONDS, known.validBefore),
    };
  }
}

function parse(text: string): { readonly id: string; readonly key: string } | undefined {
  if (text.length > LARGEST) return undefined;
  try {
    const { private_key_id: id, private_key: key } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return typeof id === 'string' && typeof key === 'string' ? { id, key } : undefined;
  } catch {
    return undefined;
  }
}

/** A public key is none, whoever shows it. */
function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

async function belongs(shown: KeyObject, stored: KeyObject): Promise<boolean> {
  if (shown.asymmetricKeyType !== 'rsa' || !createPublicKey(shown).equals(stored)) return false;
  // A file could name the right public half beside a wrong private one.
  const challenge = randomBytes(32);
  try {
    return await verifying('sha256', challenge, stored, await signing('sha256', challenge, shown));
  } catch {
    return false;
  }
}
