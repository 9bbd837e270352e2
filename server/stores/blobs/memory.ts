import type {
  BlobInfo,
  BlobStore,
  BlobWriter,
  ByteRange,
  ByteStream,
  CommittedBlob,
  Expectation,
  GrowingBlob,
  Quarantine,
  WriteOptions,
} from '../../core/blob.ts';
import { notFound } from '../../core/error.ts';
import { Hashing } from '../../lib/hashing.ts';
import {
  algorithmsOf,
  checkDigests,
  checkLimit,
  checkPlace,
  checkSize,
  uploadBusy,
  uploadUnknown,
} from './expectation.ts';

type Bytes = Uint8Array<ArrayBuffer>;

interface Stage {
  readonly chunks: Bytes[];
  size: number;
  touchedAt: number;
  busy: boolean;
}

/** `at`: when it was stored or, in quarantine, set aside. */
interface MemoryObject {
  readonly blob: BlobInfo;
  readonly bytes: Bytes;
  readonly at: number;
}

const keyOf = ({ digest, generation }: Pick<BlobInfo, 'digest' | 'generation'>): string =>
  `${digest}.${generation}`;

/** Blobs in memory, for tests of everything that uses a store. */
export class MemoryBlobs implements BlobStore, Quarantine {
  readonly #clock: () => number;
  readonly #objects = new Map<string, MemoryObject>();
  readonly #asides = new Map<string, MemoryObject>();
  readonly #stages = new Map<string, Stage>();
  #made = 0;

  /** `clock` tells milliseconds since the epoch. */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  async has(blob: BlobInfo): Promise<boolean> {
    return this.#objects.get(keyOf(blob))?.blob.size === blob.size;
  }

  async open(blob: BlobInfo, range?: ByteRange): Promise<Bytes> {
    const found = this.#objects.get(keyOf(blob));
    if (found?.blob.size !== blob.size) throw notFound('BLOB', { digest: blob.digest });
    return range ? found.bytes.slice(range.start, range.end + 1) : found.bytes.slice();
  }

  async begin(options: WriteOptions = {}): Promise<BlobWriter> {
    const id = this.#unique();
    this.#stages.set(id, { chunks: [], size: 0, touchedAt: this.#clock(), busy: false });
    return this.#writer(id, options);
  }

  async resume(id: string, options: WriteOptions = {}): Promise<BlobWriter> {
    this.#stage(id);
    return this.#writer(id, options);
  }

  async follow(id: string): Promise<GrowingBlob> {
    const stage = this.#stage(id);
    return {
      size: async () => stage.size,
      read: async (start, most) => {
        let at = 0;
        for (const chunk of stage.chunks) {
          if (start < at + chunk.byteLength) return chunk.slice(start - at, start - at + most);
          at += chunk.byteLength;
        }
        return new Uint8Array();
      },
      close: async () => undefined,
    };
  }

  async delete(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<void> {
    this.#objects.delete(keyOf(blob));
  }

  async *list(): AsyncGenerator<BlobInfo> {
    for (const { blob } of this.#objects.values()) yield blob;
  }

  async *uploads(): AsyncGenerator<{ readonly id: string; readonly touchedAt: number }> {
    for (const [id, { touchedAt }] of this.#stages) yield { id, touchedAt };
  }

  async storedAt(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<number | undefined> {
    return this.#objects.get(keyOf(blob))?.at;
  }

  async setAside(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<void> {
    const found = this.#objects.get(keyOf(blob));
    if (!found) return;
    this.#objects.delete(keyOf(blob));
    this.#asides.set(keyOf(blob), { ...found, at: this.#clock() });
  }

  async *asides(): AsyncGenerator<BlobInfo & { readonly since: number }> {
    for (const { blob, at } of this.#asides.values()) yield { ...blob, since: at };
  }

  async dropAside(blob: Pick<BlobInfo, 'digest' | 'generation'>): Promise<void> {
    this.#asides.delete(keyOf(blob));
  }

  async freeBytes(): Promise<number> {
    return Infinity;
  }

  #unique(): string {
    this.#made += 1;
    return this.#made.toString(16).padStart(32, '0');
  }

  #stage(id: string): Stage {
    const stage = this.#stages.get(id);
    if (!stage) throw uploadUnknown();
    return stage;
  }

  #writer(id: string, options: WriteOptions): BlobWriter {
    let offset = this.#stage(id).size;
    return {
      id,
      get offset() {
        return offset;
      },
      append: async (body, from, grew) => {
        const stage = this.#stage(id);
        try {
          checkPlace(from, stage.size);
          await this.#append(id, stage, body, options, grew);
        } finally {
          offset = stage.size;
        }
        return offset;
      },
      commit: async (expected = {}) => this.#commit(id, options, expected),
      abort: async () => void this.#stages.delete(id),
      release: async () => undefined,
    };
  }

  async #append(
    id: string,
    stage: Stage,
    body: ByteStream,
    { limit }: WriteOptions,
    grew?: (offset: number) => void,
  ): Promise<void> {
    if (stage.busy) throw uploadBusy();
    stage.busy = true;
    try {
      for await (const chunk of body) {
        if (limit !== undefined && stage.size + chunk.byteLength > limit) this.#stages.delete(id);
        checkLimit(limit, stage.size + chunk.byteLength);
        stage.chunks.push(chunk.slice());
        stage.size += chunk.byteLength;
        stage.touchedAt = this.#clock();
        grew?.(stage.size);
      }
    } finally {
      stage.busy = false;
    }
  }

  #commit(id: string, options: WriteOptions, expected: Expectation): CommittedBlob {
    const { busy, size, chunks } = this.#stage(id);
    if (busy) throw uploadBusy();
    this.#stages.delete(id);
    checkSize(expected, size);
    const hashing = new Hashing([...(options.algorithms ?? []), ...algorithmsOf(expected)]);
    const bytes = new Uint8Array(size);
    for (const chunk of chunks) {
      bytes.set(chunk, hashing.length);
      hashing.update(chunk);
    }
    const { digest, checksums } = hashing.finish();
    checkDigests(expected, checksums);
    const blob = { digest, size, generation: this.#unique() };
    this.#objects.set(keyOf(blob), { blob, bytes, at: this.#clock() });
    return { ...blob, checksums };
  }
}
