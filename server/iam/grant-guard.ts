import { type AccountStore, belongsTo } from '../core/accounts.ts';
import { RegistryError } from '../core/error.ts';
import type { GrantFinder, GrantGuard } from '../core/grant-guard.ts';
import { memberOf, type Principal, type ResourceName } from '../core/iam.ts';
import { shownName } from '../core/installation.ts';
import type { Permission } from '../core/permissions.ts';
import type { PolicyReader } from '../core/policy.ts';
import { inScope } from './authorizer.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { accountNamed, isEveryone } from './member-names.ts';
import { memberMeaning, namesOf } from './members.ts';
import { permissionsOf } from './roles.ts';

const GRANT_PUBLIC: Permission = 'entrepot.policies.grantPublic';
const MOST_NAMED = 5;

interface PolicyGrantGuardOptions {
  /** The bindings that decide on a resource: its own and those above it. */
  readonly decisions: { chain(on: ResourceName): CompiledPolicy | Promise<CompiledPolicy> };
  readonly policies: Pick<PolicyReader, 'customRole'>;
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly grants: GrantFinder;
}

export class PolicyGrantGuard implements GrantGuard {
  readonly #options: PolicyGrantGuardOptions;

  constructor(options: PolicyGrantGuardOptions) {
    this.#options = options;
  }

  async requireHolds(
    who: Principal,
    permissions: Iterable<Permission>,
    on: ResourceName,
    condition?: string,
  ): Promise<void> {
    const lacking = await this.#lacking(who, permissions, on, condition);
    if (lacking.length > 0)
      throw refusal(`You may not give on ${shownName(on)} what you do not hold there: ${few(lacking)}.`, {
        permission: lacking.slice(0, MOST_NAMED).join(','),
        resource: shownName(on),
      });
  }

  async requireMayBind(
    who: Principal,
    role: string,
    member: string,
    on: ResourceName,
    condition?: string,
  ): Promise<void> {
    if (isEveryone(member) && (await this.#lacking(who, [GRANT_PUBLIC], on, condition)).length > 0)
      throw refusal(
        `You may not grant anything to ${member} on ${shownName(on)}: that needs ${GRANT_PUBLIC}, ` +
          'which roles/entrepot.publicAccessAdmin has.',
        { permission: GRANT_PUBLIC, resource: shownName(on) },
      );
    const permissions = permissionsOf(role, this.#options.policies);
    const lacking = await this.#lacking(who, permissions, on, condition);
    if (lacking.length > 0)
      throw refusal(
        `You may not grant ${role} on ${shownName(on)}, because you do not hold all of it there` +
          `${condition === undefined ? '' : ', nor under the same condition'}. You lack ${few(lacking)}.`,
        { permission: lacking.slice(0, MOST_NAMED).join(','), resource: shownName(on), role },
      );
  }

  async requireCovers(who: Principal, member: string): Promise<void> {
    if (who.kind !== 'anonymous' && !who.scope && memberOf(who) === member) return;
    const names = await this.#namesOf(member);
    for (const on of this.#options.grants.policiesMentioning([...names])) {
      const chain = await this.#options.decisions.chain(on);
      for (const binding of chain) {
        if (binding.on !== on || memberMeaning(binding, names, chain) === undefined) continue;
        const condition = binding.source.condition?.expression;
        const lacking = await this.#lacking(who, binding.permissions, on, condition);
        if (lacking.length > 0) throw exceeding(who, member, on, lacking, chain);
      }
    }
  }

  async requireMayExtend(who: Principal, role: string, permissions: Iterable<Permission>): Promise<void> {
    const more = [...permissions];
    if (more.length === 0) return;
    for (const on of this.#options.grants.policiesBinding(role)) {
      const chain = await this.#options.decisions.chain(on);
      for (const { on: home, source } of chain) {
        if (home !== on || source.role !== role) continue;
        const wanted = source.members.some(isEveryone) ? [...more, GRANT_PUBLIC] : more;
        const lacking = await this.#lacking(who, wanted, on, source.condition?.expression);
        if (lacking.length === 0) continue;
        const where = knows(who, chain) ? `on ${shownName(on)}` : 'somewhere you cannot see';
        throw refusal(
          `You may not add to ${role}: it is granted ${where}, and there you lack ${few(lacking)}.`,
          { role },
        );
      }
    }
  }

  async #lacking(
    who: Principal,
    permissions: Iterable<Permission>,
    on: ResourceName,
    condition: string | undefined,
  ): Promise<readonly Permission[]> {
    const held = heldBy(who, await this.#options.decisions.chain(on), condition);
    const scope = who.kind === 'anonymous' ? undefined : who.scope;
    return [...permissions].filter((each) => !held.has(each) || (scope && !inScope(scope, each, on)));
  }

  /** A member's own name and those of the sets it is in. */
  async #namesOf(member: string): Promise<ReadonlySet<string>> {
    const id = accountNamed(member);
    const account = id === undefined ? undefined : await this.#options.accounts.find(id);
    return new Set(account ? [member, ...belongsTo(account)] : [member]);
  }
}

function heldBy(
  who: Principal,
  chain: CompiledPolicy,
  condition: string | undefined,
): ReadonlySet<Permission> {
  const names = namesOf(who);
  const steady = chain.filter(
    ({ source }) => source.condition === undefined || source.condition.expression === condition,
  );
  const meant = steady.filter((binding) => memberMeaning(binding, names, chain) !== undefined);
  return new Set(meant.flatMap(({ permissions }) => [...permissions]));
}

/** Whoever has something on a resource knows of it, and may be told its name. */
function knows(who: Principal, chain: CompiledPolicy): boolean {
  const names = namesOf(who);
  return chain.some((binding) => memberMeaning(binding, names, chain) !== undefined);
}

function exceeding(
  who: Principal,
  member: string,
  on: ResourceName,
  lacking: readonly Permission[],
  chain: CompiledPolicy,
): RegistryError {
  if (!knows(who, chain))
    return refusal(`You may not act for ${member}, who may do more than you may, in places you cannot see.`);
  return refusal(
    `You may not act for ${member}, who has on ${shownName(on)} what you lack: ${few(lacking)}.`,
    {
      permission: lacking.slice(0, MOST_NAMED).join(','),
      resource: shownName(on),
    },
  );
}

function few(permissions: readonly Permission[]): string {
  const named = permissions.slice(0, MOST_NAMED).join(', ');
  const more = permissions.length - MOST_NAMED;
  return more > 0 ? `${named} and ${more} more` : named;
}

const refusal = (message: string, details: Record<string, string> = {}): RegistryError =>
  new RegistryError('PERMISSION_DENIED', 'GRANT_EXCEEDED', message, { details });
