import type { ByteRange, ByteStream, GrowingBlob } from '../../core/blob.ts';
import { HELD_BYTES } from '../../core/downloads.ts';
import { upstreamBroken } from './upstream-broken.ts';

/** What one reader has in memory at a time. */
const PIECE = 128 * 1024;

interface Reader {
  /** Where it goes on. */
  at: number;
  /** Whether it has got any bytes. */
  begun: boolean;
  failure?: unknown;
}

/** Bytes that began anew, held to those that some reader has got already. */
interface Comparison {
  readonly before: GrowingBlob;
  /** How far some reader had come. */
  readonly until: number;
  agreed: number;
}

/**
 * Bytes in the store that grow, for readers of any speed: each reads them from there at its own pace, so a slow one costs
 * a piece of memory and delays nobody. Told of what happens by whoever knows, in this process or by watching another.
 */
export class FollowedBytes {
  #growing: GrowingBlob | undefined;
  #length = 0;
  #size: number | undefined;
  #end: { readonly failure?: unknown } | undefined;
  #comparison: Comparison | undefined;
  #wake = Promise.withResolvers<void>();
  readonly #readers = new Set<Reader>();
  #idle: (() => void) | undefined;

  /** Bytes in all, as far as that is known. */
  get size(): number | undefined {
    return this.#size;
  }

  /** The bytes come, from the first on. Called again when they begin anew: who has got some goes on if they are the same. */
  begin(growing: GrowingBlob): void {
    const before = this.#comparison?.before ?? this.#growing;
    const abandoned = this.#comparison && this.#growing;
    const until = Math.max(0, ...[...this.#readers].filter(({ begun }) => begun).map(({ at }) => at));
    this.#growing = growing;
    this.#length = 0;
    void abandoned?.close();
    this.#comparison = undefined;
    if (before && until > 0) void this.#compare({ before, until, agreed: 0 }, growing);
    else void before?.close();
    this.#nudge();
  }

  /** How many there will be, where anybody said. */
  expect(size: number | undefined): void {
    this.#size = size;
  }

  grew(length: number): void {
    if (length <= this.#length) return;
    this.#length = length;
    this.#nudge();
  }

  /** There are all, and they are right. */
  finished(): void {
    this.#end ??= {};
    this.#size = this.#length;
    this.#nudge();
  }

  /** Every reader that has not got all it asked for learns of it. */
  failed(failure: unknown): void {
    this.#end ??= { failure };
    this.#nudge();
  }

  follow(range?: ByteRange): ByteStream {
    const reader: Reader = { at: range?.start ?? 0, begun: false };
    const leave = (): void => {
      if (this.#readers.delete(reader)) this.#closeIfIdle();
    };
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (out) => {
          this.#readers.add(reader);
          try {
            const bytes = await this.#next(reader, range?.end);
            if (bytes) return out.enqueue(bytes);
            leave();
            out.close();
          } catch (error) {
            leave();
            throw error;
          }
        },
        cancel: leave,
      },
      { highWaterMark: 0 },
    );
  }

  /** Whether bytes can still be had from here. */
  get open(): boolean {
    return this.#idle === undefined || this.#readers.size > 0;
  }

  /** Lets go of the bytes as soon as nobody reads them any more. To be called when they have ended. */
  async letGo(): Promise<void> {
    const idle = Promise.withResolvers<void>();
    this.#idle = idle.resolve;
    this.#closeIfIdle();
    await idle.promise;
    await Promise.all([this.#growing?.close(), this.#comparison?.before.close()]);
  }

  async #next(reader: Reader, end: number | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      const failure = this.#end?.failure ?? reader.failure;
      if (failure !== undefined) throw failure;
      const woken = this.#wake.promise;
      const growing = this.#growing;
      const until = this.#visible(end);
      if (growing && reader.at < until) {
        const bytes = await growing.read(reader.at, Math.min(PIECE, until - reader.at));
        // Not if they began anew meanwhile: these may be others.
        if (growing !== this.#growing) continue;
        reader.at += bytes.byteLength;
        reader.begun = true;
        return bytes;
      }
      if (this.#end && !this.#comparison) {
        // The range was of a body that was longer than the one that came in the end.
        if (end !== undefined && reader.at <= end) throw changed();
        return undefined;
      }
      await woken;
    }
  }

  /** Where a reader who wants the bytes up to and with `end` has to stop for now. */
  #visible(end: number | undefined): number {
    if (this.#comparison) return 0;
    const last = end === undefined ? this.#size : end + 1;
    if (this.#end) return Math.min(this.#length, last ?? this.#length);
    return last === undefined ? this.#length - 1 : Math.min(this.#length, last - HELD_BYTES);
  }

  async #compare(comparison: Comparison, growing: GrowingBlob): Promise<void> {
    this.#comparison = comparison;
    const { before, until } = comparison;
    const current = (): boolean => this.#comparison === comparison;
    try {
      while (current() && comparison.agreed < until) {
        const woken = this.#wake.promise;
        const most = Math.min(PIECE, this.#length - comparison.agreed, until - comparison.agreed);
        if (most > 0) {
          const { same, differs } = await agreement(before, growing, comparison.agreed, most);
          comparison.agreed += same;
          if (differs) break;
        } else if (this.#end) break;
        else await woken;
      }
      if (!current()) return;
      if (comparison.agreed < until) this.#part(comparison.agreed);
    } catch (error) {
      if (!current()) return;
      this.failed(error);
    }
    this.#comparison = undefined;
    await before.close();
    this.#nudge();
  }

  /** The bytes are others from `at` on. */
  #part(at: number): void {
    for (const reader of this.#readers) if (reader.begun && reader.at > at) reader.failure = changed();
  }

  #nudge(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  #closeIfIdle(): void {
    // Who has still to learn of a failure needs no bytes for that.
    if (this.#readers.size === 0 || this.#end?.failure !== undefined) this.#idle?.();
  }
}

const changed = () => upstreamBroken('the content changed while it was being fetched: ask again');

/** How many of the next `most` bytes, of those that one look gives, are the same in both. */
async function agreement(one: GrowingBlob, two: GrowingBlob, at: number, most: number) {
  const [a, b] = await Promise.all([one.read(at, most), two.read(at, most)]);
  const length = Math.min(a.byteLength, b.byteLength);
  for (let n = 0; n < length; n += 1) if (a[n] !== b[n]) return { same: n, differs: true };
  return { same: length, differs: length === 0 };
}
