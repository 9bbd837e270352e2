import { type Account, memberOf, type Principal, type ResourceName } from '../core/iam.ts';
import type { CompiledBinding, CompiledPolicy } from './compiled-policy.ts';
import { isEveryone } from './member-names.ts';

/** Basic roles by the names that policies may use for whoever holds them on the project. */
const CONVENIENCE: Readonly<Record<string, string>> = {
  projectOwner: 'roles/owner',
  projectEditor: 'roles/editor',
  projectViewer: 'roles/viewer',
};

/** Every name by which a binding may mean someone. */
export function namesOf(who: Principal): ReadonlySet<string> {
  if (who.kind === 'anonymous') return new Set(['allUsers']);
  // A project that trusts an issuer vouches for its identities to itself, not to everyone.
  if (who.kind === 'federated') return new Set(['allUsers', ...ownNames(who)]);
  return new Set(['allUsers', 'allAuthenticatedUsers', ...ownNames(who)]);
}

export const ownNames = (who: Account): readonly string[] => [memberOf(who), ...who.belongsTo];

/** The member of a binding that means someone with these names; nothing when none does. */
export function memberMeaning(
  binding: Pick<CompiledBinding, 'members' | 'on'>,
  names: ReadonlySet<string>,
  above: CompiledPolicy,
): string | undefined {
  const [few, many] = binding.members.size < names.size ? [binding.members, names] : [names, binding.members];
  for (const name of few) if (many.has(name)) return name;
  for (const member of binding.members) if (meansHolder(member, binding.on, names, above)) return member;
  return undefined;
}

/**
 * `projectOwner:P` means whoever was given the basic role on P by a name of their own, and is looked at below P only: a project that
 * is shown to everybody gives nobody what its viewers may do besides.
 */
function meansHolder(
  member: string,
  on: ResourceName,
  names: ReadonlySet<string>,
  above: CompiledPolicy,
): boolean {
  const [word = '', project = ''] = member.split(':', 2);
  const role = CONVENIENCE[word];
  if (role === undefined) return false;
  const name: ResourceName = `projects/${project}`;
  if (on !== name && !on.startsWith(`${name}/`)) return false;
  return above.some(
    (other) =>
      (other.on === '/' || other.on === name) &&
      other.source.role === role &&
      other.source.condition === undefined &&
      [...other.members].some((each) => names.has(each) && !isEveryone(each)),
  );
}
