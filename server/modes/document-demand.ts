/** How many times as long as making it took a document rests, and milliseconds that it does at most. */
const REST = 10;
const LONGEST_REST_MS = 10_000;
/** Beyond this, what was made in vain counts no more. */
const MOST_IN_VAIN = 6;
/** Documents that are remembered, of each thing. */
const MOST = 10_000;

/**
 * Which documents are worth being made behind an answer: those that somebody asked for since that was done last, and only so
 * often that it takes a small part of the time. What is forgotten costs the next reader the making.
 */
export class DocumentDemand {
  /** How often each was asked for since it was made behind an answer. */
  readonly #asked = new Map<string, number>();
  readonly #rested = new Map<string, number>();
  /** Those that were made behind an answer, and not read since. */
  readonly #ahead = new Set<string>();
  /** How often in a row each was outdated again before anybody read it. */
  readonly #inVain = new Map<string, number>();

  /** `isThere`: whether it was made already, as it is now. */
  asked(place: string, isThere: boolean): void {
    const wasAhead = this.#ahead.delete(place);
    if (isThere) this.#inVain.delete(place);
    else if (wasAhead) set(this.#inVain, place, Math.min((this.#inVain.get(place) ?? 0) + 1, MOST_IN_VAIN));
    const count = (this.#asked.get(place) ?? 0) + 1;
    this.#asked.set(place, count);
    if (count === 1) forgetOldest(this.#asked);
  }

  /**
   * Whether to make it behind the answer: somebody asked since that was done last, and as often more as it was done in vain. Who
   * publishes and reads only before they publish again, as some clients do, never gets what is made after.
   */
  take(place: string): boolean {
    if ((this.#asked.get(place) ?? 0) < 2 ** (this.#inVain.get(place) ?? 0)) return false;
    this.#asked.delete(place);
    this.#ahead.add(place);
    forgetOldest(this.#ahead);
    return true;
  }

  /** Told that one was made at a time of `performance.now()`, in milliseconds. */
  made(place: string, at: number, took: number): void {
    this.#rested.delete(place);
    set(this.#rested, place, at + Math.min(took * REST, LONGEST_REST_MS));
  }

  /** The time of `performance.now()` before which it is not to be made behind an answer. */
  notBefore(place: string): number {
    return this.#rested.get(place) ?? 0;
  }
}

function set(places: Map<string, number>, place: string, value: number): void {
  places.set(place, value);
  forgetOldest(places);
}

function forgetOldest(places: Set<string> | Map<string, number>): void {
  const [oldest] = places.keys();
  if (places.size > MOST && oldest !== undefined) places.delete(oldest);
}
