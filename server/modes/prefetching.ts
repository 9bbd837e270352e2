import { RegistryError } from '../core/error.ts';
import type {
  LeftPrefetch,
  Prefetches,
  PrefetchReport,
  PrefetchStart,
  PrefetchStore,
} from '../core/prefetch.ts';
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
/** What was begun so often without an end may be what ends the server. */
const MOST_BEGUN = 3;
/** Less than a lease is good for. */
const RENEWED_EVERY_MS = 10_000;

interface PrefetchingParts {
  readonly caches: Pick<RemoteCaches, 'warm'>;
  readonly store: PrefetchStore;
  /** What the operation says of a report. */
  readonly body: (report: PrefetchReport) => Document;
  readonly now: () => number;
  /** Told of what nobody else is told of. */
  readonly report: (cause: unknown) => void;
}

type Counts = { -readonly [K in keyof PrefetchReport]: PrefetchReport[K] };

type Begun = Pick<PrefetchStart, 'artifacts' | 'draft'> & Pick<LeftPrefetch, 'begun'>;

const nothingOf = (artifacts: readonly string[]): PrefetchReport => ({
  done: false,
  total: artifacts.length,
  fetched: 0,
  present: 0,
  failed: 0,
  failures: [],
  interrupted: false,
});

/** Copies things before anybody asks for them, some at a time, in the process that was asked to, or another when that one has gone. */
export class Prefetching implements Prefetches {
  readonly #parts: PrefetchingParts;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #watching: NodeJS.Timeout | undefined;

  constructor(parts: PrefetchingParts) {
    this.#parts = parts;
  }

  async start(address: RepositoryAddress, start: PrefetchStart): Promise<Document> {
    const { store } = this.#parts;
    if (this.#running.size >= MOST_RUNNING)
      throw new RegistryError(
        'RESOURCE_EXHAUSTED',
        'PREFETCH_BUSY',
        `${MOST_RUNNING} prefetches are under way; try again when one of them is done`,
      );
    const begun = await store.begin(address, start, nothingOf(start.artifacts));
    this.#run(address, { ...start, begun: 1 });
    return begun;
  }

  /** Takes up what others left, now and from time to time. */
  watch(): void {
    const look = (): void => void this.takeUp().catch(this.#parts.report);
    this.#watching = setInterval(look, RENEWED_EVERY_MS);
    this.#watching.unref();
    look();
  }

  async takeUp(): Promise<void> {
    const { store, body } = this.#parts;
    while (!this.#stopping.signal.aborted && this.#running.size < MOST_RUNNING) {
      const left = await store.takeUp();
      if (!left) return;
      const { id, account, artifacts, address, begun } = left;
      const draft = { id, account, body };
      if (begun > MOST_BEGUN)
        await store.note(draft, { ...nothingOf(artifacts), done: true, interrupted: true }, { begun });
      else this.#run(address, { artifacts, draft, begun });
    }
  }

  /** Ends what is on after what it is at, and waits for that. What is left goes on elsewhere, or at the next start. */
  async stop(): Promise<void> {
    clearInterval(this.#watching);
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  #run(address: RepositoryAddress, begun: Begun): void {
    const { store, report } = this.#parts;
    // Whoever slept until another took it up leaves it to that one.
    const lost = new AbortController();
    const still = (isOurs: boolean): void => {
      if (!isOurs) lost.abort();
    };
    const held = { id: begun.draft.id, begun: begun.begun };
    const renewing = setInterval(() => void store.renew(held).then(still).catch(report), RENEWED_EVERY_MS);
    const work = this.#work(address, begun, { still, lost: lost.signal })
      .catch(report)
      .finally(() => {
        clearInterval(renewing);
        this.#running.delete(work);
      });
    this.#running.add(work);
  }

  async #work(
    address: RepositoryAddress,
    { artifacts, draft, begun }: Begun,
    { still, lost }: { readonly still: (isOurs: boolean) => void; readonly lost: AbortSignal },
  ): Promise<void> {
    const { store, now, report: tell } = this.#parts;
    const counts: Counts = { ...nothingOf(artifacts) };
    const left = artifacts.values();
    let noted = now();
    let noting = Promise.resolve();
    const worker = async (): Promise<void> => {
      for (const artifact of left) {
        if (this.#stopping.signal.aborted || lost.aborted) return;
        await this.#one(address, artifact, counts);
        if (now() - noted < BETWEEN_NOTES_MS) continue;
        noted = now();
        const report = { ...counts };
        // What is noted next says it too.
        noting = noting.then(async () => still(await store.note(draft, report, { begun }))).catch(tell);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await noting;
    const tried = counts.fetched + counts.present + counts.failed;
    if (tried < counts.total) await store.release({ id: draft.id, begun });
    else await store.note(draft, { ...counts, done: true }, { begun });
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
