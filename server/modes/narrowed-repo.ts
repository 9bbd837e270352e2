import type { FileRef, Found } from '../core/catalog.ts';
import { notFound } from '../core/error.ts';
import type { MaySee } from '../core/iam.ts';
import { type IndexKey, type IndexKind, type IndexPart, packageOf } from '../core/index-kind.ts';
import type { Answers, Question } from '../core/question.ts';
import type { FilePart, OpenedFile, Repo } from '../core/repo.ts';

/**
 * A repository for somebody who may see some of it. An index of a package that is not theirs, in which nothing is theirs either,
 * is not there: an empty one would tell that the package is.
 */
export class NarrowedRepo implements Repo {
  readonly name: string;
  readonly #whole: Repo;
  readonly #may: MaySee;

  constructor(whole: Repo, may: MaySee) {
    this.name = whole.name;
    this.#whole = whole;
    this.#may = may;
  }

  file(ref: FileRef, part?: FilePart): Promise<OpenedFile> {
    return this.#whole.seenBy(this.#may).file(ref, part);
  }

  touch(ref: FileRef): Promise<void> {
    return this.#whole.seenBy(this.#may).touch(ref);
  }

  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    let isTheirs = await this.#may({ package: packageOf(kind, key) });
    const noting: MaySee = async (within) => {
      const yes = await this.#may(within);
      isTheirs ||= yes;
      return yes;
    };
    const part = await this.#whole.seenBy(noting).index(kind, key);
    if (!isTheirs) await part.value();
    if (!isTheirs) throw notFound('INDEX', { key: key.of });
    return part;
  }

  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }): Promise<Found> {
    return this.#whole.seenBy(this.#may).search(words, page);
  }

  ask(question: Question): Promise<Answers> {
    return this.#whole.seenBy(this.#may).ask(question);
  }

  seenBy(may: MaySee): Repo {
    return new NarrowedRepo(this.#whole.seenBy(may), this.#may);
  }

  owns(pkg: string): Promise<boolean> {
    return this.#whole.owns(pkg);
  }

  own(): Repo | undefined {
    const own = this.#whole.own();
    return own && new NarrowedRepo(own, this.#may);
  }
}
