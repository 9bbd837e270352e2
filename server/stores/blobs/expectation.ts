import type { Checksum, ChecksumAlgorithm, Expectation } from '../../core/blob.ts';
import { invalid, notFound, RegistryError } from '../../core/error.ts';

export const algorithmsOf = (expected: Expectation): readonly ChecksumAlgorithm[] =>
  (expected.checksums ?? []).map(({ algorithm }) => algorithm);

export function checkSize(expected: Expectation, size: number): void {
  if (expected.size === undefined || expected.size === size) return;
  throw invalid('SIZE_INVALID', `expected ${expected.size} bytes, received ${size}`, {
    expected: String(expected.size),
    actual: String(size),
  });
}

/** `actual` has every algorithm that is expected. */
export function checkDigests(expected: Expectation, actual: readonly Checksum[]): void {
  for (const { algorithm, hex } of expected.checksums ?? []) {
    const found = actual.find((checksum) => checksum.algorithm === algorithm)?.hex;
    if (found === hex) continue;
    throw invalid('DIGEST_INVALID', `expected ${algorithm}:${hex}, received ${algorithm}:${found}`, {
      expected: `${algorithm}:${hex}`,
      actual: `${algorithm}:${found}`,
    });
  }
}

export function checkLimit(limit: number | undefined, size: number): void {
  if (limit === undefined || size <= limit) return;
  throw invalid('SIZE_LIMIT', `more than ${limit} bytes`, { limit: String(limit) });
}

export function checkPlace(from: number | undefined, offset: number): void {
  if (from === undefined || from === offset) return;
  throw new RegistryError(
    'OUT_OF_RANGE',
    'RANGE_INVALID',
    `the chunk begins at ${from}; ${offset} bytes have arrived`,
  );
}

export const uploadBusy = (): RegistryError =>
  new RegistryError('ABORTED', 'UPLOAD_BUSY', 'another request is writing to this upload');

export const uploadUnknown = (): RegistryError => notFound('BLOB_UPLOAD');
