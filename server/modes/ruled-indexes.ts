import type { IndexKey, IndexKind, IndexPart, IndexReader, Listing } from '../core/index-kind.ts';
import type { SafetyGate } from './safety-gate.ts';

/** What the rules leave of an index: good while its source is the same and no version comes of age. */
interface Left {
  readonly of: string;
  readonly until: number;
  readonly keep: ReadonlySet<string>;
  readonly left: number;
}

const MOST = 10_000;

/** Indexes without the versions that a repository's rules keep out. */
export class RuledIndexes implements IndexReader {
  readonly #gate: SafetyGate;
  readonly #whole: IndexReader;
  readonly #now: () => number;
  readonly #left = new Map<string, Left>();

  constructor(gate: SafetyGate, whole: IndexReader, now: () => number) {
    this.#gate = gate;
    this.#whole = whole;
    this.#now = now;
  }

  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    const part = await this.#whole.index(kind, key);
    const pkg = kind.upstream?.package?.(key);
    if (!this.#gate.active || pkg === undefined || !kind.versions) return part;
    const { keep, left } = await this.#leftOf(kind, key, pkg, part);
    const value = async () => {
      const all = await part.value();
      return kind.prune?.(all, (entry) => keep.has(entry)) ?? all;
    };
    const { source: whole, ...rest } = part;
    return {
      ...rest,
      ...(whole !== undefined && { source: `${whole}.${this.#gate.fingerprint}.${left}` }),
      value,
      listing: async () => shown(await part.listing(), keep),
    };
  }

  /** An index need not be read again to know that nothing of it has changed. */
  async #leftOf<T>(kind: IndexKind<T>, key: IndexKey, pkg: string, part: IndexPart<T>): Promise<Left> {
    const id = JSON.stringify([kind.name, key]);
    const known = this.#left.get(id);
    if (known && known.of === part.source && this.#now() < known.until) return known;
    const facts = [...(kind.versions?.(await part.value()) ?? [])];
    const { keep, until } = this.#gate.shown(pkg, facts);
    const left: Left = { of: part.source ?? '', until, keep, left: keep.size };
    this.#left.delete(id);
    if (part.source !== undefined) this.#left.set(id, left);
    const [oldest] = this.#left.keys();
    if (this.#left.size > MOST && oldest !== undefined) this.#left.delete(oldest);
    return left;
  }
}

const shown = (listing: Listing, keep: ReadonlySet<string>): Listing =>
  new Map([...listing].filter(([, { version, entry = version }]) => keep.has(entry)));
