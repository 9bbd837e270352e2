import type { Body, BlobInfo, ByteRange } from '../core/blob.ts';
import type { CatalogReader, FileRef, HostedRepo, StoredFile } from '../core/catalog.ts';
import { notFound, RegistryError } from '../core/error.ts';
import type { MaySee } from '../core/iam.ts';
import { type IndexKey, type IndexKind, type IndexPart, packageOf } from '../core/index-kind.ts';
import type { NotePull } from '../core/pulls.ts';
import { type Answers, NOBODY_ASKED } from '../core/question.ts';
import type { OpenedFile, Repo } from '../core/repo.ts';
import { VisibleCatalog } from '../lib/visible-catalog.ts';

interface BodySource {
  open(blob: BlobInfo, range?: ByteRange): Body | Promise<Body>;
}

type Stored = CatalogReader & Pick<HostedRepo, 'renew'>;

interface More {
  /** As much of what is stored as may be read. */
  readonly catalog?: CatalogReader;
  readonly opened?: WeakMap<StoredFile, OpenedFile>;
  /** Told of files that clients got. */
  readonly pulled?: NotePull | undefined;
}

/** Serves what was published here. */
export class StandardRepo implements Repo {
  readonly name: string;
  readonly #stored: Stored;
  readonly #catalog: CatalogReader;
  readonly #bodies: BodySource;
  readonly #opened: WeakMap<StoredFile, OpenedFile>;
  readonly #pulled: NotePull | undefined;

  constructor(name: string, stored: Stored, bodies: BodySource, more: More = {}) {
    this.name = name;
    this.#stored = stored;
    this.#catalog = more.catalog ?? stored;
    this.#bodies = bodies;
    this.#opened = more.opened ?? new WeakMap();
    this.#pulled = more.pulled;
  }

  /** Whatever of it may be seen is the same file to both, of which some things are made but once. */
  seenBy(may: MaySee): Repo {
    const more = {
      catalog: new VisibleCatalog(this.#catalog, may),
      opened: this.#opened,
      pulled: this.#pulled,
    };
    return new StandardRepo(this.name, this.#stored, this.#bodies, more);
  }

  async file(ref: FileRef): Promise<OpenedFile> {
    const found = this.#catalog.file(ref);
    const stored = found instanceof Promise ? await found : found;
    if (!stored)
      throw (await this.#catalog.damaged(ref)) ? damaged(ref) : notFound('FILE', { path: ref.path });
    const known = this.#opened.get(stored);
    if (known) return known;
    const { blob, checksums, ...file } = stored;
    const opened: OpenedFile = {
      file,
      size: blob.size,
      digest: blob.digest,
      blob,
      pulled: () => this.#pulled?.(file),
      ...(checksums && { checksums }),
      open: (range) => this.#bodies.open(blob, range),
    };
    this.#opened.set(stored, opened);
    return opened;
  }

  async touch(ref: FileRef): Promise<void> {
    const stored = await this.#catalog.file(ref);
    if (stored) await this.#stored.renew(stored).catch(unlessUnavailable);
  }

  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    const build = async (): Promise<T> => {
      const value = await kind.build(this.#catalog, key);
      if (value === undefined) throw notFound('INDEX', { key: key.of });
      return value;
    };
    const listing = async (value: T) => kind.listing?.(value, key) ?? new Map<string, never>();
    // What is kept is made of a package; whoever may see only some of it gets something of their own.
    const source = this.#catalog === this.#stored ? await this.#source(kind, key) : undefined;
    if (source !== undefined) return { source, value: build, listing: async () => listing(await build()) };
    const value = await build();
    return { value: async () => value, listing: () => listing(value) };
  }

  async #source<T>(kind: IndexKind<T>, key: IndexKey): Promise<string | undefined> {
    const stored = this.#stored;
    if (kind.ofNames) return `names.${(await stored.namesRevision('')) ?? ''}`;
    const state = await stored.packageState(kind.neverAbsent ? packageOf(kind, key) : key.of);
    const none = kind.neverAbsent && 'none';
    const own = state ? `${state.id}.${state.revision}` : none;
    const others = kind.besides && (await stored.packagesState(kind.besides(key)));
    const names = kind.besidesNames && (await stored.namesRevision(kind.besidesNames(key)));
    if (others === undefined && names === undefined) return own;
    return [own, others, names].join('/');
  }

  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }) {
    return this.#catalog.search(words, page);
  }

  async ask(): Promise<Answers> {
    return NOBODY_ASKED;
  }

  owns(pkg: string): Promise<boolean> {
    return this.#stored.owns(pkg);
  }

  own(): Repo {
    return this;
  }
}

const damaged = ({ path }: FileRef): RegistryError =>
  new RegistryError(
    'UNAVAILABLE',
    'CONTENT_DAMAGED',
    'the stored content is damaged, so it is not served; push it again to repair it',
    { details: { path }, headers: { 'retry-after': '60' } },
  );

/** Whoever asks can be answered though nothing can be written; what they push next is checked again, or refused. */
function unlessUnavailable(error: unknown): void {
  if (!(error instanceof RegistryError) || error.code !== 'UNAVAILABLE') throw error;
}
