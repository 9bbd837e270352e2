import type { Body, BlobInfo, ByteRange } from '../core/blob.ts';
import type { CatalogReader, FileRef, HostedRepo, StoredFile } from '../core/catalog.ts';
import { notFound, RegistryError } from '../core/error.ts';
import type { MaySee } from '../core/iam.ts';
import type { IndexKey, IndexKind } from '../core/index-kind.ts';
import type { OpenedFile, Repo } from '../core/repo.ts';
import { VisibleCatalog } from '../lib/visible-catalog.ts';

interface BodySource {
  open(blob: BlobInfo, range?: ByteRange): Promise<Body>;
}

type Stored = CatalogReader & Pick<HostedRepo, 'renew'>;

/** Serves what was published here. */
export class StandardRepo implements Repo {
  readonly name: string;
  readonly #stored: Stored;
  readonly #catalog: CatalogReader;
  readonly #bodies: BodySource;
  readonly #opened = new WeakMap<StoredFile, OpenedFile>();

  /** `seen` is as much of what is stored as may be read. */
  constructor(name: string, stored: Stored, bodies: BodySource, seen: CatalogReader = stored) {
    this.name = name;
    this.#stored = stored;
    this.#catalog = seen;
    this.#bodies = bodies;
  }

  seenBy(may: MaySee): Repo {
    return new StandardRepo(this.name, this.#stored, this.#bodies, new VisibleCatalog(this.#catalog, may));
  }

  async file(ref: FileRef): Promise<OpenedFile> {
    const stored = await this.#catalog.file(ref);
    if (!stored) throw notFound('FILE', { path: ref.path });
    const known = this.#opened.get(stored);
    if (known) return known;
    const { blob, ...file } = stored;
    const opened: OpenedFile = {
      file,
      blob,
      size: blob.size,
      open: (range) => this.#bodies.open(blob, range),
    };
    this.#opened.set(stored, opened);
    return opened;
  }

  async touch(ref: FileRef): Promise<void> {
    const stored = await this.#catalog.file(ref);
    if (stored) await this.#stored.renew(stored).catch(unlessUnavailable);
  }

  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<T> {
    const value = await kind.build(this.#catalog, key);
    if (value === undefined) throw notFound('INDEX', { key: key.of });
    return value;
  }
}

/** Whoever asks can be answered though nothing can be written; what they push next is checked again, or refused. */
function unlessUnavailable(error: unknown): void {
  if (!(error instanceof RegistryError) || error.code !== 'UNAVAILABLE') throw error;
}
