import type { Column } from './column.ts';

/** Row ids of versions that keep others, of those others, and 1 where the first is the subject of the second. */
interface Holds {
  readonly holders: Column;
  readonly held: Column;
  readonly subjects: Column;
}

const CHILD = 1;
const REFERRER = 2;

/** Which versions of a package keep which others, by their positions in a list. */
export class HoldGraph {
  readonly isEmpty: boolean;
  readonly #count: number;
  /** What a position holds stands in `held` from `starts[at]` to `starts[at + 1]`. */
  readonly #starts: Uint32Array;
  readonly #held: Uint32Array;
  readonly #isSubject: Uint8Array;
  readonly #roles: Uint8Array;
  /** How many that hold a position have not had their turn. */
  readonly #open: Uint32Array;
  #isOver = false;

  constructor(ids: Column, holds: Holds) {
    this.#count = ids.length;
    const edges = edgesOf(ids, holds);
    this.isEmpty = edges.count === 0;
    const size = this.isEmpty ? 0 : this.#count;
    this.#starts = new Uint32Array(size + 1);
    this.#open = new Uint32Array(size);
    this.#roles = new Uint8Array(size);
    this.#held = new Uint32Array(edges.count);
    this.#isSubject = new Uint8Array(edges.count);
    this.#fill(edges, size);
  }

  *heldBy(at: number): Generator<{ readonly held: number; readonly isSubject: boolean }, void, undefined> {
    const end = this.#starts[at + 1] ?? 0;
    for (let slot = this.#starts[at] ?? 0; slot < end; slot += 1)
      yield { held: this.#held[slot] ?? 0, isSubject: this.#isSubject[slot] === 1 };
  }

  isChild(at: number): boolean {
    return ((this.#roles[at] ?? 0) & CHILD) !== 0;
  }

  isReferrer(at: number): boolean {
    return ((this.#roles[at] ?? 0) & REFERRER) !== 0;
  }

  /** Whether it is part of a circle, or hangs on one, in which nobody can be decided about first. */
  isKnot(at: number): boolean {
    return this.#isOver && (this.#open[at] ?? 0) > 0;
  }

  /** Every position, once all that hold it have had their turn; last those that never get one. Good for one use. */
  *order(): Generator<number, void, undefined> {
    if (this.isEmpty) {
      for (let at = 0; at < this.#count; at += 1) yield at;
      return;
    }
    const queue = new Uint32Array(this.#count);
    let end = 0;
    for (let at = 0; at < this.#count; at += 1) if (this.#open[at] === 0) queue[end++] = at;
    for (let turn = 0; turn < end; turn += 1) {
      const at = queue[turn] ?? 0;
      yield at;
      for (const { held } of this.heldBy(at)) {
        const left = (this.#open[held] ?? 0) - 1;
        this.#open[held] = left;
        if (left === 0) queue[end++] = held;
      }
    }
    this.#isOver = true;
    for (let at = 0; at < this.#count; at += 1) if ((this.#open[at] ?? 0) > 0) yield at;
  }

  #fill({ from, to, subjects, count }: Edges, size: number): void {
    for (let edge = 0; edge < count; edge += 1) {
      const [holder, held] = [from[edge] ?? 0, to[edge] ?? 0];
      this.#starts[holder + 1] = (this.#starts[holder + 1] ?? 0) + 1;
      this.#open[held] = (this.#open[held] ?? 0) + 1;
      this.#roles[held] = (this.#roles[held] ?? 0) | (subjects[edge] === 1 ? REFERRER : CHILD);
    }
    for (let at = 0; at < size; at += 1)
      this.#starts[at + 1] = (this.#starts[at + 1] ?? 0) + (this.#starts[at] ?? 0);
    for (let edge = 0; edge < count; edge += 1) {
      const holder = from[edge] ?? 0;
      const slot = this.#starts[holder] ?? 0;
      this.#starts[holder] = slot + 1;
      this.#held[slot] = to[edge] ?? 0;
      this.#isSubject[slot] = subjects[edge] ?? 0;
    }
    // Each has come to where the next one starts.
    this.#starts.copyWithin(1, 0, size);
    this.#starts[0] = 0;
  }
}

interface Edges {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly subjects: Uint8Array;
  readonly count: number;
}

/** By positions, without those that lead to what is not there. */
function edgesOf(ids: Column, { holders, held, subjects }: Holds): Edges {
  const most = holders.length;
  const edges = { from: new Uint32Array(most), to: new Uint32Array(most), subjects: new Uint8Array(most) };
  const positionOf = most > 0 ? positionsIn(ids) : () => undefined;
  let count = 0;
  for (let edge = 0; edge < most; edge += 1) {
    const [from, to] = [positionOf(holders.at(edge)), positionOf(held.at(edge))];
    if (from === undefined || to === undefined || from === to) continue;
    edges.from[count] = from;
    edges.to[count] = to;
    edges.subjects[count] = subjects.at(edge);
    count += 1;
  }
  return { ...edges, count };
}

/** Finds positions of ids by halves: a map of a million would take more than everything else here. */
function positionsIn(ids: Column): (id: number) => number | undefined {
  let isOrdered = true;
  for (let at = 1; isOrdered && at < ids.length; at += 1) isOrdered = ids.at(at - 1) < ids.at(at);
  const sorted = isOrdered
    ? undefined
    : new Uint32Array(ids.length).map((_, at) => at).sort((a, b) => ids.at(a) - ids.at(b));
  const positionAt = (rank: number): number => (sorted ? (sorted[rank] ?? 0) : rank);
  return (id) => {
    let [from, to] = [0, ids.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (ids.at(positionAt(middle)) < id) from = middle + 1;
      else to = middle;
    }
    const found = positionAt(from);
    return ids.at(found) === id ? found : undefined;
  };
}
