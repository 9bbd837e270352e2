import type { Hold, Verdict, VersionFact } from '../core/cleanup.ts';
import type { ReadyPolicy } from './cleanup-policy.ts';
import { HoldGraph, type Holds } from './hold-graph.ts';

export interface Planned {
  readonly id: number;
  readonly verdict: Verdict;
  /** The version it belongs to, where that decided. */
  readonly because?: number;
}

const NONE = -1;

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
  readonly #ids: number[] = [];
  readonly #created: number[] = [];
  readonly #tagged: boolean[] = [];
  readonly #isHeld: boolean[] = [];
  /** The first policy that matches, by position. */
  readonly #keep: number[] = [];
  readonly #delete: number[] = [];
  /** For each policy that counts, the positions of versions that it selects. */
  readonly #selected: ReadonlyMap<number, number[]>;
  readonly #holds: Holds = { holders: [], held: [], subjects: [] };

  constructor(policies: readonly ReadyPolicy[]) {
    this.#policies = policies;
    const counting = policies.flatMap(({ newest }, index) => (newest === undefined ? [] : [index]));
    this.#selected = new Map(counting.map((index) => [index, []]));
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
    this.#tagged.push(version.tags.length > 0);
    this.#isHeld.push(version.isHeld);
    this.#keep.push(keep);
    this.#delete.push(gone);
  }

  hold({ holder, held, kind }: Hold): void {
    this.#holds.holders.push(holder);
    this.#holds.held.push(held);
    this.#holds.subjects.push(kind === 'subject');
  }

  /** Each version once; what holds others comes before them. */
  *decisions(): Generator<Planned, void, undefined> {
    const graph = new HoldGraph(this.#ids, this.#holds);
    this.#keepNewest(graph);
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
      policyOf[at] = this.#policies.findIndex(({ id }) => id === verdict.policy);
      const decided = verdict.action === 'KEEP' ? keeper : taker;
      for (const { held, isSubject } of graph.heldBy(at)) {
        const known = decided[held] ?? NONE;
        // A subject has more to say than an index, and else the older version.
        const isBetter =
          known === NONE ||
          Number(isSubject) > known % 2 ||
          (Number(isSubject) === known % 2 && this.#idAt(at) < this.#idAt(known >> 1));
        if (isBetter) decided[held] = at * 2 + Number(isSubject);
      }
      yield { id: this.#idAt(at), verdict, ...(because !== NONE && { because: this.#idAt(because) }) };
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
    const [keep, gone] = [this.#keep[at] ?? NONE, this.#delete[at] ?? NONE];
    const isTagged = this.#tagged[at] === true;
    if (keep !== NONE) return alone({ action: 'KEEP', reason: 'KEEP_POLICY', ...this.#named(keep) });
    if (keeper !== NONE) return follows(keeper, 'KEEP');
    if (graph.isKnot(at)) return alone({ action: 'KEEP', reason: 'NO_POLICY' });
    const isTakenAlong = taker !== NONE && (!isTagged || graph.isReferrer(at));
    if (this.#isHeld[at] === true && (gone !== NONE || isTakenAlong))
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
      const whole = selected.filter(
        (at) => !graph.isReferrer(at) && !(graph.isChild(at) && this.#tagged[at] !== true),
      );
      const count = this.#policies[index]?.newest ?? 0;
      for (const at of this.#newest(whole, count)) {
        const known = this.#keep[at] ?? NONE;
        if (known === NONE || index < known) this.#keep[at] = index;
      }
    }
  }

  /** They usually come in the order of their creation, which spares the sort. */
  #newest(positions: number[], count: number): readonly number[] {
    const compare = (a: number, b: number): number =>
      (this.#created[a] ?? 0) - (this.#created[b] ?? 0) || this.#idAt(a) - this.#idAt(b);
    const isOrdered = positions.every(
      (at, index) => index === 0 || compare(positions[index - 1] ?? at, at) <= 0,
    );
    const ordered = isOrdered ? positions : positions.toSorted(compare);
    return ordered.slice(Math.max(0, ordered.length - count));
  }

  #idAt(at: number): number {
    return this.#ids[at] ?? NONE;
  }

  #named(index: number): { readonly policy?: string } {
    const policy = this.#policies[index];
    return policy ? { policy: policy.id } : {};
  }
}
