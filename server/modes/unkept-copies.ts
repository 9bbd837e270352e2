import type { Later } from './company.ts';

/** Bytes that wait to be kept, and how many copies: more is kept before it is answered. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST = 1_000;

/** A copy of what an upstream sent, good to be answered, and not on the disk yet. */
export interface Unkept {
  /** How often copies had been purged when the upstream was asked: it counts until they are again. */
  readonly purges: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface Waiting<T> {
  readonly copy: T;
  readonly kept: Later;
}

/** Copies that are kept behind the answers that are made of them. A crash loses some, which can be had again. */
export class UnkeptCopies<T extends Unkept> {
  readonly #waiting = new Map<string, Waiting<T>>();
  readonly #working = new Set<Promise<void>>();
  #bytes = 0;

  find(id: string, purges: string): T | undefined {
    const known = this.#waiting.get(id)?.copy;
    return known?.purges === purges ? known : undefined;
  }

  /** Whether a copy of so many bytes may wait. */
  hasRoom(bytes: number): boolean {
    return this.#working.size < MOST && this.#bytes + bytes <= MOST_BYTES;
  }

  /** Resolves when the copy of this name is kept, or could not be: as soon as that can be. */
  async settled(id: string): Promise<void> {
    await hurried(this.#waiting.get(id)?.kept);
  }

  /** Resolves when all are. */
  async allSettled(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  /** Has a copy kept. Resolves at once, or when it is kept where much is waiting already. What `keep` gives never rejects. */
  async add(id: string, copy: T, keep: () => Later): Promise<void> {
    const { byteLength } = copy.bytes;
    const isMuch = !this.hasRoom(byteLength);
    this.#bytes += byteLength;
    const waiting: Waiting<T> = { copy, kept: keep() };
    this.#waiting.set(id, waiting);
    const { done } = waiting.kept;
    this.#working.add(done);
    void done.finally(() => {
      this.#bytes -= byteLength;
      this.#working.delete(done);
      if (this.#waiting.get(id) === waiting) this.#waiting.delete(id);
    });
    if (isMuch) await hurried(waiting.kept);
  }
}

function hurried(kept: Later | undefined): Promise<void> | undefined {
  kept?.hurry();
  return kept?.done;
}
