import { RegistryError } from '../core/error.ts';
import type { ResourceName } from '../core/iam.ts';
import type { Repo } from '../core/repo.ts';

/**
 * Stands for a member that is not there (any more). Nobody knows what it had, so whatever is asked of it fails, and nothing that
 * comes from elsewhere takes its place.
 */
export class MissingMember implements Repo {
  readonly name: ResourceName;
  readonly #why: string;

  /** `why` is a sentence without its subject: `does not exist`. */
  constructor(name: ResourceName, why: string) {
    this.name = name;
    this.#why = why;
  }

  file = (): Promise<never> => this.#fail();
  touch = (): Promise<never> => this.#fail();
  index = (): Promise<never> => this.#fail();
  search = (): Promise<never> => this.#fail();
  owns = (): Promise<never> => this.#fail();

  seenBy(): Repo {
    return this;
  }

  own(): Repo {
    return this;
  }

  async #fail(): Promise<never> {
    throw new RegistryError(
      'UNAVAILABLE',
      'MEMBER_MISSING',
      `${this.name} ${this.#why}; take it out of the upstreamPolicies that name it, or create it`,
    );
  }
}
