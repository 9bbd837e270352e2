import type { Hold, Verdict, VersionFact } from '../core/cleanup.ts';
import type { ReadyPolicy } from './cleanup-policy.ts';
import { type Column, float64s, int8s, rowIds, uint32s, uint8s } from './column.ts';
import { HoldGraph } from './hold-graph.ts';

export interface Planned {
  readonly id: number;
  readonly verdict: Verdict;
  /** The version it belongs to, where that decided. */
  readonly because?: number;
}

const NONE = -1;
const TAGGED = 1;
const HELD = 2;
/** Versions from which on memory is given back at once: it takes some tens of milliseconds. */
const MANY = 200_000;

/**
 * What becomes of the versions of one package. A version that a KEEP policy matches stays; of the rest go those that a DELETE
 * policy matches, and nothing else by itself. Whatever belongs to another version follows it: referrers their subject, and
 * untagged children the indexes they are part of, which are not counted among the most recent either. Nobody's part is taken
 * away while they stay.
 *
 * Neither the order of versions nor that of policies matters to what goes. Kept in columns of numbers, some tens of bytes for
 * a version, since a package may have a million.
 */
export class PackagePlan {
  readonly #policies: readonly ReadyPolicy[];
  readonly #ids = rowIds();
  readonly #created = float64s();
  readonly #marks = uint8s();
  /** The first policy that matches, by position. */
  readonly #keep = int8s();
  readonly #delete = int8s();
  /** For each policy that counts, the positions of versions that it selects. */
  readonly #selected: ReadonlyMap<number, Column>;
  readonly #holds = { holders: rowIds(), held: rowIds(), subjects: uint8s() };

  constructor(policies: readonly ReadyPolicy[]) {
    this.#policies = policies;
    const counting = policies.flatMap(({ newest }, index) => (newest === undefined ? [] : [index]));
    this.#selected = new Map(counting.map((index) => [index, uint32s()]));
  }

  add(version: VersionFact): void {
    const at = this.#ids.length;
    let [keep, gone] = [NONE, NONE];
    for (const [index, policy] of this.#policies.entries()) {
      const { action, newest } = policy;
      if (newest === undefined && (action === 'KEEP' ? keep : gone) !== NONE) continue;
      if (!policy.matches(version)) continue;
      if (newest !== undefined) this.#selected.get(index)?.push(at);
      else if (action === 'KEEP') keep = index;
      else gone = index;
    }
    this.#ids.push(version.id);
    this.#created.push(version.createdAt);
    this.#marks.push((version.tags.length > 0 ? TAGGED : 0) | (version.isHeld ? HELD : 0));
    this.#keep.push(keep);
    this.#delete.push(gone);
  }

  hold({ holder, held, kind }: Hold): void {
    this.#holds.holders.push(holder);
    this.#holds.held.push(held);
    this.#holds.subjects.push(kind === 'subject' ? 1 : 0);
  }

