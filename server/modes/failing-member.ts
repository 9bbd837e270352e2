import type { ResourceName } from '../core/iam.ts';
import type { Answers } from '../core/question.ts';
import type { Repo } from '../core/repo.ts';

/**
 * Stands for a member that cannot be opened. Nobody knows what it has, so whatever is asked of it fails, and nothing that comes
 * from elsewhere takes its place.
 */
export class FailingMember implements Repo {
  readonly name: ResourceName;
  readonly #failure: unknown;

  constructor(name: ResourceName, failure: unknown) {
    this.name = name;
    this.#failure = failure;
  }

  file = (): Promise<never> => this.#fail();
  touch = (): Promise<never> => this.#fail();
  index = (): Promise<never> => this.#fail();
  search = (): Promise<never> => this.#fail();
  owns = (): Promise<never> => this.#fail();

  async ask(): Promise<Answers> {
    return { bodies: [], failed: [this.name] };
  }

  seenBy(): Repo {
    return this;
  }

  own(): Repo {
    return this;
  }

  async #fail(): Promise<never> {
    throw this.#failure;
  }
}
