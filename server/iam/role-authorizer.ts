import type { RoleBinding, RoleBindings } from '../core/accounts.ts';
import {
  memberOf,
  type Account,
  type Authorizer,
  type Decision,
  type Permission,
  type Principal,
  type ResourceName,
} from '../core/iam.ts';

interface RoleAuthorizerOptions {
  readonly bindings: RoleBindings;
  readonly roles: ReadonlyMap<string, ReadonlySet<Permission>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How long a change of policy may take to be seen here. */
  readonly freshForMs: number;
}

interface Held {
  readonly bindings: readonly RoleBinding[];
  readonly until: number;
}

const ALLOWED: Decision = { allow: true };
const DENIED: Decision = { allow: false, visible: false };

/**
 * Allows what a binding on the resource, or on anything above it, grants through its role. Everything else is
 * denied. A credential's own scopes narrow what its owner may do and never widen it.
 */
export class RoleAuthorizer implements Authorizer {
  readonly #options: RoleAuthorizerOptions;
  /** By the object that stands for a caller while its credential is believed. */
  readonly #held = new WeakMap<Account, Held>();

  constructor(options: RoleAuthorizerOptions) {
    this.#options = options;
  }

  check(who: Principal, permission: Permission, on: ResourceName): Decision | Promise<Decision> {
    if (who.kind === 'anonymous') return DENIED;
    if (who.scopes && !who.scopes.includes(permission)) return DENIED;
    const held = this.#held.get(who);
    if (held && held.until > this.#options.now()) return this.#decide(held.bindings, permission, on);
    return this.#fetch(who).then((bindings) => this.#decide(bindings, permission, on));
  }

  async visible(
    who: Principal,
    permission: Permission,
    names: readonly ResourceName[],
  ): Promise<ReadonlySet<ResourceName>> {
    const seen = new Set<ResourceName>();
    for (const name of names) if ((await this.check(who, permission, name)).allow) seen.add(name);
    return seen;
  }

  #decide(bindings: readonly RoleBinding[], permission: Permission, on: ResourceName): Decision {
    let visible = false;
    for (const { on: above, role } of bindings) {
      if (!covers(above, on)) continue;
      if (this.#options.roles.get(role)?.has(permission)) return ALLOWED;
      visible = true;
    }
    return visible ? { allow: false, visible } : DENIED;
  }

  async #fetch(who: Account): Promise<readonly RoleBinding[]> {
    const bindings = await this.#options.bindings.of(membersOf(who));
    this.#held.set(who, { bindings, until: this.#options.now() + this.#options.freshForMs });
    return bindings;
  }
}

const membersOf = (account: Account): readonly string[] => [
  memberOf(account),
  ...account.groups.map((group) => `group:${group}`),
];

/** A name covers itself and everything below it; a project whose name only begins alike is not below it. */
const covers = (above: ResourceName, name: ResourceName): boolean =>
  above === '/' || above === name || name.startsWith(`${above}/`);
