import {
  type Authorizer,
  covers,
  type Decision,
  type Principal,
  type ResourceName,
  type Scope,
  type Within,
} from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { ConditionCompiler, PolicyReader } from '../core/policy.ts';
import { type CompiledPolicy, compilePolicy } from './compiled-policy.ts';
import { namesOf } from './members.ts';
import { chainOf, grants, subjectOf, weigh, wholeSecond } from './weigh.ts';

interface PolicyAuthorizerOptions {
  readonly policies: PolicyReader;
  readonly conditions: ConditionCompiler;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const ALLOWED: Decision = { allow: true };
const DENIED: Decision = { allow: false, visible: false, partly: false };
const MOST_REMEMBERED = 10_000;

/** What is known of a caller while nothing that decides has changed. */
interface Known {
  readonly names: ReadonlySet<string>;
  readonly decisions: Map<string, Decision>;
  /** What conditions had a part in: it holds for `second`, and for what inside the resource was asked about. */
  readonly conditional: Map<string, Decision>;
  second: number;
}

/**
 * Allows what a binding on the resource, or on anything above it, grants through its role while its condition holds.
 * Everything else is denied. A credential's own scope narrows what its owner may do and never widens it. Policies and
 * decisions are kept exactly as long as the revision of what they were made from, and those with conditions not beyond
 * the second they were made for.
 */
export class PolicyAuthorizer implements Authorizer {
  readonly #options: PolicyAuthorizerOptions;
  readonly #compiled = new Map<ResourceName, CompiledPolicy>();
  /** By the object that stands for a caller while its credential is believed. */
  #known = new WeakMap<Principal, Known>();
  #revision = -1;

  constructor(options: PolicyAuthorizerOptions) {
    this.#options = options;
  }

  check(
    who: Principal,
    permission: Permission,
    on: ResourceName,
    within?: Within,
  ): Decision | Promise<Decision> {
    if (who.kind !== 'anonymous' && who.scope && !inScope(who.scope, permission, on)) return DENIED;
    this.#forgetOutdated();
    const known = this.#knownOf(who);
    const question = `${permission} ${on}`;
    const remembered = known.decisions.get(question) ?? this.#thisSecond(known, question, within);
    if (remembered) return remembered;
    const chain = this.chain(on);
    if (chain instanceof Promise)
      return chain.then((policies) => this.#decide(known, policies, permission, on, within));
    return this.#decide(known, chain, permission, on, within);
  }

  async visible(
    who: Principal,
    permission: Permission,
    names: readonly ResourceName[],
  ): Promise<ReadonlySet<ResourceName>> {
    const seen = new Set<ResourceName>();
    for (const name of names) {
      const decision = await this.check(who, permission, name);
      if (decision.allow || decision.partly) seen.add(name);
    }
    return seen;
  }

  /** The bindings that a question about a resource is answered from, those of the installation first. */
  chain(on: ResourceName): CompiledPolicy | Promise<CompiledPolicy> {
    this.#forgetOutdated();
    const parts = chainOf(on).map((name) => this.#policy(name));
    if (!parts.some((part) => part instanceof Promise)) return (parts as CompiledPolicy[]).flat();
    return Promise.all(parts.map(async (part) => part)).then((policies) => policies.flat());
  }

  #decide(
    known: Known,
    chain: CompiledPolicy,
    permission: Permission,
    on: ResourceName,
    within: Within | undefined,
  ): Decision {
    const subject = subjectOf(on, permission, within, this.#options.now());
    const question = `${permission} ${on}`;
    let [conditional, visible, partly] = [false, false, false];
    for (const binding of chain) {
      const weighed = weigh(binding, known.names, permission, subject, chain);
      if (weighed.member === undefined) continue;
      if (binding.condition) conditional = true;
      else if (weighed.included) return remember(known.decisions, question, ALLOWED);
      if (grants(weighed)) return remember(known.conditional, inside(question, within), ALLOWED);
      if (weighed.condition === 'unknown' && weighed.included) partly = true;
      if (weighed.condition === true) visible = true;
    }
    const decision: Decision = visible || partly ? { allow: false, visible, partly } : DENIED;
    return conditional
      ? remember(known.conditional, inside(question, within), decision)
      : remember(known.decisions, question, decision);
  }

  /** What conditions decided of the same thing, at the time that conditions are told. */
  #thisSecond(known: Known, question: string, within: Within | undefined): Decision | undefined {
    const second = wholeSecond(this.#options.now());
    if (known.second !== second) {
      known.conditional.clear();
      known.second = second;
    }
    return known.conditional.size === 0 ? undefined : known.conditional.get(inside(question, within));
  }

  #policy(on: ResourceName): CompiledPolicy | Promise<CompiledPolicy> {
    const known = this.#compiled.get(on);
    if (known) return known;
    const { policies, conditions } = this.#options;
    const compiled = compilePolicy(on, policies.policy(on), policies, conditions);
    if (!(compiled instanceof Promise)) return this.#keep(on, compiled);
    const revision = this.#revision;
    return compiled.then((ready) => (revision === this.#revision ? this.#keep(on, ready) : ready));
  }

  #keep(on: ResourceName, policy: CompiledPolicy): CompiledPolicy {
    if (this.#compiled.size >= MOST_REMEMBERED) this.#compiled.clear();
    this.#compiled.set(on, policy);
    return policy;
  }

  #knownOf(who: Principal): Known {
    const known = this.#known.get(who);
    if (known) return known;
    const made: Known = {
      names: namesOf(who),
      decisions: new Map(),
      conditional: new Map(),
      second: 0,
    };
    this.#known.set(who, made);
    return made;
  }

  #forgetOutdated(): void {
    const revision = this.#options.policies.revision();
    if (revision === this.#revision) return;
    this.#revision = revision;
    this.#compiled.clear();
    this.#known = new WeakMap();
  }
}

export const inScope = (
  { permissions, resources }: Scope,
  permission: Permission,
  on: ResourceName,
): boolean =>
  (permissions === undefined || permissions.includes(permission)) &&
  (resources === undefined || resources.some((above) => covers(above, on)));

/** Quoted: what a path says of a package may hold any character. */
const inside = (question: string, within: Within | undefined): string =>
  within === undefined ? question : question + JSON.stringify(within);

function remember(decisions: Map<string, Decision>, question: string, decision: Decision): Decision {
  if (decisions.size >= MOST_REMEMBERED) decisions.clear();
  decisions.set(question, decision);
  return decision;
}
