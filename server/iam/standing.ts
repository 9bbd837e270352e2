import type { Decision, Extent, ResourceName, Within } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { ConditionSubject } from '../core/policy.ts';
import type { CompiledBinding, CompiledPolicy } from './compiled-policy.ts';
import { describe, wholeSecond } from './condition-subject.ts';
import { weighCondition, weighStanding } from './weigh.ts';

const ALLOWED: Decision = { allow: true };
const CONDITIONALLY: Decision = { allow: true, conditional: true };
const THROUGHOUT: Decision = { allow: true, conditional: true, throughout: true };
export const DENIED: Decision = { allow: false, visible: false, partly: false };
const VISIBLE: Decision = { allow: false, visible: true, partly: false };

/** Questions that hang on conditions, remembered for the second that the conditions are told. */
const MOST_REMEMBERED = 256;
const INSIDE = ['package', 'version', 'tag'] as const;

/**
 * How someone stands to a permission on a resource while policies stay as they are: decided, or hanging on
 * conditions that must be asked anew each time.
 */
export class Standing {
  /** Present where no condition has a say. */
  readonly decision?: Decision;
  readonly #on: ResourceName;
  readonly #resource: ReturnType<typeof describe>;
  readonly #visible: boolean;
  /** Conditional bindings whose role has the permission. */
  readonly #granting: readonly CompiledBinding[];
  /** Conditional bindings whose role has it not, but which may make the resource visible. */
  readonly #showing: readonly CompiledBinding[];
  readonly #decided = new Map<string, Decision>();
  #second = 0;

  constructor(chain: CompiledPolicy, names: ReadonlySet<string>, permission: Permission, on: ResourceName) {
    const granting: CompiledBinding[] = [];
    const showing: CompiledBinding[] = [];
    let [allowed, visible] = [false, false];
    for (const binding of chain) {
      const { member, included } = weighStanding(binding, names, permission, chain);
      if (member === undefined) continue;
      if (binding.condition) (included ? granting : showing).push(binding);
      else if (included) allowed = true;
      else visible = true;
      if (allowed) break;
    }
    this.#on = on;
    this.#resource = describe(on, permission);
    this.#granting = granting;
    this.#showing = showing;
    this.#visible = visible;
    if (allowed) this.decision = ALLOWED;
    else if (granting.length + showing.length === 0) this.decision = visible ? VISIBLE : DENIED;
  }

  decide(within: Within | undefined, now: number): Decision {
    if (this.decision) return this.decision;
    const second = wholeSecond(now);
    if (second !== this.#second || this.#decided.size >= MOST_REMEMBERED) this.#decided.clear();
    this.#second = second;
    // Quoted: what a path says of a package may hold any character.
    const question = JSON.stringify(within) ?? '';
    const known = this.#decided.get(question);
    if (known) return known;
    const decision = this.#ask({ resource: { ...this.#resource, ...within }, time: second }, openIn(within));
    this.#decided.set(question, decision);
    return decision;
  }

  #ask(subject: ConditionSubject, open: ReadonlySet<string>): Decision {
    let [allowed, visible, partly] = [false, this.#visible, false];
    for (const binding of this.#granting) {
      const holds = weighCondition(binding, subject);
      if (holds === 'unknown') partly = true;
      if (holds !== true) continue;
      if (weighCondition(binding, { ...subject, open }) === true) return THROUGHOUT;
      allowed = true;
    }
    if (allowed) return CONDITIONALLY;
    visible ||= this.#showing.some((binding) => weighCondition(binding, subject) === true);
    return visible || partly ? { allow: false, visible, partly } : DENIED;
  }

  extent(within: Within, now: number): Extent {
    if (this.decision) return this.decision.allow ? 'all' : 'none';
    return this.#extentOf(this.#granting, within, now);
  }

  /** Whether it is held on the resource, or was given there for something inside. */
  showsInList(now: number): boolean {
    if (this.decide(undefined, now).allow) return true;
    const given = this.#granting.filter(({ on }) => on === this.#on);
    return this.#extentOf(given, {}, now) !== 'none';
  }

  #extentOf(bindings: readonly CompiledBinding[], within: Within, now: number): Extent {
    const open = openIn(within);
    const resource = { ...this.#resource, ...within };
    const subject: ConditionSubject = { resource, open, time: wholeSecond(now) };
    let extent: Extent = 'none';
    for (const binding of bindings) {
      const holds = weighCondition(binding, subject);
      if (holds === true) return 'all';
      if (holds === 'unknown') extent = 'some';
    }
    return extent;
  }
}

/** What the question leaves to be anything. */
const openIn = (within: Within | undefined): ReadonlySet<string> =>
  new Set(INSIDE.filter((name) => within?.[name] === undefined));
