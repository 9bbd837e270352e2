import type { Download, Downloads, Fetching } from '../../core/downloads.ts';
import { RegistryError } from '../../core/error.ts';
import { SharedDownload, type SharedDownloadParts } from './shared-download.ts';
import { Turns } from './turns.ts';

/** Fetches of a repository at a time; each has some pieces of its body in memory. */
const MOST_AT_ONCE = 256;
/** Fetches that are over whose bytes stay open a little, for those who were told of one and have not begun to read. */
const LINGERING = 64;

export interface SharedDownloadsOptions extends SharedDownloadParts {
  /** Of each repository. */
  readonly mostAtOnce?: number;
}

/** One fetch of a thing at a time, whoever asks for it. */
export class SharedDownloads implements Downloads, AsyncDisposable {
  readonly #options: SharedDownloadsOptions;
  /** By repository: where one copies another, its fetches wait for fetches of that one, which must not wait for theirs. */
  readonly #turns = new Map<number, Turns>();
  readonly #running = new Map<string, SharedDownload>();
  readonly #working = new Set<Promise<void>>();
  readonly #lingering: SharedDownload[] = [];
  #closed = false;

  constructor(options: SharedDownloadsOptions) {
    this.#options = options;
  }

  async fetch(wanted: Fetching): Promise<Download | undefined> {
    if (this.#closed) throw stopping();
    const key = keyOf(wanted);
    const running = this.#running.get(key);
    if (running) return running.begun;
    const download = new SharedDownload(wanted, this.#options, this.#turnsOf(wanted.repositoryId));
    this.#running.set(key, download);
    const work = this.#work(key, download);
    this.#working.add(work);
    void work.finally(() => this.#working.delete(work));
    return download.begun;
  }

  isUnderWay(wanted: Pick<Fetching, 'repositoryId' | 'what'>): boolean {
    return this.#running.has(keyOf(wanted));
  }

  /** Breaks off what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const download of this.#running.values()) download.stop(stopping());
    await Promise.all(this.#working);
    // Not awaited: somebody may still read.
    for (const download of this.#lingering.splice(0)) void download.letGo();
  }

  #turnsOf(repositoryId: number): Turns {
    const turns = this.#turns.get(repositoryId) ?? new Turns(this.#options.mostAtOnce ?? MOST_AT_ONCE);
    this.#turns.set(repositoryId, turns);
    return turns;
  }

  /** Never rejects. */
  async #work(key: string, download: SharedDownload): Promise<void> {
    const kept = await download.run(() => void this.#running.delete(key));
    if (kept) this.#lingering.push(download);
    const surplus = kept ? this.#lingering.splice(0, this.#lingering.length - LINGERING) : [download];
    for (const each of surplus) void each.letGo();
  }
}

const keyOf = ({ repositoryId, what }: Pick<Fetching, 'repositoryId' | 'what'>): string =>
  `${repositoryId} ${what}`;

const stopping = (): RegistryError =>
  new RegistryError('UNAVAILABLE', 'STOPPING', 'the server is stopping', { headers: { 'retry-after': '1' } });
