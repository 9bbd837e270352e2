import { type AccountStore, belongsTo } from '../core/accounts.ts';
import type {
  AccessQuestion,
  ExplainedBinding,
  ExplainedPolicy,
  Explainer,
  Explanation,
  Holder,
} from '../core/explain.ts';
import { ANONYMOUS, memberOf, type Principal, type ResourceName } from '../core/iam.ts';
import type { ConditionResult, ConditionSubject } from '../core/policy.ts';
import { inScope } from './authorizer.ts';
import type { CompiledBinding, CompiledPolicy } from './compiled-policy.ts';
import { subjectOf } from './condition-subject.ts';
import { summaryOf } from './explain-words.ts';
import { leastRole } from './least-role.ts';
import { accountNamed } from './member-names.ts';
import { memberMeaning, namesOf } from './members.ts';
import { chainOf } from './resource-chain.ts';
import { grants, weigh, weighCondition } from './weigh.ts';

interface PolicyExplainerOptions {
  /** The bindings that decide on a resource: its own and those above it. */
  readonly decisions: { chain(on: ResourceName): CompiledPolicy | Promise<CompiledPolicy> };
  readonly accounts: Pick<AccountStore, 'find'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Explains decisions by the function that makes them. */
export class PolicyExplainer implements Explainer {
  readonly #options: PolicyExplainerOptions;
  readonly summary = summaryOf;
  readonly leastRole = leastRole;

  constructor(options: PolicyExplainerOptions) {
    this.#options = options;
  }

  async explain(who: Principal, question: AccessQuestion): Promise<Explanation> {
    const { permission, on } = question;
    const chain = await this.#options.decisions.chain(on);
    const names = namesOf(who);
    const subject = this.#subject(question);
    const explained = chain.map((binding) => ({
      on: binding.on,
      ...explainedBinding(binding, names, question, subject, chain),
    }));
    const policies = chainOf(on).map((place): ExplainedPolicy => {
      const bindings = explained.filter((each) => each.on === place);
      return { on: place, grants: anyOf(bindings), bindings };
    });
    const isLimited = who.kind !== 'anonymous' && who.scope && !inScope(who.scope, permission, on);
    return {
      member: who.kind === 'anonymous' ? 'allUsers' : memberOf(who),
      question,
      grants: isLimited ? false : anyOf(policies),
      ...(isLimited && { obstacle: 'limited-token' as const }),
      policies,
    };
  }

  async explainMember(member: string, question: AccessQuestion): Promise<Explanation | undefined> {
    const id = accountNamed(member);
    if (id === undefined) return this.explain(sameNamed(member), question);
    const account = await this.#options.accounts.find(id);
    if (!account || memberOf(account) !== member) return undefined;
    const who: Principal = { kind: account.kind, id, belongsTo: belongsTo(account) };
    const explained = await this.explain(who, question);
    return account.disabled ? { ...explained, grants: false, obstacle: 'disabled' } : explained;
  }

  async whoCan(question: AccessQuestion): Promise<readonly Holder[]> {
    const chain = await this.#options.decisions.chain(question.on);
    const subject = this.#subject(question);
    return chain.flatMap((binding) => {
      const holds = weighCondition(binding, subject);
      if (!binding.permissions.has(question.permission) || holds === false) return [];
      const { on, source } = binding;
      const { role, condition } = source;
      return source.members.map((member): Holder => ({
        on,
        role,
        member,
        grants: holds,
        ...(condition && { condition }),
      }));
    });
  }

  #subject({ on, permission, within, time }: AccessQuestion): ConditionSubject {
    return subjectOf(on, permission, within, time ?? this.#options.now());
  }
}

function explainedBinding(
  binding: CompiledBinding,
  names: ReadonlySet<string>,
  { permission }: AccessQuestion,
  subject: ConditionSubject,
  chain: CompiledPolicy,
): ExplainedBinding {
  const weighed = weigh(binding, names, permission, subject, chain);
  const { member, included, condition } = weighed;
  const isMeant = (each: string): boolean =>
    memberMeaning({ on: binding.on, members: new Set([each]) }, names, chain) !== undefined;
  const isOpen = member !== undefined && included && condition === 'unknown';
  return {
    binding: binding.source,
    grants: grants(weighed) || (isOpen ? 'unknown' : false),
    included,
    meaning: member === undefined ? [] : binding.source.members.filter(isMeant),
    ...(binding.condition && { condition: weighCondition(binding, subject) }),
  };
}

function anyOf(parts: readonly { readonly grants: ConditionResult }[]): ConditionResult {
  if (parts.some((part) => part.grants === true)) return true;
  return parts.some((part) => part.grants === 'unknown') ? 'unknown' : false;
}

const POOL =
  /^(?:principal|principalSet)(:\/\/[^/]+\/projects\/[^/]+\/locations\/global\/workloadIdentityPools\/[^/]+)\//;

/** Somebody of whom no more is known than the name by which bindings mean them. */
function sameNamed(member: string): Principal {
  if (member === 'allUsers') return ANONYMOUS;
  const pool = POOL.exec(member)?.[1];
  return { kind: 'federated', id: member, belongsTo: pool === undefined ? [] : [`principalSet${pool}/*`] };
}
