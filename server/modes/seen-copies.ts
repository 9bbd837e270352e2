import type { FileRef, Found } from '../core/catalog.ts';
import { notFound } from '../core/error.ts';
import type { MaySee } from '../core/iam.ts';
import type { IndexKey, IndexKind, IndexPart } from '../core/index-kind.ts';
import { type Answers, type Question, tellingOnly } from '../core/question.ts';
import type { FilePart, OpenedFile, Repo } from '../core/repo.ts';

/** Copies as somebody may see them: what they may not is not there, and is not fetched for them either. */
export class SeenCopies implements Repo {
  readonly name: string;
  readonly #whole: Repo;
  /** What was copied, as it may be seen. */
  readonly #copied: Repo;
  readonly #may: MaySee;

  constructor(whole: Repo, copied: Repo, may: MaySee) {
    this.name = whole.name;
    this.#whole = whole;
    this.#copied = copied;
    this.#may = may;
  }

  async file(ref: FileRef, part?: FilePart): Promise<OpenedFile> {
    const tag = ref.tag === undefined ? {} : { tag: ref.tag };
    const absent = () => notFound('FILE', { path: ref.path });
    if (!(await this.#may({ ...ref.coordinates, ...tag }))) throw absent();
    const opened = await this.#whole.file(ref, part);
    if (!(await this.#may({ ...opened.file.coordinates, ...tag }))) throw absent();
    return opened;
  }

  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    if (!kind.upstream?.target(key, {})) return this.#copied.index(kind, key);
    const pkg = kind.upstream.package?.(key);
    const part = await this.#whole.index(kind, key);
    if (pkg === undefined) return part;
    const { cache, without } = part;
    const seen = { ...(cache && { cache }), ...(without && { without }) };
    const whole = await part.value();
    if (!kind.versions) {
      if (!(await this.#may({ package: pkg }))) throw notFound('INDEX', { key: key.of });
      return { value: async () => whole, listing: () => part.listing(), ...seen };
    }
    const keep = new Set<string>();
    for (const { version, isTag, entry = version } of kind.versions(whole))
      if (await this.#may({ package: pkg, ...(isTag ? { tag: version } : { version }) })) keep.add(entry);
    const value = kind.prune?.(whole, (entry) => keep.has(entry)) ?? whole;
    return {
      value: async () => value,
      listing: async () => kind.listing?.(value, key) ?? new Map<string, never>(),
      ...seen,
    };
  }

  async touch(): Promise<void> {}

  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }): Promise<Found> {
    return this.#copied.search(words, page);
  }

  ask(question: Question): Promise<Answers> {
    return this.#whole.ask(tellingOnly(question, (pkg) => this.#may({ package: pkg })));
  }

  seenBy(may: MaySee): Repo {
    return new SeenCopies(this, this.#copied.seenBy(may), may);
  }

  owns(): Promise<boolean> {
    return this.#whole.owns('');
  }

  own(): undefined {
    return undefined;
  }
}
