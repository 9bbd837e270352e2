import type { FileRef, Found } from '../core/catalog.ts';
import type { MaySee } from '../core/iam.ts';
import type { IndexKey, IndexKind, IndexPart } from '../core/index-kind.ts';
import type { NotePull } from '../core/pulls.ts';
import { type Answers, NOBODY_ASKED } from '../core/question.ts';
import type { OpenedFile, Repo } from '../core/repo.ts';
import type { Sightings } from './sightings.ts';

interface HeldCopiesParts {
  /** What was copied. */
  readonly copied: Repo;
  readonly sightings: Pick<Sightings, 'requireHeld'>;
  readonly pulled: NotePull;
}

/** What is here of another server's repository, as far as the rules of now let it in. Nothing is fetched. */
export class HeldCopies implements Repo {
  readonly name: string;
  readonly #parts: HeldCopiesParts;

  constructor(parts: HeldCopiesParts) {
    this.name = parts.copied.name;
    this.#parts = parts;
  }

  /** Judged by what it is stored as: who asks may know no more than its path. */
  async file(ref: FileRef): Promise<OpenedFile> {
    const { copied, sightings, pulled } = this.#parts;
    const opened = await copied.file(ref);
    const { file, digest } = opened;
    const tag = ref.tag === undefined ? {} : { tag: ref.tag };
    if (digest !== undefined) sightings.requireHeld({ ...file, ...tag }, digest);
    return { ...opened, pulled: () => pulled(file) };
  }

  async touch(): Promise<void> {}

  index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    return this.#parts.copied.index(kind, key);
  }

  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }): Promise<Found> {
    return this.#parts.copied.search(words, page);
  }

  async ask(): Promise<Answers> {
    return NOBODY_ASKED;
  }

  seenBy(may: MaySee): Repo {
    return new HeldCopies({ ...this.#parts, copied: this.#parts.copied.seenBy(may) });
  }

  async owns(): Promise<boolean> {
    return false;
  }

  own(): undefined {
    return undefined;
  }
}
