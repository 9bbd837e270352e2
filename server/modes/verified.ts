import type { ByteRange, ByteStream, Checksum, Digest } from '../core/blob.ts';
import { RegistryError } from '../core/error.ts';
import { Hashing } from '../lib/hashing.ts';

const STRENGTH = ['sha512', 'sha256', 'sha1', 'md5'] as const;

/** One that is right is as good as all, and the weaker ones say nothing more. */
export function strongest(checksums: readonly Checksum[]): readonly Checksum[] {
  for (const algorithm of STRENGTH) {
    const found = checksums.find((checksum) => checksum.algorithm === algorithm);
    if (found) return [found];
  }
  return [];
}

/** What the content will be called, where its checksums tell. */
export function promised(checksums: readonly Checksum[]): Digest | undefined {
  const found = checksums.find(({ algorithm }) => algorithm === 'sha256');
  return found && `sha256:${found.hex}`;
}

/** Holds bytes that came to what was said of them. UPSTREAM_BROKEN otherwise. */
export function requireChecksums(expected: readonly Checksum[], actual: readonly Checksum[]): void {
  for (const { algorithm, hex } of expected) {
    const found = actual.find((checksum) => checksum.algorithm === algorithm)?.hex;
    if (found !== undefined && found !== hex)
      throw new RegistryError(
        'UNAVAILABLE',
        'UPSTREAM_BROKEN',
        `the upstream sends other bytes than it promised: ${algorithm}:${found}, not ${hex}`,
      );
  }
}

interface Verifying {
  readonly range?: ByteRange;
  /** Refuses right bytes by throwing. */
  admit(digest: Digest): Promise<void>;
}

/**
 * A body, or a part of it, whose last piece goes out when all of it is known to be right and let in. Errors with
 * UPSTREAM_BROKEN otherwise, so that whoever reads it never has it whole.
 */
export function verified(body: ByteStream, checksums: readonly Checksum[], verifying: Verifying): ByteStream {
  const [expected] = strongest(checksums);
  const hashing = new Hashing(expected ? [expected.algorithm] : []);
  let held: Uint8Array<ArrayBuffer> | undefined;
  return body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(piece, controller) {
        const at = hashing.length;
        hashing.update(piece);
        const wanted = within(piece, at, verifying.range);
        if (wanted.byteLength === 0) return;
        if (held) controller.enqueue(held);
        held = wanted;
      },
      async flush(controller) {
        const { digest, checksums: actual } = hashing.finish();
        requireChecksums(expected ? [expected] : [], actual);
        await verifying.admit(digest);
        if (held) controller.enqueue(held);
      },
    }),
  );
}

/** As much of a piece, which begins at `at`, as is in the range. */
const within = (
  piece: Uint8Array<ArrayBuffer>,
  at: number,
  range: ByteRange | undefined,
): Uint8Array<ArrayBuffer> =>
  range ? piece.subarray(Math.max(0, range.start - at), Math.max(0, range.end + 1 - at)) : piece;
