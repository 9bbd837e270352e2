import type { BlobStore, WriteOptions } from '../core/blob.ts';
import type { Upload } from '../core/catalog.ts';
import { notFound } from '../core/error.ts';
import type { TokenSealer } from '../lib/sealed-token.ts';

/** Whom an upload belongs to. Nobody else continues it, and not in another place. */
interface UploadOwner {
  readonly repositoryId: number;
  readonly package: string;
  readonly account: string;
}

interface SessionState extends UploadOwner {
  readonly id: string;
  readonly startedAt: number;
}

interface UploadSessionOptions {
  readonly blobs: BlobStore;
  readonly sealer: TokenSealer;
  readonly now: () => number;
  readonly ttlMs: number;
}

/**
 * Uploads that go over several requests. All state but the bytes is in the session token, so beginning one costs
 * no transaction, any process continues it, and a restart forgets nothing.
 */
export class UploadSessions {
  readonly #options: UploadSessionOptions;

  constructor(options: UploadSessionOptions) {
    this.#options = options;
  }

  async begin(owner: UploadOwner, options?: WriteOptions): Promise<Upload> {
    const { blobs, sealer, now } = this.#options;
    const writer = await blobs.begin(options);
    const state: SessionState = { ...owner, id: writer.id, startedAt: now() };
    return { session: sealer.seal(state), writer };
  }

  async resume(owner: UploadOwner, session: string, options?: WriteOptions): Promise<Upload> {
    const { blobs, sealer, now, ttlMs } = this.#options;
    const state = sealer.open(session) as SessionState | undefined;
    const theirs =
      state !== undefined &&
      state.repositoryId === owner.repositoryId &&
      state.package === owner.package &&
      state.account === owner.account &&
      state.startedAt + ttlMs > now();
    if (!theirs) throw notFound('BLOB_UPLOAD');
    return { session, writer: await blobs.resume(state.id, options) };
  }
}
