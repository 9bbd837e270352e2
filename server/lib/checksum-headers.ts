import type { Checksum, ChecksumAlgorithm } from '../core/blob.ts';
import { invalid, type RegistryError } from '../core/error.ts';

const HEX_DIGITS: Readonly<Record<ChecksumAlgorithm, number>> = {
  md5: 32,
  sha1: 40,
  sha256: 64,
  sha512: 128,
};

/** How algorithms are called in `Digest` (RFC 3230, RFC 5843) and in `Content-Digest` and `Repr-Digest` (RFC 9530). */
const NAMED: Readonly<Record<string, ChecksumAlgorithm>> = {
  md5: 'md5',
  sha: 'sha1',
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-512': 'sha512',
};

/**
 * What headers say that a body is: `Content-MD5` (RFC 1864), `Digest`, `Content-Digest`, `Repr-Digest`, `X-Checksum-*` in hex, and
 * `X-Goog-Hash`. Algorithms that are not known say nothing; DIGEST_INVALID for what is no checksum of a known one.
 */
export function checksumsIn(headers: Headers): readonly Checksum[] {
  return [
    ...ofXChecksums(headers),
    ...ofContentMd5(headers.get('content-md5')),
    ...['digest', 'content-digest', 'repr-digest', 'x-goog-hash'].flatMap((name) =>
      ofList(name, headers.get(name)),
    ),
  ];
}

/** For answers: RFC 9530, and as clients of other repositories know it. */
export const digestHeaders = (sha256: string): Record<string, string> => ({
  'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
  'x-checksum-sha256': sha256,
});

/** Holds what arrived to what was said of it. DIGEST_INVALID where they differ; what was not computed is not judged. */
export function holdTo(said: readonly Checksum[], actual: readonly Checksum[]): void {
  for (const { algorithm, hex } of said) {
    const is = actual.find((checksum) => checksum.algorithm === algorithm);
    if (is && is.hex !== hex)
      throw invalid(
        'DIGEST_INVALID',
        `what arrived is not what the headers say: its ${algorithm} is ${is.hex}, not ${hex}; send it again`,
        { algorithm, expected: hex, actual: is.hex },
      );
  }
}

function ofXChecksums(headers: Headers): readonly Checksum[] {
  return Object.keys(HEX_DIGITS).flatMap((name) => {
    const algorithm = name as ChecksumAlgorithm;
    const header = `x-checksum-${algorithm}`;
    const value = headers.get(header)?.trim().toLowerCase();
    return value === undefined ? [] : [ofHex(header, algorithm, value)];
  });
}

/** Base64 as it is meant, and hex as many send it. */
function ofContentMd5(value: string | null): readonly Checksum[] {
  if (value === null) return [];
  const text = value.trim();
  if (/^[0-9a-f]{32}$/i.test(text)) return [{ algorithm: 'md5', hex: text.toLowerCase() }];
  return [ofBase64('content-md5', 'md5', text)];
}

/** `NAME=VALUE, …`, the value in Base64, between colons where it is a structured field. */
function ofList(header: string, value: string | null): readonly Checksum[] {
  if (value === null) return [];
  return value.split(',').flatMap((part) => {
    const at = part.indexOf('=');
    if (at < 1) throw refuse(header, 'it is a list of NAME=VALUE');
    const algorithm = NAMED[part.slice(0, at).trim().toLowerCase()];
    const text = part.slice(at + 1).trim();
    if (!algorithm) return [];
    return [ofBase64(header, algorithm, /^:[^:]*:$/.test(text) ? text.slice(1, -1) : text)];
  });
}

function ofHex(header: string, algorithm: ChecksumAlgorithm, hex: string): Checksum {
  if (new RegExp(`^[0-9a-f]{${HEX_DIGITS[algorithm]}}$`).test(hex)) return { algorithm, hex };
  throw refuse(header, `it is the ${algorithm} in ${HEX_DIGITS[algorithm]} hex digits`);
}

function ofBase64(header: string, algorithm: ChecksumAlgorithm, text: string): Checksum {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw refuse(header, `it is the ${algorithm} in Base64`);
  return ofHex(header, algorithm, Buffer.from(text, 'base64').toString('hex'));
}

const refuse = (header: string, why: string): RegistryError =>
  invalid('DIGEST_INVALID', `the header ${header} cannot be read: ${why}`, { header });
