import type { ByteStream } from '../../core/blob.ts';

/** An upstream's body as the store takes it in: tells whose fault it is when that goes wrong. */
export class WatchedBody {
  readonly stream: ByteStream;
  #failure: { readonly cause: unknown } | undefined;
  readonly #reader: { cancel(reason: unknown): Promise<void> };

  constructor(body: ByteStream) {
    const reader = body.getReader();
    this.#reader = reader;
    this.stream = new ReadableStream(
      {
        pull: async (out) => {
          try {
            const { done, value } = await reader.read();
            if (this.#failure) throw this.#failure.cause;
            if (done) out.close();
            else out.enqueue(value);
          } catch (cause) {
            this.#failure ??= { cause };
            out.error(cause);
          }
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  /** Why it broke off, when it did. */
  get failure(): { readonly cause: unknown } | undefined {
    return this.#failure;
  }

  /** Breaks it off. */
  stop(cause: unknown): void {
    this.#failure ??= { cause };
    void this.#reader.cancel(cause).catch(() => undefined);
  }
}
