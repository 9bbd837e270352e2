import { RegistryError } from '../core/error.ts';

/** Requests under way in this process, which are so many at most: whoever comes on top is told to come again. */
export class Crowd {
  readonly #most: number;
  #inside = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get inside(): number {
    return this.#inside;
  }

  /** Whether there is room for one more. Each that enters leaves, whether there was room or not. */
  enter(): boolean {
    this.#inside += 1;
    return this.#inside <= this.#most;
  }

  leave(): void {
    this.#inside -= 1;
  }
}

export const crowded = (): RegistryError =>
  new RegistryError('UNAVAILABLE', 'SERVER_BUSY', 'the server has too many requests at once; try again', {
    headers: { 'retry-after': '1' },
  });
