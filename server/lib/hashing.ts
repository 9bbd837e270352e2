import type { Checksum, ChecksumAlgorithm, Digest } from '../core/blob.ts';

/** Checksums of one run of bytes, computed together as the bytes go by. sha256 is always among them. */
export class Hashing {
  readonly #hashers: ReadonlyMap<ChecksumAlgorithm, Bun.CryptoHasher>;
  #length = 0;

  constructor(algorithms: Iterable<ChecksumAlgorithm> = []) {
    const wanted = new Set<ChecksumAlgorithm>(['sha256', ...algorithms]);
    this.#hashers = new Map([...wanted].map((algorithm) => [algorithm, new Bun.CryptoHasher(algorithm)]));
  }

  /** Bytes seen so far. */
  get length(): number {
    return this.#length;
  }

  covers(algorithms: Iterable<ChecksumAlgorithm>): boolean {
    return [...algorithms].every((algorithm) => this.#hashers.has(algorithm));
  }

  update(bytes: Uint8Array): void {
    for (const hasher of this.#hashers.values()) hasher.update(bytes);
    this.#length += bytes.byteLength;
  }

  /** Ends the run: nothing may be added afterwards. */
  finish(): { readonly digest: Digest; readonly checksums: readonly Checksum[] } {
    const checksums = [...this.#hashers].map(([algorithm, hasher]) => ({
      algorithm,
      hex: hasher.digest('hex'),
    }));
    const hex = checksums.find(({ algorithm }) => algorithm === 'sha256')?.hex ?? '';
    return { digest: `sha256:${hex}`, checksums };
  }
}
