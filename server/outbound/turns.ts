interface TurnsOptions {
  /** Requests to one host that run at once. */
  readonly atOnce?: number;
  /** Milliseconds that a request waits for its turn. */
  readonly patienceMs?: number;
}

/** Lets a few requests to one host run at once, and the others wait: a slow host must not take all there is. */
export class Turns {
  readonly #atOnce: number;
  readonly #patienceMs: number;
  readonly #running = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor({ atOnce = 16, patienceMs = 60_000 }: TurnsOptions = {}) {
    this.#atOnce = atOnce;
    this.#patienceMs = patienceMs;
  }

  /** Resolves when it is this caller's turn, with what ends it. Rejects when the signal, or the end of patience, comes first. */
  async of(host: string, late?: AbortSignal): Promise<Disposable> {
    const running = this.#running.get(host) ?? 0;
    if (running < this.#atOnce) this.#running.set(host, running + 1);
    else await this.#handedOver(host, late);
    let ended = false;
    return {
      [Symbol.dispose]: () => {
        if (!ended) this.#end(host);
        ended = true;
      },
    };
  }

  async #handedOver(host: string, late?: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const queue = this.#waiting.get(host) ?? [];
    this.#waiting.set(host, queue);
    queue.push(turn.resolve);
    const leave = (): void => {
      const at = queue.indexOf(turn.resolve);
      if (at !== -1) queue.splice(at, 1);
      turn.reject(late?.reason ?? new Error('no turn came'));
    };
    late?.addEventListener('abort', leave, { once: true });
    const timer = setTimeout(leave, this.#patienceMs);
    try {
      await turn.promise;
    } finally {
      clearTimeout(timer);
      late?.removeEventListener('abort', leave);
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
