const AT_ONCE = 16;

/** Lets a few requests to one host run at once, and the others wait: a slow host must not take all there is. */
export class Turns {
  readonly #running = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Resolves when it is this caller's turn, with what ends it. Rejects with the signal's reason when that comes first. */
  async of(host: string, late: AbortSignal): Promise<Disposable> {
    const running = this.#running.get(host) ?? 0;
    if (running < AT_ONCE) this.#running.set(host, running + 1);
    else await this.#handedOver(host, late);
    return { [Symbol.dispose]: () => this.#end(host) };
  }

  async #handedOver(host: string, late: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const queue = this.#waiting.get(host) ?? [];
    this.#waiting.set(host, queue);
    queue.push(turn.resolve);
    const leave = (): void => {
      const at = queue.indexOf(turn.resolve);
      if (at !== -1) queue.splice(at, 1);
      turn.reject(late.reason);
    };
    late.addEventListener('abort', leave, { once: true });
    try {
      await turn.promise;
    } finally {
      late.removeEventListener('abort', leave);
    }
  }

  #end(host: string): void {
    const next = this.#waiting.get(host)?.shift();
    if (next) return next();
    this.#waiting.delete(host);
    const running = (this.#running.get(host) ?? 1) - 1;
    if (running === 0) this.#running.delete(host);
    else this.#running.set(host, running);
  }
}