  /** Each version once; what holds others comes before them. Good for one use. */
  *decisions(): Generator<Planned, void, undefined> {
    const graph = new HoldGraph(this.#ids, this.#holds);
    for (const column of Object.values(this.#holds)) column.clear();
    this.#keepNewest(graph);
    for (const column of [this.#created, ...this.#selected.values()]) column.clear();
    // What the columns and the graph's making took is half of everything by now; left to itself it goes too late.
    if (this.#ids.length > MANY) Bun.gc(true);
    // By position, whom a version is kept by and whom it goes with: twice their position, and one more for a subject.
    const count = this.#ids.length;
    const keeper = new Int32Array(graph.isEmpty ? 0 : count).fill(NONE);
    const taker = new Int32Array(graph.isEmpty ? 0 : count).fill(NONE);
    const policyOf = new Int8Array(count).fill(NONE);

    for (const at of graph.order()) {
      const { verdict, because } = this.#decide(at, graph, {
        keeper: keeper[at] ?? NONE,
        taker: taker[at] ?? NONE,
        policyOf,
      });
      // What an immutable tag keeps is not kept by the policy that would delete it.
      const decisive = verdict.reason === 'IMMUTABLE_TAG' ? undefined : verdict.policy;
      policyOf[at] = this.#policies.findIndex(({ id }) => id === decisive);
      const decided = verdict.action === 'KEEP' ? keeper : taker;
      for (const { held, isSubject } of graph.heldBy(at)) {
        const known = decided[held] ?? NONE;
        // A subject has more to say than an index, and else the older version.
        const isBetter =
          known === NONE ||
          Number(isSubject) > known % 2 ||
          (Number(isSubject) === known % 2 && this.#ids.at(at) < this.#ids.at(known >> 1));
        if (isBetter) decided[held] = at * 2 + Number(isSubject);
      }
      yield { id: this.#ids.at(at), verdict, ...(because !== NONE && { because: this.#ids.at(because) }) };
    }
  }

  #decide(
    at: number,
    graph: HoldGraph,
    {
      keeper,
      taker,
      policyOf,
    }: { readonly keeper: number; readonly taker: number; readonly policyOf: Int8Array },
  ): { readonly verdict: Verdict; readonly because: number } {
    const alone = (verdict: Verdict) => ({ verdict, because: NONE });
    const follows = (leader: number, action: Verdict['action']) => ({
      verdict: {
        action,
        reason: leader % 2 === 1 ? ('REFERS_TO' as const) : ('PART_OF' as const),
        ...this.#named(policyOf[leader >> 1] ?? NONE),
      },
      because: leader >> 1,
    });
    const [keep, gone] = [this.#keep.at(at), this.#delete.at(at)];
    const isTagged = this.#is(TAGGED, at);
    if (keep !== NONE) return alone({ action: 'KEEP', reason: 'KEEP_POLICY', ...this.#named(keep) });
    if (graph.isKnot(at)) return alone({ action: 'KEEP', reason: 'NO_POLICY' });
    if (keeper !== NONE) return follows(keeper, 'KEEP');
    const isTakenAlong = taker !== NONE && (!isTagged || graph.isReferrer(at));
    if (this.#is(HELD, at) && (gone !== NONE || isTakenAlong))
      return alone({ action: 'KEEP', reason: 'IMMUTABLE_TAG', ...this.#named(gone) });
    if (isTakenAlong) return follows(taker, 'DELETE');
    return alone(
      gone === NONE
        ? { action: 'KEEP', reason: 'NO_POLICY' }
        : { action: 'DELETE', reason: 'DELETE_POLICY', ...this.#named(gone) },
    );
  }

  #keepNewest(graph: HoldGraph): void {
    for (const [index, selected] of this.#selected) {
      let left = this.#policies[index]?.newest ?? 0;
      for (const at of this.#newestFirst(selected)) {
        if (left === 0) break;
        if (graph.isReferrer(at) || (graph.isChild(at) && !this.#is(TAGGED, at))) continue;
        left -= 1;
        const known = this.#keep.at(at);
        if (known === NONE || index < known) this.#keep.set(at, index);
      }
    }
  }

  /** They usually come in the order of their creation, which spares the sort. */
  *#newestFirst(positions: Column): Generator<number, void, undefined> {
    const compare = (a: number, b: number): number =>
      this.#created.at(a) - this.#created.at(b) || this.#ids.at(a) - this.#ids.at(b);
    let isOrdered = true;
    for (let index = 1; isOrdered && index < positions.length; index += 1)
      isOrdered = compare(positions.at(index - 1), positions.at(index)) <= 0;
    if (isOrdered) {
      for (let index = positions.length - 1; index >= 0; index -= 1) yield positions.at(index);
      return;
    }
    const ordered = new Uint32Array(positions.length).map((_, index) => positions.at(index)).sort(compare);
    for (let index = ordered.length - 1; index >= 0; index -= 1) yield ordered[index] ?? 0;
  }

  #is(mark: number, at: number): boolean {
    return (this.#marks.at(at) & mark) !== 0;
  }

  #named(index: number): { readonly policy?: string } {
    const policy = this.#policies[index];
    return policy ? { policy: policy.id } : {};
  }
}
