import { RegistryError } from '../core/error.ts';
import type { Prefetches, PrefetchReport, PrefetchStart, PrefetchStore } from '../core/prefetch.ts';
import type { RemoteCaches } from '../core/remote-caches.ts';
import type { RepositoryAddress } from '../core/repository.ts';
import type { Document } from '../core/resources.ts';

/** Each may be many files, and clients are served meanwhile. */
const AT_ONCE = 6;
/** Each costs a commit. */
const BETWEEN_NOTES_MS = 1000;
const MOST_FAILURES = 100;
/** Requests that are worked on at a time; whoever reads may ask, and clients come first. */
const MOST_RUNNING = 4;

interface PrefetchingParts {
  readonly caches: Pick<RemoteCaches, 'warm'>;
  readonly store: PrefetchStore;
  readonly now: () => number;
  /** Told of what nobody else is told of. */
  readonly report: (cause: unknown) => void;
}

type Counts = { -readonly [K in keyof PrefetchReport]: PrefetchReport[K] };

/** Copies things before anybody asks for them, some at a time, in the process that was asked to. */
export class Prefetching implements Prefetches {
  readonly #parts: PrefetchingParts;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(parts: PrefetchingParts) {
    this.#parts = parts;
  }

  async start(address: RepositoryAddress, start: PrefetchStart): Promise<Document> {
    const { store, report } = this.#parts;
    if (this.#running.size >= MOST_RUNNING)
      throw new RegistryError(
        'RESOURCE_EXHAUSTED',
        'PREFETCH_BUSY',
        `${MOST_RUNNING} prefetches are under way; try again when one of them is done`,
      );
    const nothing: PrefetchReport = {
      done: false,
      total: start.artifacts.length,
      fetched: 0,
      present: 0,
      failed: 0,
      failures: [],
      interrupted: false,
    };
    const begun = await store.begin(address, start, nothing);
    const work = this.#work(address, start, { ...nothing })
      .catch(report)
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
    return begun;
  }

  /** Ends what is on after what it is at, and waits for that. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #work(
    address: RepositoryAddress,
    { artifacts, draft }: PrefetchStart,
    counts: Counts,
  ): Promise<void> {
    const { store, now } = this.#parts;
    const left = artifacts.values();
    let noted = now();
    let noting = Promise.resolve();
    const worker = async (): Promise<void> => {
      for (const artifact of left) {
        if (this.#stopping.signal.aborted) return;
        await this.#one(address, artifact, counts);
        if (now() - noted < BETWEEN_NOTES_MS) continue;
        noted = now();
        const report = { ...counts };
        noting = noting.then(() => store.note(draft, report));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await noting;
    const tried = counts.fetched + counts.present + counts.failed;
    await store.note(draft, { ...counts, done: true, interrupted: tried < counts.total });
  }

  async #one(address: RepositoryAddress, artifact: string, counts: Counts): Promise<void> {
    try {
      const { fetched } = await this.#parts.caches.warm(address, artifact);
      if (fetched > 0) counts.fetched += 1;
      else counts.present += 1;
    } catch (error) {
      counts.failed += 1;
      const isOurs = error instanceof RegistryError;
      if (!isOurs) this.#parts.report(error);
      if (counts.failures.length >= MOST_FAILURES) return;
      const message = isOurs ? error.message : 'internal error; the server’s log has it';
      counts.failures = [...counts.failures, { artifact, message }];
    }
  }
}
