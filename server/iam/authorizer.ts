import {
  type Authorizer,
  covers,
  type Decision,
  type Extent,
  type Principal,
  type ResourceName,
  type Scope,
  type Within,
} from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { ConditionCompiler, PolicyReader } from '../core/policy.ts';
import { type CompiledPolicy, compilePolicy } from './compiled-policy.ts';
import { namesOf } from './members.ts';
import { chainOf } from './resource-chain.ts';
import { DENIED, Standing } from './standing.ts';

interface PolicyAuthorizerOptions {
  readonly policies: PolicyReader;
  readonly conditions: ConditionCompiler;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const MOST_REMEMBERED = 10_000;

/** What is known of a caller while nothing that decides has changed. */
interface Known {
  readonly names: ReadonlySet<string>;
  readonly standings: Map<ResourceName, Map<Permission, Standing>>;
}

/**
 * Allows what a binding on the resource, or on anything above it, grants through its role while its condition holds.
 * Everything else is denied. A credential's own scope narrows what its owner may do and never widens it. How a caller
 * stands is kept exactly as long as the revision of what that was made from.
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
    const standing = this.#standing(who, permission, on);
    if (standing === undefined) return DENIED;
    const { now } = this.#options;
    return standing instanceof Promise
      ? standing.then((made) => made.decide(within, now()))
      : (standing.decision ?? standing.decide(within, now()));
  }

  extent(who: Principal, permission: Permission, on: ResourceName, within: Within): Extent | Promise<Extent> {
    const standing = this.#standing(who, permission, on);
    if (standing === undefined) return 'none';
    const { now } = this.#options;
    return standing instanceof Promise
      ? standing.then((made) => made.extent(within, now()))
      : standing.extent(within, now());
  }

  async visible(
    who: Principal,
    permission: Permission,
    names: readonly ResourceName[],
  ): Promise<ReadonlySet<ResourceName>> {
    const seen = new Set<ResourceName>();
    for (const name of names) {
      const standing = await this.#standing(who, permission, name);
      if (standing?.showsInList(this.#options.now())) seen.add(name);
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

  /** Nothing where the credential's own limits already say no. */
  #standing(
    who: Principal,
    permission: Permission,
    on: ResourceName,
  ): Standing | Promise<Standing> | undefined {
    if (who.kind !== 'anonymous' && who.scope && !inScope(who.scope, permission, on)) return undefined;
    this.#forgetOutdated();
    const known = this.#knownOf(who);
    const remembered = known.standings.get(on)?.get(permission);
    if (remembered) return remembered;
    const remember = (chain: CompiledPolicy): Standing => {
      const standing = new Standing(chain, known.names, permission, on);
      if (known.standings.size >= MOST_REMEMBERED) known.standings.clear();
      const here = known.standings.get(on) ?? new Map<Permission, Standing>();
      known.standings.set(on, here.set(permission, standing));
      return standing;
    };
    const chain = this.chain(on);
    return chain instanceof Promise ? chain.then(remember) : remember(chain);
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
    const made: Known = { names: namesOf(who), standings: new Map() };
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
