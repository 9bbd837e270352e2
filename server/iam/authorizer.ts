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
import { chainOf, grants, subjectOf, weigh } from './weigh.ts';

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
}

/**
 * Allows what a binding on the resource, or on anything above it, grants through its role while its condition holds.
 * Everything else is denied. A credential's own scope narrows what its owner may do and never widens it. Policies and
 * decisions are kept exactly as long as the revision of what they were made from.
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
    const remembered = known.decisions.get(`${permission} ${on}`);
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
    let [conditional, visible, partly] = [false, false, false];
    for (const binding of chain) {
      const weighed = weigh(binding, known.names, permission, subject, chain);
      if (weighed.member === undefined) continue;
      if (binding.condition) conditional = true;
      else if (weighed.included) return this.#remember(known, permission, on, ALLOWED);
      if (grants(weighed)) return ALLOWED;
      if (weighed.condition === 'unknown' && weighed.included) partly = true;
      if (weighed.condition === true) visible = true;
    }
    const decision: Decision = visible || partly ? { allow: false, visible, partly } : DENIED;
    // What a condition decided may be otherwise at another time, and for another package.
    return conditional ? decision : this.#remember(known, permission, on, decision);
  }

  #remember(known: Known, permission: Permission, on: ResourceName, decision: Decision): Decision {
    if (known.decisions.size >= MOST_REMEMBERED) known.decisions.clear();
    known.decisions.set(`${permission} ${on}`, decision);
    return decision;
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
    const made: Known = { names: namesOf(who), decisions: new Map() };
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

export const inScope = ({ permissions, resources }: Scope, permission: Permission, on: ResourceName): boolean =>
  (permissions === undefined || permissions.includes(permission)) &&
  (resources === undefined || resources.some((above) => covers(above, on)));
