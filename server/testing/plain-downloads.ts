import type { BlobStore } from '../core/blob.ts';
import type { Download, Downloads, Fetching } from '../core/downloads.ts';

/** Fetches whole, one after another what has one name, and tells nobody anything before it is kept. */
export class PlainDownloads implements Downloads {
  readonly #blobs: BlobStore;
  readonly #running = new Map<string, Promise<Download | undefined>>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  fetch(wanted: Fetching): Promise<Download | undefined> {
    const key = `${wanted.repositoryId} ${wanted.what}`;
    const running = this.#running.get(key);
    if (running) return running;
    const fetching = this.#fetch(wanted).finally(() => this.#running.delete(key));
    this.#running.set(key, fetching);
    return fetching;
  }

  async #fetch(wanted: Fetching): Promise<Download | undefined> {
    if (await wanted.isKept()) return undefined;
    const { expected, limit } = wanted;
    const answer = await wanted.open();
    const algorithms = (expected.checksums ?? []).map(({ algorithm }) => algorithm);
    const writer = await this.#blobs.begin({ limit, algorithms });
    const kept = (async () => {
      await writer.append(answer.body);
      const blob = await writer.commit(expected);
      await wanted.keep(blob, answer.headers);
      return blob;
    })();
    kept.catch(() => undefined);
    const { headers, size } = answer;
    return {
      headers,
      size,
      kept: kept.then(() => undefined),
      follow: (range) => {
        const { readable, writable } = new TransformStream<
          Uint8Array<ArrayBuffer>,
          Uint8Array<ArrayBuffer>
        >();
        const pipe = async () => {
          const body = await this.#blobs.open(await kept, range);
          await new Blob([await new Response(body).arrayBuffer()]).stream().pipeTo(writable);
        };
        pipe().catch((error: unknown) => writable.abort(error).catch(() => undefined));
        return readable;
      },
    };
  }
}
