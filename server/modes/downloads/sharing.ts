import type { BlobStore, BlobWriter } from '../../core/blob.ts';
import { isNotFound } from '../../core/error.ts';
import type { FetchKey, FetchLeases, LeasedFetch } from '../../core/fetch-leases.ts';

/** Milliseconds a fetch is left to its process without a sign of life. */
export const LEASE_MS = 15_000;
const RENEWED_MS = LEASE_MS / 3;
/** Bytes from which on others are told how many there will be: what is smaller is over before they ask. */
const WORTH_TELLING = 1024 * 1024;

/** How the processes that serve one database agree who fetches what. */
export interface Sharing {
  readonly leases: FetchLeases;
  readonly now: () => number;
  /** Never the same twice. */
  readonly newId: () => string;
  /** Waits as long as may pass between two looks at what another process does. */
  readonly pause: () => Promise<void>;
  /** Does `work` again and again until what it answers is called. */
  readonly every: (milliseconds: number, work: () => void) => () => void;
  /** Told what failed without harm. */
  readonly failed: (cause: unknown) => void;
}

/** A fetch that this process has taken on itself, before the others. Renewed as long as the process lives. */
export class HeldFetch {
  readonly #key: FetchKey;
  readonly #owner: string;
  readonly #sharing: Sharing;
  readonly #stop: () => void;
  #fetch: Omit<LeasedFetch, 'leaseUntil'>;

  private constructor(key: FetchKey, owner: string, upload: string, sharing: Sharing) {
    this.#key = key;
    this.#owner = owner;
    this.#fetch = { upload };
    this.#sharing = sharing;
    this.#stop = sharing.every(RENEWED_MS, () => this.#update());
  }

  /** Nothing when another process was quicker: then what `writer` was begun for is not wanted, and it is aborted. */
  static async claim(
    key: FetchKey,
    writer: BlobWriter,
    blobs: Pick<BlobStore, 'resume'>,
    sharing: Sharing,
  ): Promise<HeldFetch | undefined> {
    const { leases, newId, now, failed } = sharing;
    const owner = newId();
    const left = leases.find(key);
    let claimed = false;
    try {
      const at = now();
      claimed = await leases.claim(key, owner, { upload: writer.id, leaseUntil: at + LEASE_MS }, at);
    } finally {
      if (!claimed) await writer.abort().catch(failed);
    }
    if (!claimed) return undefined;
    if (left && !left.kept) await forget(blobs, left.upload).catch(failed);
    return new HeldFetch(key, owner, writer.id, sharing);
  }

  /** The bytes come into this upload. Others learn of it when they next look. */
  began(upload: string, size: number | undefined): void {
    const told = size !== undefined && size >= WORTH_TELLING;
    if (upload === this.#fetch.upload && !told) return;
    this.#fetch = { upload, ...(told && { size }) };
    this.#update();
  }

  async release(kept: boolean): Promise<void> {
    const { leases, now, failed } = this.#sharing;
    this.#stop();
    const upload = kept ? this.#fetch.upload : undefined;
    await leases.release(this.#key, this.#owner, upload, now()).catch(failed);
  }

  #update(): void {
    const { leases, now, failed } = this.#sharing;
    leases.update(this.#key, this.#owner, { ...this.#fetch, leaseUntil: now() + LEASE_MS }).catch(failed);
  }
}

/** Where there is one process, which need not tell anybody. */
export const UNSHARED: Pick<HeldFetch, 'began' | 'release'> = {
  began: () => undefined,
  release: async () => undefined,
};

/** What a process left behind that died. */
async function forget(blobs: Pick<BlobStore, 'resume'>, upload: string): Promise<void> {
  try {
    await (await blobs.resume(upload)).abort();
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
