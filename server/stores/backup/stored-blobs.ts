import type { BlobInfo } from '../../core/blob.ts';
import { BLOBS, digestOf } from './backup-names.ts';
import type { BackupTarget } from './backup-target.ts';

export interface StoredBlob {
  readonly blob: BlobInfo;
  /** Bytes that are stored of it, right or wrong; nothing where it is not there. */
  readonly stored: number | undefined;
}

/** Of each blob what is stored of it. Blobs come in the order of digests, as stored ones do, so neither has to fit in memory. */
export async function* withStored(
  blobs: Iterable<BlobInfo>,
  target: BackupTarget,
): AsyncGenerator<StoredBlob> {
  const stored = target.list(BLOBS)[Symbol.asyncIterator]();
  let there = await stored.next();
  for (const blob of blobs) {
    for (; there.done !== true; there = await stored.next()) {
      const digest = digestOf(there.value.name);
      if (digest !== undefined && digest >= blob.digest) break;
    }
    const found = there.done !== true && digestOf(there.value.name) === blob.digest;
    yield { blob, stored: found ? there.value.size : undefined };
  }
}
