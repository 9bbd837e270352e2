import type { CatalogReader, FileRef, Found } from '../core/catalog.ts';
import { isNotFound, notFound } from '../core/error.ts';
import type { FormatUpstream } from '../core/format.ts';
import type { MaySee } from '../core/iam.ts';
import { type IndexKey, type IndexKind, type IndexPart, packageOf } from '../core/index-kind.ts';
import type { Answers, Question } from '../core/question.ts';
import type { FilePart, OpenedFile, Repo } from '../core/repo.ts';
import { VisibleCatalog } from '../lib/visible-catalog.ts';
import { cutIndex } from './cut-index.ts';

interface PastCopiesParts {
  /** As it is now. */
  readonly whole: Repo;
  /** What was copied by then. */
  readonly copied: Repo;
  readonly rows: CatalogReader;
  readonly format: Pick<FormatUpstream, 'locate'>;
  /** Milliseconds since the epoch. */
  readonly asOf: number;
}

/**
 * A copy of another server's repository as it was: indexes that say when what they name was published, without what came later;
 * of all others, and of tags, what had been copied by then. The rules of now count.
 */
export class PastCopies implements Repo {
  readonly name: string;
  readonly #parts: PastCopiesParts;

  constructor(parts: PastCopiesParts) {
    this.name = parts.whole.name;
    this.#parts = parts;
  }

  file(ref: FileRef, part?: FilePart): Promise<OpenedFile> {
    return this.#file(ref, part).catch((error: unknown) => {
      // Also where it is an index that says so, by not being there.
      throw isNotFound(error) ? notFound('FILE', { path: ref.path }) : error;
    });
  }

  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    const { whole, copied, rows, asOf } = this.#parts;
    if (!kind.upstream?.target(key, {}) || !kind.listing) return copied.index(kind, key);
    const pkg = packageOf(kind, key);
    const part = await whole.index(kind, key);
    const { cache, without } = part;
    const wasCopied = async (version: string) => (await rows.version(pkg, version)) !== undefined;
    const value = await cutIndex(kind, await part.value(), asOf, wasCopied);
    if (value === undefined) throw notFound('INDEX', { key: key.of });
    return {
      value: async () => value,
      listing: async () => kind.listing?.(value, key) ?? new Map<string, never>(),
      ...(cache && { cache }),
      ...(without && { without }),
    };
  }

  async touch(): Promise<void> {}

  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }): Promise<Found> {
    return this.#parts.copied.search(words, page);
  }

  ask(question: Question): Promise<Answers> {
    return this.#parts.whole.ask(question);
  }

  seenBy(may: MaySee): Repo {
    const { whole, copied, rows } = this.#parts;
    return new PastCopies({
      ...this.#parts,
      whole: whole.seenBy(may),
      copied: copied.seenBy(may),
      rows: new VisibleCatalog(rows, may),
    });
  }

  async owns(): Promise<boolean> {
    return false;
  }

  own(): undefined {
    return undefined;
  }

  async #file(ref: FileRef, part: FilePart | undefined): Promise<OpenedFile> {
    const { whole, rows } = this.#parts;
    const copy = await rows.file(ref);
    if (copy) {
      const { path, contentType, coordinates } = copy;
      const opened = await whole.file({
        path,
        freshness: 'immutable',
        ...(contentType !== undefined && { contentType }),
        ...(coordinates && { coordinates }),
      });
      return { ...opened, file: { ...opened.file, freshness: ref.freshness } };
    }
    if (!(await this.#wasThere(ref))) throw notFound('FILE', { path: ref.path });
    return whole.file(ref, part);
  }

  /** Whether something that never changes, and was not copied by then, is a part of what was there. */
  async #wasThere(ref: FileRef): Promise<boolean> {
    const { format, rows, asOf } = this.#parts;
    const { package: pkg, version } = ref.coordinates ?? {};
    if (pkg === undefined || ref.tag !== undefined || ref.freshness !== 'immutable') return false;
    // Only what was there leads to it.
    if (version === undefined) return rows.hasPackage(pkg);
    if (await rows.version(pkg, version)) return true;
    const parents = await rows.linking(pkg, { kind: 'child', target: version }, { limit: 1 });
    if (parents.rows.length > 0) return true;
    const { publishedAt } = await format.locate(ref, this);
    return publishedAt !== undefined && publishedAt <= asOf;
  }
}
