import type { FileRef, Found } from '../core/catalog.ts';
import { isNotFound, notFound, reworded } from '../core/error.ts';
import type { MaySee } from '../core/iam.ts';
import type { IndexKey, IndexKind, IndexPart } from '../core/index-kind.ts';
import type { NotePull } from '../core/pulls.ts';
import type { Answers, Question } from '../core/question.ts';
import type { FilePart, OpenedFile, Repo } from '../core/repo.ts';
import { isQuotaExceeded } from '../lib/quota-exceeded.ts';
import { withCacheStatus } from './absence.ts';
import { HeldCopies } from './held-copies.ts';
import { PassedFiles } from './passed-files.ts';
import { PassedIndexes } from './passed-indexes.ts';
import { RemoteFiles } from './remote-files.ts';
import { RemoteIndexes } from './remote-indexes.ts';
import type { RemoteParts } from './remote-parts.ts';
import { RemoteQuestions } from './remote-questions.ts';
import { RuledIndexes } from './ruled-indexes.ts';
import { SafetyGate } from './safety-gate.ts';
import { SeenCopies } from './seen-copies.ts';
import { Sightings } from './sightings.ts';
import { StandardRepo } from './standard.ts';

/** Serves what a server elsewhere has: from copies of it, unless none are to be kept. */
export class RemoteRepo implements Repo {
  readonly name: string;
  /** What of it is here, for whom nothing is fetched. */
  readonly held: Repo;
  readonly #copied: StandardRepo;
  readonly #gate: SafetyGate;
  readonly #files: Pick<Repo, 'file'>;
  readonly #passed: PassedFiles;
  readonly #indexes: RuledIndexes;
  readonly #questions: RemoteQuestions;
  readonly #pulled: NotePull;

  constructor(parts: RemoteParts) {
    this.name = parts.name;
    this.#pulled = parts.pulled;
    const gate = new SafetyGate(parts.policy, parts.settings.rules, parts.now);
    this.#gate = gate;
    this.#copied = new StandardRepo(parts.name, parts.stored, parts.bodies);
    const sightings = new Sightings(parts, gate);
    this.held = new HeldCopies({ copied: this.#copied, sightings, pulled: parts.pulled });
    const { noCache } = parts.settings;
    const whole = noCache
      ? new PassedIndexes(parts, gate, this.#copied)
      : new RemoteIndexes(parts, gate, this.#copied);
    this.#indexes = new RuledIndexes(gate, whole, parts.now);
    this.#questions = new RemoteQuestions(parts, gate);
    this.#passed = new PassedFiles(parts, gate, whole);
    this.#files = noCache ? this.#passed : new RemoteFiles(parts, gate, whole);
  }

  async file(ref: FileRef, part?: FilePart): Promise<OpenedFile> {
    const opened = await this.#files
      .file(ref, part)
      .catch((error: unknown) => {
        if (!isQuotaExceeded(error)) throw error;
        // There is no room for a copy, which is no reason to have nothing.
        return this.#passed.file(ref, part);
      })
      .catch((error: unknown) => {
        // Also where it is an index that says so, by not being there.
        throw isNotFound(error)
          ? reworded(error, notFound('FILE', { path: ref.path }))
          : withCacheStatus(error);
      });
    return { ...opened, pulled: () => this.#pulled(opened.file) };
  }

  index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    return this.#indexes.index(kind, key).catch((error: unknown) => {
      throw withCacheStatus(error);
    });
  }

  /** Nobody writes here, so nobody relies on it. */
  async touch(): Promise<void> {}

  /** What the rules keep out of a package as a whole is not found either. */
  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }): Promise<Found> {
    if (!this.#gate.active) return this.#copied.search(words, page);
    const isLetIn: MaySee = async ({ package: pkg = '' }) => this.#gate.admits({ package: pkg });
    return this.#copied.seenBy(isLetIn).search(words, page);
  }

  ask(question: Question): Promise<Answers> {
    return this.#questions.ask(question);
  }

  seenBy(may: MaySee): Repo {
    return new SeenCopies(this, this.#copied.seenBy(may), may);
  }

  async owns(): Promise<boolean> {
    return false;
  }

  own(): undefined {
    return undefined;
  }
}
