import type { BlobInfo, BlobStore, BlobWriter, ByteRange, ByteStream } from '../../core/blob.ts';
import type { Download, Fetching } from '../../core/downloads.ts';
import { FollowedBytes } from './followed-bytes.ts';
import type { SharedDownloadsOptions } from './shared-downloads.ts';
import { Transfer } from './transfer.ts';
import type { Turns } from './turns.ts';

/** One thing while this process fetches it, and a little longer. */
export class SharedDownload implements Download {
  readonly #wanted: Fetching;
  readonly #options: SharedDownloadsOptions;
  readonly #turns: Turns;
  readonly #bytes = new FollowedBytes();
  readonly #begun = Promise.withResolvers<Download | undefined>();
  readonly #kept = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  #headers = new Headers();
  #shown = false;
  #blob: BlobInfo | undefined;
  #transfer: Transfer | undefined;
  #stopped: { readonly cause: unknown } | undefined;

  constructor(wanted: Fetching, options: SharedDownloadsOptions, turns: Turns) {
    this.#wanted = wanted;
    this.#options = options;
    this.#turns = turns;
    // Whoever asks learns of it; perhaps nobody does.
    this.begun.catch(() => undefined);
    this.kept.catch(() => undefined);
  }

  get headers(): Headers {
    return this.#headers;
  }

  get size(): number | undefined {
    return this.#bytes.size;
  }

  get begun(): Promise<Download | undefined> {
    return this.#begun.promise;
  }

  get kept(): Promise<void> {
    return this.#kept.promise;
  }

  /** Resolves when nothing is done for it any more. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  follow(range?: ByteRange): ByteStream {
    const { open } = this.#bytes;
    return open || !this.#blob ? this.#bytes.follow(range) : stored(this.#options.blobs, this.#blob, range);
  }

  stop(cause: unknown): void {
    this.#stopped ??= { cause };
    this.#transfer?.stop(cause);
  }

  letGo(): Promise<void> {
    return this.#bytes.letGo();
  }

  /** Never rejects. `ended` is called when it makes no sense to join any more, before anybody is told. */
  async run(ended: () => void): Promise<void> {
    try {
      await this.#obtain();
      ended();
      this.#bytes.finished();
      this.#begun.resolve(this.#shown ? this : undefined);
      this.#kept.resolve();
    } catch (error) {
      ended();
      this.#bytes.failed(error);
      if (this.#shown) this.#options.failed(error);
      this.#begun.reject(error);
      this.#kept.reject(error);
    } finally {
      this.#over.resolve();
    }
  }

  async #obtain(): Promise<void> {
    const giveTurn = await this.#turns.take();
    try {
      if (await this.#wanted.isKept()) return;
      await this.#fetch(await Transfer.begin(this.#wanted, this.#options.blobs), giveTurn);
    } finally {
      giveTurn();
    }
  }

  async #fetch(writer: BlobWriter, giveTurn: () => void): Promise<void> {
    const first = await this.#wanted.open().catch(async (error: unknown) => {
      await writer.abort();
      throw error;
    });
    const { blobs, discard } = this.#options;
    const transfer = new Transfer(this.#wanted, writer, first, {
      blobs,
      bytes: this.#bytes,
      began: async ({ headers }) => this.#show(headers),
    });
    this.#transfer = transfer;
    if (this.#stopped) transfer.stop(this.#stopped.cause);
    const { blob, headers } = await transfer.run();
    // What keeping asks for may be a fetch itself.
    giveTurn();
    try {
      await this.#wanted.keep(blob, headers);
    } catch (error) {
      await discard(blob).catch(this.#options.failed);
      throw error;
    }
    this.#blob = blob;
  }

  #show(headers: Headers): void {
    if (this.#shown) return;
    this.#shown = true;
    this.#headers = headers;
    this.#begun.resolve(this);
  }
}

/** From the store, once nothing is kept open any more. */
function stored(blobs: Pick<BlobStore, 'open'>, blob: BlobInfo, range: ByteRange | undefined): ByteStream {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  void (async () => {
    try {
      const { body } = new Response(await blobs.open(blob, range));
      await (body ?? new Blob([]).stream()).pipeTo(writable);
    } catch (error) {
      await writable.abort(error).catch(() => undefined);
    }
  })();
  return readable;
}
