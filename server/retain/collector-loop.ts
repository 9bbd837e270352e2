import type { GarbageReport } from '../core/garbage.ts';
import type { Collector } from './collector.ts';

/** Between turns while more is due: others come first. */
const BREATH_MS = 50;
/** However short the interval. */
const SHORTEST_MS = 100;
/** A process finds in this time what was asked of another one that is gone, also where it does nothing by itself. */
const REQUESTS_MS = 60_000;
const LONGEST_MS = 3_600_000;

interface LoopParts {
  readonly collector: Pick<Collector, 'turn' | 'requested' | 'stop'>;
  /** Milliseconds from one turn to the next when nothing is due; absent where only requests are carried out. */
  readonly intervalMs?: number;
  readonly random: () => number;
  readonly failed: (cause: unknown) => void;
  readonly done: (report: GarbageReport) => void;
  /** Calls back once after so many milliseconds. */
  readonly later: (work: () => void, milliseconds: number) => { stop(): void };
}

/** Turn after turn until it is disposed of; what fails is tried again, later each time. */
export class CollectorLoop implements AsyncDisposable {
  readonly #parts: LoopParts;
  #timer: { stop(): void } | undefined;
  #working: Promise<void> | undefined;
  #failures = 0;
  #woken = false;
  #stopped = false;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#schedule(this.#delay(false));
  }

  get running(): boolean {
    return this.#working !== undefined;
  }

  /** Begins at once, or again as soon as the turn under way is over. */
  wake(): void {
    this.#woken = true;
    if (this.#working === undefined) this.#schedule(0);
  }

  /** Waits for the turn under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#timer?.stop();
    this.#parts.collector.stop();
    await this.#working;
  }

  #schedule(milliseconds: number): void {
    this.#timer?.stop();
    if (this.#stopped) return;
    this.#timer = this.#parts.later(() => {
      this.#working = this.#work().finally(() => {
        this.#working = undefined;
      });
    }, milliseconds);
  }

  async #work(): Promise<void> {
    this.#woken = false;
    let more = false;
    try {
      more = await this.#turn();
      this.#failures = 0;
    } catch (cause) {
      this.#failures += 1;
      if (!this.#stopped) this.#parts.failed(cause);
    }
    this.#schedule(this.#woken ? 0 : this.#delay(more));
  }

  async #turn(): Promise<boolean> {
    const { collector, intervalMs, done } = this.#parts;
    for (let report = await collector.requested(); report;) {
      done(report);
      report = this.#stopped ? undefined : await collector.requested();
    }
    if (intervalMs === undefined || this.#stopped) return false;
    const { report, more } = await collector.turn();
    done(report);
    return more;
  }

  /** Differs from process to process, so that they do not all come at once. */
  #delay(more: boolean): number {
    const { intervalMs = REQUESTS_MS, random } = this.#parts;
    if (more && this.#failures === 0) return BREATH_MS;
    const calm = Math.max(SHORTEST_MS, intervalMs);
    const delay =
      this.#failures === 0 ? calm : Math.min(LONGEST_MS, Math.max(calm, 1_000) * 2 ** this.#failures);
    return Math.round(delay * (0.8 + 0.4 * random()));
  }
}
