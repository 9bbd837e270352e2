import { sql } from 'kysely';
import { PULLS_NOTED_MS } from '../../core/cleanup.ts';
import type { FileRef } from '../../core/catalog.ts';
import type { PullNotes } from '../../core/pulls.ts';
import { TimedBatch } from '../../lib/timed-batch.ts';
import type { Transactions } from './transactions.ts';

interface PullStampsOptions {
  readonly database: Transactions;
  readonly now: () => number;
  /** Milliseconds that a note waits for others to be written with it. */
  readonly delayMs: number;
  /** Told of notes that could not be written; the next pull notes them again. */
  readonly failed: (cause: unknown) => void;
}

interface Pulled {
  readonly repositoryId: number;
  readonly package: string;
  readonly version: string;
  readonly at: number;
}

interface Noted {
  readonly repositoryId: number;
  readonly at: number;
}

/** Versions that are remembered to be noted already, and those that wait at most. */
const REMEMBERED = 50_000;
/** Versions that one transaction notes. */
const STEP = 500;

/** When versions were pulled last, to the hour: most pulls find in memory that there is nothing to write. */
export class PullStamps implements PullNotes, AsyncDisposable {
  readonly #options: PullStampsOptions;
  /** When each was noted, in milliseconds since the epoch. */
  readonly #noted = new Map<string, number>();
  /** The same by the file, which is one object for as long as nothing is committed: found without a key made of names. */
  #files = new WeakMap<object, Noted>();
  readonly #batch: TimedBatch<Pulled>;

  constructor(options: PullStampsOptions) {
    this.#options = options;
    this.#batch = new TimedBatch({
      capacity: REMEMBERED,
      delayMs: options.delayMs,
      write: (lot, unfit) => this.#write(lot, unfit),
      failed: (_, cause) => {
        this.#forget();
        options.failed(cause);
      },
    });
  }

  note(repositoryId: number, file: Pick<FileRef, 'coordinates'>): void {
    const { coordinates } = file;
    const version = coordinates?.version;
    if (coordinates === undefined || version === undefined) return;
    const at = this.#options.now();
    const known = this.#files.get(file);
    if (known?.repositoryId === repositoryId && isRecent(known.at, at)) return;
    const key = `${repositoryId}/${coordinates.package}@${version}`;
    const before = this.#noted.get(key);
    const isNoted = before !== undefined && isRecent(before, at);
    this.#files.set(file, { repositoryId, at: isNoted ? before : at });
    if (isNoted) return;
    if (this.#noted.size >= REMEMBERED) this.#noted.clear();
    this.#noted.set(key, at);
    this.#batch.add({ repositoryId, package: coordinates.package, version, at });
  }

  /** Writes what waits. Does not fail. */
  flush(): Promise<void> {
    return this.#batch.flush();
  }

  async #write(waiting: readonly Pulled[], unfit: number): Promise<void> {
    if (unfit > 0) this.#forget();
    for (let from = 0; from < waiting.length; from += STEP) {
      const lot = JSON.stringify(
        waiting
          .slice(from, from + STEP)
          .map(({ repositoryId, package: pkg, version, at }) => [repositoryId, pkg, version, at]),
      );
      await this.#options.database.transaction((tx) =>
        sql`INSERT INTO version_pull (version_id, at)
          SELECT version.id, each.value ->> 3 FROM json_each(${lot}) AS each
          CROSS JOIN package ON package.repository_id = each.value ->> 0 AND package.name = each.value ->> 1
          JOIN version ON version.package_id = package.id AND version.name = each.value ->> 2 WHERE true
          ON CONFLICT (version_id) DO UPDATE SET at = excluded.at WHERE excluded.at > at`.execute(tx),
      );
    }
  }

  /** The next pull of each version is noted again. */
  #forget(): void {
    this.#noted.clear();
    this.#files = new WeakMap();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }
}

const isRecent = (noted: number, at: number): boolean => Math.abs(at - noted) < PULLS_NOTED_MS;
