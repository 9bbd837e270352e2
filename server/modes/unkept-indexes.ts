import type { CopyState } from '../core/copies.ts';
import type { Later } from './company.ts';
import type { IndexBody } from './read-index.ts';

/** Decoded bytes that wait to be kept, and how many indexes: more is kept before it is answered. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST = 1_000;

/** An index as its upstream sent it, good to be answered, and not on the disk yet. */
export interface Unkept {
  readonly source: string;
  readonly body: IndexBody;
  readonly state: CopyState;
  /** How often copies had been purged when the upstream was asked: it counts until they are again. */
  readonly purges: string;
}

interface Waiting extends Unkept {
  readonly kept: Later;
}

/** Indexes that are kept behind the answers that are made of them. A crash loses copies, which can be had again. */
export class UnkeptIndexes {
  readonly #waiting = new Map<string, Waiting>();
  readonly #working = new Set<Promise<void>>();
  #bytes = 0;

  find(id: string, purges: string): Unkept | undefined {
    const known = this.#waiting.get(id);
    return known?.purges === purges ? known : undefined;
  }

  /** Resolves when the index of this name is kept, or could not be: as soon as that can be. */
  async settled(id: string): Promise<void> {
    await hurried(this.#waiting.get(id)?.kept);
  }

  /** Resolves when all are. */
  async allSettled(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  /** Has an index kept. Resolves at once, or when it is kept where much is waiting already. What `keep` gives never rejects. */
  async add(id: string, index: Unkept, keep: () => Later): Promise<void> {
    const { byteLength } = index.body.bytes;
    const isMuch = this.#working.size >= MOST || this.#bytes + byteLength > MOST_BYTES;
    this.#bytes += byteLength;
    const kept = keep();
    const waiting: Waiting = { ...index, kept };
    this.#waiting.set(id, waiting);
    const { done } = kept;
    this.#working.add(done);
    void done.finally(() => {
      this.#bytes -= byteLength;
      this.#working.delete(done);
      if (this.#waiting.get(id) === waiting) this.#waiting.delete(id);
    });
    if (isMuch) await hurried(kept);
  }
}

function hurried(kept: Later | undefined): Promise<void> | undefined {
  kept?.hurry();
  return kept?.done;
}
