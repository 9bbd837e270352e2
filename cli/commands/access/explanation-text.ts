import type { Troubleshooting } from '../../../contract/client.ts';
import { harmless } from '../../output/harmless.ts';
import { grantLine } from './grant-line.ts';

const ANSWERS: Readonly<Record<string, string>> = {
  GRANTED: 'yes',
  NOT_GRANTED: 'no',
  UNKNOWN_CONDITIONAL: 'it depends',
};

type Policies = NonNullable<Troubleshooting['explainedPolicies']>;
type Policy = Policies[number];
type Binding = NonNullable<Policy['bindingExplanations']>[number];

/** An answer for people: the verdict, why, the bindings that have a say, and what would change it. */
export function explanationText(answer: Troubleshooting, asked: string): string {
  const { access = '', summary = '', principal = '', suggestedRole, explainedPolicies = [] } = answer;
  const parts = [
    ANSWERS[access] ?? access,
    summary,
    explainedPolicies
      .map(policyText)
      .filter((text) => text !== '')
      .join('\n'),
    ...(suggestedRole === undefined || access === 'GRANTED'
      ? []
      : [
          `This would grant it, with ${suggestedRole}, the least role that has it:\n` +
            `  ${grantLine({ resource: asked, member: principal, role: suggestedRole })}`,
        ]),
  ];
  return harmless(`${parts.filter((part) => part !== '').join('\n\n')}\n`);
}

/** A policy and those of its bindings that mean who was asked about, or have the permission. */
function policyText({ fullResourceName = '', bindingExplanations = [] }: Policy): string {
  const rows = bindingExplanations.filter((each) => isMeant(each) || hasPermission(each)).map(bindingRow);
  if (rows.length === 0) return '';
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [withoutService(fullResourceName), ...lines.map((line) => `  ${line}`)].join('\n');
}

const bindingRow = (binding: Binding): readonly string[] => [
  binding.role ?? '',
  hasPermission(binding) ? 'has the permission' : 'lacks the permission',
  members(binding),
  condition(binding),
];

function members({ memberships = {} }: Binding): string {
  const all = Object.keys(memberships);
  const meant = all.filter((member) => memberships[member]?.membership === 'MEMBERSHIP_INCLUDED');
  if (meant.length > 0) return `granted to ${meant.join(', ')}`;
  return `granted to ${all.length === 1 ? 'another' : `${all.length} others`}`;
}

function condition({ condition: wanted, conditionExplanation }: Binding): string {
  if (!wanted) return '';
  const value = conditionExplanation?.value;
  const state = value === true ? 'holds' : value === 'UNKNOWN' ? 'depends on more' : 'does not hold';
  return `condition "${wanted.title ?? ''}" ${state}: ${wanted.expression ?? ''}`;
}

const hasPermission = ({ rolePermission }: Binding): boolean => rolePermission === 'ROLE_PERMISSION_INCLUDED';
const isMeant = ({ memberships = {} }: Binding): boolean =>
  Object.values(memberships).some(({ membership }) => membership === 'MEMBERSHIP_INCLUDED');

export const withoutService = (name: string): string => name.replace(/^\/\/[^/]+\//, '');
