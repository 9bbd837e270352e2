import type { BlobInfo, BlobStore, Body, ByteRange } from '../core/blob.ts';
import { Recent } from '../lib/recent.ts';

interface SmallBodiesOptions {
  /** Bytes; larger blobs are never kept. */
  readonly largest: number;
  /** Bytes kept in all. */
  readonly capacity: number;
}

/**
 * A blob store's small bodies, kept in memory, the least recently used given up first. Never stale: a generation's
 * bytes never change, and whether anyone may still see them was decided by the catalog before they are asked for.
 */
export class SmallBodies {
  readonly #blobs: Pick<BlobStore, 'open'>;
  readonly #options: SmallBodiesOptions;
  readonly #kept: Recent<Blob>;
  /** By generation. */
  readonly #reading = new Map<string, Promise<Body>>();

  constructor(blobs: Pick<BlobStore, 'open'>, options: SmallBodiesOptions) {
    this.#blobs = blobs;
    this.#options = options;
    this.#kept = new Recent(options.capacity);
  }

  /** At once what is in memory. A range of it is made without the others of its bytes. */
  open(blob: BlobInfo, range?: ByteRange): Body | Promise<Body> {
    if (blob.size > this.#options.largest) return this.#blobs.open(blob, range);
    const known = this.#kept.get(blob.generation);
    if (known === undefined) return range ? this.#blobs.open(blob, range) : this.#readOnce(blob);
    return range ? known.slice(range.start, range.end + 1) : known;
  }

  /** A crowd that comes at once waits for one reading, so that it takes no more memory than one of them. */
  #readOnce(blob: BlobInfo): Promise<Body> {
    const begun = this.#reading.get(blob.generation);
    if (begun) return begun;
    const reading = this.#read(blob).finally(() => this.#reading.delete(blob.generation));
    this.#reading.set(blob.generation, reading);
    return reading;
  }

  async #read(blob: BlobInfo): Promise<Body> {
    const body = new Blob([await new Response(await this.#blobs.open(blob)).arrayBuffer()]);
    this.#kept.put(blob.generation, body, body.size);
    return body;
  }
}
