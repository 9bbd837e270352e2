import type { FileRef, Found } from '../core/catalog.ts';
import { notFound } from '../core/error.ts';
import type { MaySee } from '../core/iam.ts';
import type { IndexKey, IndexKind, IndexPart } from '../core/index-kind.ts';
import { type Answers, NOBODY_ASKED } from '../core/question.ts';
import type { OpenedFile, Repo } from '../core/repo.ts';
import { cutIndex } from './cut-index.ts';

/** What is stored, as it was at a time: `then` reads it from the rows of that time. Nothing that is made of it is kept. */
export class PastRepo implements Repo {
  readonly name: string;
  readonly #then: Repo;
  readonly #asOf: number;

  /** `asOf` is in milliseconds since the epoch. */
  constructor(then: Repo, asOf: number) {
    this.name = then.name;
    this.#then = then;
    this.#asOf = asOf;
  }

  file(ref: FileRef): Promise<OpenedFile> {
    return this.#then.file(ref);
  }

  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    const part = await this.#then.index(kind, key);
    // A version may have got files since.
    const value = await cutIndex(kind, await part.value(), this.#asOf, async () => true);
    if (value === undefined) throw notFound('INDEX', { key: key.of });
    return {
      value: async () => value,
      listing: async () => kind.listing?.(value, key) ?? new Map<string, never>(),
    };
  }

  /** Nobody writes to what was. */
  async touch(): Promise<void> {}

  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }): Promise<Found> {
    return this.#then.search(words, page);
  }

  async ask(): Promise<Answers> {
    return NOBODY_ASKED;
  }

  seenBy(may: MaySee): Repo {
    return new PastRepo(this.#then.seenBy(may), this.#asOf);
  }

  owns(pkg: string): Promise<boolean> {
    return this.#then.owns(pkg);
  }

  own(): Repo {
    return this;
  }
}
