import type { Bytes, Digest } from '../harness/oci.ts';

/** What is under a name: the digest of the bytes, or nothing. */
export type Value = Digest | undefined;
/** A name that a reader can ask for. */
export type Key = `${'tag' | 'manifest' | 'blob'} ${string} ${string}`;

export const tagKey = (image: string, tag: string): Key => `tag ${image} ${tag}`;
export const manifestKey = (image: string, digest: Digest): Key => `manifest ${image} ${digest}`;
export const blobKey = (image: string, digest: Digest): Key => `blob ${image} ${digest}`;

export interface Change {
  readonly what: string;
  readonly values: ReadonlyMap<Key, Value>;
}

interface Known extends Change {
  readonly began: number;
  /** When it was answered; open as long as it is not. */
  ended: number;
  acknowledged: boolean;
}

/**
 * What a server has promised. A change counts from when it was asked for; once acknowledged it stays until a later
 * one takes its place; one without an answer may have happened or not, but not in part.
 */
export class Ledger {
  /** Everything that was ever sent. */
  readonly contents = new Map<Digest, Bytes>();
  /** Changes that were acknowledged in all. */
  acknowledged = 0;
  readonly #byKey = new Map<Key, Known[]>();
  #open = new Set<Known>();
  #time = 0;
  #cut = false;

  begin(what: string, values: readonly (readonly [Key, Value])[]): Change {
    const change: Known = {
      what,
      values: new Map(values),
      began: this.#tick(),
      ended: Number.POSITIVE_INFINITY,
      acknowledged: false,
    };
    this.#open.add(change);
    for (const key of change.values.keys()) this.#on(key).push(change);
    return change;
  }

  /**
   * The power is about to go. What is answered from here on, until the state is settled, counts as without an answer: with the
   * power gone nobody could have heard it.
   */
  cut(): void {
    this.#cut = true;
  }

  acknowledge(change: Change): void {
    const known = this.#known(change);
    if (this.#cut) return;
    known.ended = this.#tick();
    known.acknowledged = true;
    this.acknowledged += 1;
    this.#open.delete(known);
  }

  /** The server said that it would not, so nothing may have changed. */
  refuse(change: Change): void {
    const known = this.#known(change);
    this.#open.delete(known);
    for (const key of known.values.keys())
      this.#byKey.set(
        key,
        this.#on(key).filter((other) => other !== known),
      );
  }

  get keys(): readonly Key[] {
    return [...this.#byKey.keys()];
  }

  /** The value that the last acknowledged change gave, when nothing else is possible. */
  certain(key: Key): Value {
    const allowed = this.allowed(key);
    return allowed.length === 1 ? allowed[0] : undefined;
  }

  /** What a reader may find: what no later acknowledged change has replaced. */
  allowed(key: Key): readonly Value[] {
    const changes = this.#on(key);
    const last = Math.max(0, ...changes.filter((one) => one.acknowledged).map(({ began }) => began));
    const possible = changes.filter(({ ended }) => ended >= last).map(({ values }) => values.get(key));
    const everAcknowledged = changes.some(({ acknowledged }) => acknowledged);
    return [...new Set(everAcknowledged ? possible : [undefined, ...possible])];
  }

  /** Takes what readers found as the state from here on; answers each promise that it breaks. */
  settle(observed: ReadonlyMap<Key, Value>): readonly string[] {
    const broken = [...observed].flatMap(([key, value]) => {
      const allowed = this.allowed(key);
      return allowed.includes(value)
        ? []
        : [`${key} is ${show(value)}, not ${allowed.map(show).join(' or ')}`];
    });
    for (const change of this.#open) broken.push(...this.#partOf(change, observed));
    this.#open = new Set();
    this.#cut = false;
    for (const [key, value] of observed) {
      const settled = new Map([[key, value]]);
      this.#byKey.set(key, [{ what: 'found', values: settled, began: 0, ended: 0, acknowledged: true }]);
    }
    return broken;
  }

  /** A change without an answer must have happened whole or not at all. */
  #partOf(change: Known, observed: ReadonlyMap<Key, Value>): readonly string[] {
    const telling = [...change.values].filter(([key, value]) => {
      const without = this.#on(key).filter((other) => other !== change);
      return (
        without.every((other) => other.values.get(key) !== value) &&
        (without.length > 0 || value !== undefined)
      );
    });
    const happened = telling.filter(([key, value]) => observed.get(key) === value);
    if (happened.length === 0 || happened.length === telling.length) return [];
    return [`${change.what} happened in part: ${happened.map(([key]) => key).join(', ')}`];
  }

  #known(change: Change): Known {
    for (const known of this.#open) if (known === change) return known;
    throw new Error(`${change.what} has an answer already`);
  }

  #on(key: Key): Known[] {
    const known = this.#byKey.get(key);
    if (known) return known;
    const none: Known[] = [];
    this.#byKey.set(key, none);
    return none;
  }

  #tick(): number {
    this.#time += 1;
    return this.#time;
  }
}

const show = (value: Value): string => value ?? 'nothing';
