import type {
  BlobInfo,
  BlobStore,
  BlobWriter,
  ByteRange,
  ByteStream,
  Checksum,
  Digest,
} from '../../core/blob.ts';
import type { Download, Fetching } from '../../core/downloads.ts';
import { FollowedBytes } from './followed-bytes.ts';
import { HeldFetch, type Sharing, UNSHARED } from './sharing.ts';
import { storedStream } from './stored-stream.ts';
import { Transfer, type Transferred } from './transfer.ts';
import type { Turns } from './turns.ts';
import { upstreamBroken } from './upstream-broken.ts';
import { watchOther } from './watch-other.ts';

export interface SharedDownloadParts {
  readonly blobs: Pick<BlobStore, 'begin' | 'resume' | 'follow' | 'open'>;
  /** Takes bytes out of the store that turned out to be nobody's. Leaves those that some row names. */
  readonly discard: (blob: BlobInfo) => Promise<void>;
  /** How the processes that serve one database agree; nothing where there is one process. */
  readonly sharing?: Sharing;
  /** Told why a fetch failed that somebody had been promised the bytes of, and what else went wrong. */
  readonly failed: (cause: unknown) => void;
}

/** One thing while this process fetches it, and a little longer. */
export class SharedDownload implements Download {
  readonly #wanted: Fetching;
  readonly #options: SharedDownloadParts;
  readonly #turns: Turns;
  readonly #bytes = new FollowedBytes();
  readonly #begun = Promise.withResolvers<Download | undefined>();
  readonly #kept = Promise.withResolvers<void>();
  #ended: (() => void) | undefined;
  #headers = new Headers();
  #shown = false;
  #blob: BlobInfo | undefined;
  #digest: Digest | undefined;
  #checksums: readonly Checksum[] = [];
  #running: Transfer | undefined;
  readonly #stopping = Promise.withResolvers<never>();
  #stopped: { readonly cause: unknown } | undefined;

  constructor(wanted: Fetching, options: SharedDownloadParts, turns: Turns) {
    this.#wanted = wanted;
    this.#options = options;
    this.#turns = turns;
    // Whoever asks learns of it; perhaps nobody does.
    this.begun.catch(() => undefined);
    this.kept.catch(() => undefined);
    this.#stopping.promise.catch(() => undefined);
  }

  get headers(): Headers {
    return this.#headers;
  }

  get size(): number | undefined {
    return this.#bytes.size;
  }

  get digest(): Digest | undefined {
    return this.#digest;
  }

  get checksums(): readonly Checksum[] {
    return this.#checksums;
  }

  get begun(): Promise<Download | undefined> {
    return this.#begun.promise;
  }

  get kept(): Promise<void> {
    return this.#kept.promise;
  }

  follow(range?: ByteRange): ByteStream {
    const { open } = this.#bytes;
    return open || !this.#blob
      ? this.#bytes.follow(range)
      : storedStream(this.#options.blobs, this.#blob, range);
  }

  stop(cause: unknown): void {
    if (this.#stopped) return;
    this.#stopped = { cause };
    this.#stopping.reject(cause);
    this.#running?.stop(cause);
  }

  letGo(): Promise<void> {
    return this.#bytes.letGo();
  }

  /**
   * Answers whether it was kept. `ended` is called once, when it makes no sense to join any more, before anybody is told.
   */
  async run(ended: () => void): Promise<boolean> {
    this.#ended = ended;
    try {
      await this.#obtain();
      this.#succeed();
      return true;
    } catch (error) {
      ended();
      this.#bytes.failed(error);
      if (this.#shown) this.#options.failed(error);
      this.#begun.reject(error);
      this.#kept.reject(error);
      return false;
    }
  }

  #succeed(): void {
    this.#ended?.();
    this.#ended = undefined;
    this.#bytes.finished();
    this.#begun.resolve(this.#shown ? this : undefined);
    this.#kept.resolve();
  }

  async #obtain(): Promise<void> {
    const { blobs, sharing } = this.#options;
    const watching = {
      blobs,
      bytes: this.#bytes,
      show: () => this.#show(new Headers()),
      shown: () => this.#shown,
      check: () => this.#check(),
    };
    for (;;) {
      const other = sharing ? await watchOther(this.#wanted, sharing, watching) : 'free';
      // Who came too late to read what there was no room for has to fetch it again.
      if (other === 'kept' && (this.#shown || (await this.#wanted.isKept()))) return;
      if (other === 'failed' && this.#shown)
        throw upstreamBroken('another process was fetching it and could not: ask again');
      if (await this.#fetch()) return;
    }
  }

  /** False when another process has begun to fetch it. */
  async #fetch(): Promise<boolean> {
    const { blobs, sharing } = this.#options;
    const giveTurn = await this.#turns.take();
    try {
      this.#check();
      // Whoever comes late takes nothing on, which those who still read what was fetched would take for another fetch.
      if (!this.#shown && (await this.#wanted.isKept())) return true;
      const writer = await Transfer.begin(this.#wanted, blobs);
      const held = sharing ? await HeldFetch.claim(this.#wanted, writer, blobs, sharing) : UNSHARED;
      if (!held) return false;
      try {
        // Who follows what a dead process left could not tell whether what is kept is the same.
        const known = !this.#shown && (await this.#wanted.isKept());
        if (known) await writer.abort();
        else await this.#keep(await this.#transfer(writer, held), giveTurn);
        await held.release(!known);
      } catch (error) {
        await writer.abort().catch(() => undefined);
        await held.release(false);
        throw error;
      }
      return true;
    } finally {
      giveTurn();
    }
  }

  async #transfer(writer: BlobWriter, held: Pick<HeldFetch, 'began'>): Promise<Transferred> {
    const open: Fetching['open'] = (from) => this.#unlessStopped(this.#wanted.open(from));
    const transfer = new Transfer(this.#wanted, writer, await open(), {
      open,
      blobs: this.#options.blobs,
      bytes: this.#bytes,
      began: ({ headers, size }, upload) => {
        held.began(upload, size);
        this.#show(headers);
      },
    });
    this.#running = transfer;
    return transfer.run();
  }

  async #keep({ blob, headers }: Transferred, giveTurn: () => void): Promise<void> {
    // What keeping asks for may be a fetch itself.
    giveTurn();
    let kept = true;
    try {
      await this.#wanted.keep(blob, headers);
    } catch (error) {
      await this.#options.discard(blob).catch(this.#options.failed);
      if (!this.#wanted.isGoodUnkept?.(error)) throw error;
      kept = false;
    }
    if (kept) this.#blob = blob;
    this.#digest = blob.digest;
    this.#checksums = blob.checksums.filter(({ algorithm }) => algorithm !== 'sha256');
    this.#succeed();
  }

  #check(): void {
    if (this.#stopped) throw this.#stopped.cause;
  }

  /** Waits for the upstream no longer than this process has to. */
  async #unlessStopped(asked: ReturnType<Fetching['open']>): ReturnType<Fetching['open']> {
    try {
      return await Promise.race([asked, this.#stopping.promise]);
    } catch (error) {
      if (this.#stopped) asked.then(({ body }) => body.cancel(error)).catch(() => undefined);
      throw error;
    }
  }

  #show(headers: Headers): void {
    if (this.#shown) return;
    this.#shown = true;
    this.#headers = headers;
    this.#begun.resolve(this);
  }
}
