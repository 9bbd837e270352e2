import type { Listing } from '../core/index-kind.ts';
import type { UnkeptIndex } from './read-index.ts';
import type { UnkeptFile } from './short-files.ts';
import { UnkeptCopies } from './unkept-copies.ts';

/** An index as its upstream has it, read. */
export interface ReadIndex<T> {
  readonly value: T;
  /** Made when it is first asked for. */
  listing(): Listing;
}

/** Decoded bytes of the indexes that are kept read. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_ABSENT = 50_000;
/** Of all names together. */
const MOST_ABSENT_CHARACTERS = 8 * 1024 * 1024;

interface Kept {
  readonly index: Promise<ReadIndex<unknown>>;
  bytes: number;
}

/**
 * What a process remembers of upstreams, for all its repositories. Bounded, and never older than the tables: an index is known by
 * its content, and what an upstream does not have is forgotten with a purge in any process.
 */
export class RemoteMemory {
  readonly unkept = new UnkeptCopies<UnkeptIndex>();
  readonly unkeptFiles = new UnkeptCopies<UnkeptFile>();
  readonly #indexes = new Map<string, Kept>();
  readonly #absent = new Map<string, { readonly until: number; readonly purges: string }>();
  readonly #running = new Map<string, Promise<unknown>>();
  #bytes = 0;
  #absentCharacters = 0;

  /** One at a time of whatever has this name; who comes meanwhile gets the same. */
  once<T>(id: string, work: () => Promise<T>): Promise<T> {
    const known = this.#running.get(id);
    // What has one name has one type.
    if (known) return known as Promise<T>;
    const running = work().finally(() => this.#running.delete(id));
    this.#running.set(id, running);
    return running;
  }

  /** An index by its content, read at most once while it is remembered. `read` says how many bytes it was. */
  async index<T>(
    id: string,
    read: () => Promise<{ readonly index: ReadIndex<T>; readonly bytes: number }>,
  ): Promise<ReadIndex<T>> {
    const known = this.#indexes.get(id);
    if (known) {
      this.#indexes.delete(id);
      this.#indexes.set(id, known);
      return known.index as Promise<ReadIndex<T>>;
    }
    const reading = read();
    const kept: Kept = { index: reading.then(({ index }) => index), bytes: 0 };
    this.#indexes.set(id, kept);
    // Whoever reads it learns of it; perhaps nobody else does.
    kept.index.catch(() => undefined);
    try {
      const { index, bytes } = await reading;
      kept.bytes = bytes;
      this.#bytes += bytes;
      this.#giveUp();
      return index;
    } catch (error) {
      this.#indexes.delete(id);
      throw error;
    }
  }

  /** Whether an index of this content is read, so that its bytes need not be. */
  hasIndex(id: string): boolean {
    return this.#indexes.has(id);
  }

  /** Until when it is good to say that there is none, in milliseconds since the epoch; nothing where the upstream must be asked. */
  absentUntil(
    id: string,
    { now, purges }: { readonly now: number; readonly purges: string },
  ): number | undefined {
    const until = this.wasAbsent(id, purges) ? this.#absent.get(id)?.until : undefined;
    return until !== undefined && until > now ? until : undefined;
  }

  /** Whether it was not there when the upstream last answered, however long ago. */
  wasAbsent(id: string, purges: string): boolean {
    return this.#absent.get(id)?.purges === purges;
  }

  noteFound(id: string): void {
    if (this.#absent.delete(id)) this.#absentCharacters -= id.length;
  }

  /** `until` in milliseconds since the epoch. */
  noteAbsent(id: string, absence: { readonly until: number; readonly purges: string }): void {
    this.noteFound(id);
    this.#absent.set(id, absence);
    this.#absentCharacters += id.length;
    for (const oldest of this.#absent.keys()) {
      if (this.#absent.size <= MOST_ABSENT && this.#absentCharacters <= MOST_ABSENT_CHARACTERS) return;
      this.noteFound(oldest);
    }
  }

  /** The least recently used first, never the only one. */
  #giveUp(): void {
    for (const [id, { bytes }] of this.#indexes) {
      if (this.#bytes <= MOST_BYTES || this.#indexes.size === 1) return;
      if (bytes === 0) continue;
      this.#indexes.delete(id);
      this.#bytes -= bytes;
    }
  }
}
