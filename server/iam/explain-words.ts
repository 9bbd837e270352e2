import type { ExplainedBinding, Explanation } from '../core/explain.ts';
import type { ResourceName } from '../core/iam.ts';
import { shownName } from '../core/installation.ts';

interface Placed extends ExplainedBinding {
  readonly on: ResourceName;
}

/** One sentence, or a few, that say what decided. */
export function summaryOf(explanation: Explanation, seen: ReadonlySet<ResourceName>): string {
  const { member, question, grants, obstacle } = explanation;
  const bindings = explanation.policies.flatMap(({ on, bindings: own }) =>
    own.map((each) => ({ ...each, on })),
  );
  const meant = bindings.filter(({ meaning }) => meaning.length > 0);
  const what = `${question.permission} on ${shownName(question.on)}`;
  if (obstacle === 'disabled') return `${member} is disabled and can do nothing.`;
  if (obstacle === 'limited-token')
    return `The credential is limited and leaves ${what} out, whatever ${member} may do without that limit.`;

  const granting = meant.find((each) => each.grants === true);
  if (grants === true && granting) return `${member} has ${what}: ${given(granting, member, seen)}.`;

  const verb = grants === 'unknown' ? 'may have' : 'does not have';
  return `${member} ${verb} ${what}: ${reasons(meant, seen).join('; ')}.`;
}

function reasons(meant: readonly Placed[], seen: ReadonlySet<ResourceName>): readonly string[] {
  const almost = meant.filter(({ included }) => included);
  if (almost.length > 0) return almost.map((binding) => conditional(binding, seen));
  const known = meant.filter(({ on }) => seen.has(on));
  if (known.length === 0) return ['nothing is granted to it there or above'];
  const held = known.map(({ binding, on }) => `${binding.role} on ${shownName(on)}`);
  return [`it has only ${[...new Set(held)].join(', ')}, and no role with this permission`];
}

function given({ binding, on, meaning }: Placed, member: string, seen: ReadonlySet<ResourceName>): string {
  if (!seen.has(on)) return 'it is granted above, in a policy you may not see';
  const [by = member] = meaning;
  const who = by === member ? '' : ` to ${by}`;
  const when = binding.condition ? ` while “${binding.condition.title}” holds, which it does` : '';
  return `${binding.role} is granted${who} on ${shownName(on)}${when}`;
}

function conditional({ binding, on, condition }: Placed, seen: ReadonlySet<ResourceName>): string {
  if (!seen.has(on)) return 'it is granted above under a condition, in a policy you may not see';
  const { title = '', expression = '' } = binding.condition ?? {};
  const why = condition === 'unknown' ? 'depends on what the question does not say' : 'does not hold';
  return `${binding.role} is granted on ${shownName(on)} under the condition “${title}”, which ${why}: ${expression}`;
}
