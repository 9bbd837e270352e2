import type { BlobStore, GrowingBlob } from '../../core/blob.ts';
import type { Fetching } from '../../core/downloads.ts';
import { isNotFound } from '../../core/error.ts';
import type { FetchKey, SeenFetch } from '../../core/fetch-leases.ts';
import type { FollowedBytes } from './followed-bytes.ts';
import { LEASE_MS, type Sharing } from './sharing.ts';

interface Watching {
  readonly blobs: Pick<BlobStore, 'follow'>;
  readonly bytes: FollowedBytes;
  /** Told when there is something to read. */
  readonly show: () => void;
  /** Whether somebody may have read some of it. */
  readonly shown: () => boolean;
  /** Throws when nobody wants to know any more. */
  readonly check: () => void;
}

/**
 * Follows the fetch of another process for as long as there is one. `free`: nobody fetches it, because nobody did or because a
 * process died; `failed`: one did, and could not; `kept`: one did, and all bytes are there.
 */
export async function watchOther(
  wanted: FetchKey & Pick<Fetching, 'expected'>,
  { leases, now, pause }: Sharing,
  { blobs, bytes, show, shown, check }: Watching,
): Promise<'free' | 'failed' | 'kept'> {
  let upload: string | undefined;
  let growing: GrowingBlob | undefined;
  for (let seen = false; ; seen = true) {
    check();
    // Before the look: a lease that is renewed meanwhile is not over.
    const at = now();
    const fetch = leases.find(wanted);
    if (!fetch) return seen ? 'failed' : 'free';
    if (fetch.kept && !seen) return 'free';
    if (fetch.upload !== upload) {
      growing = await grown(blobs, fetch.upload);
      if (growing) {
        ({ upload } = fetch);
        bytes.begin(growing);
        bytes.expect(wanted.expected.size);
      }
    }
    if (growing && fetch.upload === upload) {
      const length = await growing.size();
      if (fetch.size !== undefined) bytes.expect(fetch.size);
      bytes.grew(length);
      if (length > 0 || fetch.size !== undefined) show();
    }
    if (fetch.kept) return shown() && fetch.upload !== upload ? 'failed' : 'kept';
    if (isOver(fetch, at)) return 'free';
    await pause();
  }
}

/** Nothing for an upload that is over: the next look tells how it ended. */
async function grown(blobs: Pick<BlobStore, 'follow'>, upload: string): Promise<GrowingBlob | undefined> {
  try {
    return await blobs.follow(upload);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** A lease that ends later than any that is given now was given before the clock was put back. */
const isOver = ({ leaseUntil }: SeenFetch, now: number): boolean =>
  leaseUntil < now || leaseUntil > now + LEASE_MS;
