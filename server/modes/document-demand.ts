/** How many times as long as making it took a document rests, and milliseconds that it does at most. */
const REST = 10;
const LONGEST_REST_MS = 10_000;
/** Documents that are remembered, of each thing. */
const MOST = 10_000;

/**
 * Which documents are worth being made behind an answer: those that somebody asked for since that was done last, and only so
 * often that it takes a small part of the time. What is forgotten costs the next reader the making.
 */
export class DocumentDemand {
  readonly #asked = new Set<string>();
  readonly #rested = new Map<string, number>();

  asked(place: string): void {
    if (this.#asked.has(place)) return;
    this.#asked.add(place);
    forgetOldest(this.#asked);
  }

  /** Whether somebody asked since this was called last. */
  take(place: string): boolean {
    return this.#asked.delete(place);
  }

  /** Told that one was made at a time of `performance.now()`, in milliseconds. */
  made(place: string, at: number, took: number): void {
    this.#rested.delete(place);
    this.#rested.set(place, at + Math.min(took * REST, LONGEST_REST_MS));
    forgetOldest(this.#rested);
  }

  /** The time of `performance.now()` before which it is not to be made behind an answer. */
  notBefore(place: string): number {
    return this.#rested.get(place) ?? 0;
  }
}

function forgetOldest(places: Set<string> | Map<string, number>): void {
  const [oldest] = places.keys();
  if (places.size > MOST && oldest !== undefined) places.delete(oldest);
}
