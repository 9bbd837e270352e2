/** Whoever is about to have something to write. */
export class Expected {
  #coming = 0;
  #nobody: PromiseWithResolvers<void> | undefined;

  /** Somebody is expected until `before` is over. */
  async after<T>(before: Promise<T>): Promise<T> {
    this.#coming += 1;
    try {
      return await before;
    } finally {
      this.#coming -= 1;
      if (this.#coming === 0) this.#nobody?.resolve();
    }
  }

  /** Resolves once nobody is expected any more, and at a time of `performance.now()` at the latest. */
  async come(until: number): Promise<void> {
    const left = until - performance.now();
    if (this.#coming === 0 || left <= 0) return;
    const nobody = (this.#nobody ??= Promise.withResolvers());
    const timer = setTimeout(nobody.resolve, left);
    await nobody.promise;
    clearTimeout(timer);
    this.#nobody = undefined;
  }
}
