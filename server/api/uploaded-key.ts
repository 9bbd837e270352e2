import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { invalid, type RegistryError } from '../core/error.ts';
import type { ServiceAccountKeyRecord } from '../core/service-accounts.ts';

/** 9999-12-31T23:59:59Z, Google's way to say that a key does not expire; milliseconds since the epoch. */
export const FOREVER = Date.UTC(9999, 11, 31, 23, 59, 59);
const LARGEST = 16 * 1024;
const MODULUS = new Set([2048, 3072, 4096]);

type PublicKey = Pick<ServiceAccountKeyRecord, 'algorithm' | 'publicKey' | 'validAfter' | 'validBefore'>;

/** A public key that somebody made elsewhere: PEM, bare or in an X.509 certificate, whose period of validity counts. */
export function readPublicKey(pem: string, now: number): PublicKey {
  const certificate = pem.length <= LARGEST ? certificateIn(pem) : undefined;
  const key = certificate?.publicKey ?? (pem.length <= LARGEST ? publicKeyIn(pem) : undefined);
  if (!key)
    throw refusal('public_key_data must be base64 of a PEM certificate, or of a PEM "BEGIN PUBLIC KEY"');
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || !MODULUS.has(bits))
    throw refusal('the key must be an RSA key of 2048, 3072 or 4096 bits');
  return {
    algorithm: `KEY_ALG_RSA_${bits}`,
    publicKey: key.export({ type: 'spki', format: 'pem' }),
    validAfter: certificate ? Date.parse(certificate.validFrom) : now,
    validBefore: certificate ? Math.min(Date.parse(certificate.validTo), FOREVER) : FOREVER,
  };
}

function certificateIn(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** A private key would be read as well, and must not be sent here. */
function publicKeyIn(pem: string): KeyObject | undefined {
  if (pem.includes('PRIVATE KEY'))
    throw refusal('public_key_data holds a private key; send the public half only');
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

const refusal = (why: string): RegistryError =>
  invalid('SERVICE_ACCOUNT_KEY_INVALID', `Request contains an invalid argument: ${why}.`, {
    field: 'public_key_data',
  });
