import type { BlobInfo, BlobStore } from '../../core/blob.ts';
import type { Download, Downloads, Fetching } from '../../core/downloads.ts';
import { RegistryError } from '../../core/error.ts';
import { SharedDownload } from './shared-download.ts';
import { Turns } from './turns.ts';

/** Fetches at a time; each has some pieces of its body in memory. */
const MOST_AT_ONCE = 256;
/** Fetches that are over whose bytes stay open a little, for those who were told of one and have not begun to read. */
const LINGERING = 64;

export interface SharedDownloadsOptions {
  readonly blobs: Pick<BlobStore, 'begin' | 'resume' | 'follow' | 'open'>;
  /** Takes bytes out of the store that turned out to be nobody's. Leaves those that some row names. */
  readonly discard: (blob: BlobInfo) => Promise<void>;
  /** Told why a fetch failed that somebody had been promised the bytes of. */
  readonly failed: (cause: unknown) => void;
  readonly mostAtOnce?: number;
}

/** One fetch of a thing at a time, whoever asks for it. */
export class SharedDownloads implements Downloads, AsyncDisposable {
  readonly #options: SharedDownloadsOptions;
  readonly #turns: Turns;
  readonly #running = new Map<string, SharedDownload>();
  readonly #lingering: SharedDownload[] = [];
  #closed = false;

  constructor(options: SharedDownloadsOptions) {
    this.#options = options;
    this.#turns = new Turns(options.mostAtOnce ?? MOST_AT_ONCE);
  }

  async fetch(wanted: Fetching): Promise<Download | undefined> {
    if (this.#closed) throw stopping();
    const key = `${wanted.repositoryId} ${wanted.what}`;
    const running = this.#running.get(key);
    if (running) return running.begun;
    const download = new SharedDownload(wanted, this.#options, this.#turns);
    this.#running.set(key, download);
    void download.run(() => this.#running.delete(key)).then(() => this.#linger(download));
    return download.begun;
  }

  /** Breaks off what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const running = [...this.#running.values()];
    for (const download of running) download.stop(stopping());
    await Promise.all(running.map((download) => download.over));
    await Promise.all(this.#lingering.splice(0).map((download) => download.letGo()));
  }

  #linger(download: SharedDownload): void {
    this.#lingering.push(download);
    if (this.#lingering.length > LINGERING) void this.#lingering.shift()?.letGo();
  }
}

const stopping = (): RegistryError =>
  new RegistryError('UNAVAILABLE', 'STOPPING', 'the server is stopping', { headers: { 'retry-after': '1' } });
