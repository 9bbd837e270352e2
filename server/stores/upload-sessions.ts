import type { BlobStore, WriteOptions } from '../core/blob.ts';
import type { Upload } from '../core/catalog.ts';
import { notFound, RegistryError } from '../core/error.ts';
import type { TokenSealer } from '../lib/sealed-token.ts';

/** Whom an upload belongs to. Nobody else continues it, and not in another place. */
interface UploadOwner {
  readonly repositoryId: number;
  readonly package: string;
  readonly account: string;
}

type SessionState = readonly [id: string, startedAt: number];

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
    const state: SessionState = [writer.id, now()];
    return { session: sealer.seal(state, bound(owner)), writer };
  }

  async resume(owner: UploadOwner, session: string, options?: WriteOptions): Promise<Upload> {
    const { blobs, sealer, now, ttlMs } = this.#options;
    const state = sealer.open(session, bound(owner)) as SessionState | undefined;
    if (!state) throw notFound('BLOB_UPLOAD');
    const [id, startedAt] = state;
    if (startedAt + ttlMs <= now())
      throw new RegistryError('NOT_FOUND', 'BLOB_UPLOAD_UNKNOWN', 'the upload has expired; start it again');
    return { session, writer: await blobs.resume(id, options) };
  }
}

const bound = ({ repositoryId, package: pkg, account }: UploadOwner) => [repositoryId, pkg, account];
