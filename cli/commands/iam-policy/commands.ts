import type { Policy } from '../../../contract/client.ts';
import { type Command, defineCommand, one } from '../../grammar/command.ts';
import { required, text, toggle } from '../../grammar/flags.ts';
import { withBinding, withoutBinding } from './binding-changes.ts';
import { conditionFlags, wantedCondition } from './condition-flags.ts';
import { documentOf } from './document-file.ts';
import { POLICY_KINDS, type PolicyKind } from './resources.ts';
import { textOfFile } from '../../text-file.ts';

const grantFlags = {
  member: required(
    text(
      'PRINCIPAL',
      'Who: user:NAME, group:NAME, serviceAccount:EMAIL, domain:DOMAIN, principal://..., principalSet://..., ' +
        'allAuthenticatedUsers or allUsers.',
    ),
  ),
  role: required(text('ROLE', 'What they may do: roles/..., or a custom role by its full name.')),
};

/** The four commands about the policy of each kind of resource. */
export const policyCommands = (group: string): readonly Command[] =>
  POLICY_KINDS.filter((kind) => kind.group === group).flatMap((kind) => [
    getIamPolicy(kind),
    setIamPolicy(kind),
    addBinding(kind),
    removeBinding(kind),
  ]);

const getIamPolicy = (kind: PolicyKind): Command =>
  defineCommand({
    path: `${kind.group} get-iam-policy`,
    summary: `Show who may do what with ${article(kind.noun)}, by its own policy.`,
    description: 'What is granted on the project, or on the organization, counts as well and is shown there.',
    positionals: { resource: kind.positional },
    format: 'yaml',
    async run(args, cli) {
      const client = await cli.client();
      return client.policies.get(await kind.name(cli, args.resource));
    },
  });

const setIamPolicy = (kind: PolicyKind): Command =>
  defineCommand({
    path: `${kind.group} set-iam-policy`,
    summary: `Replace the policy of ${article(kind.noun)} by that of a file.`,
    description:
      'The file is JSON or YAML, as get-iam-policy prints it. Its etag says which policy it was made from: when ' +
      'somebody changed that meanwhile, nothing is set.',
    examples: [
      {
        says: 'Set a policy that was got with get-iam-policy and then edited:',
        line: `entrepot ${kind.group} set-iam-policy ${kind.example.resource} policy.yaml`,
      },
    ],
    positionals: { resource: kind.positional, policyFile: one('File with the policy.') },
    format: 'yaml',
    async run(args, cli) {
      const content = await textOfFile(args.policyFile);
      const policy: Policy = documentOf(content, args.policyFile);
      const client = await cli.client();
      const name = await kind.name(cli, args.resource);
      if (!policy.etag)
        await cli.terminal.confirm(
          `${args.policyFile} has no etag, so changes that others made since it was written would be lost.`,
        );
      const set = await (policy.etag
        ? client.policies.set(name, policy)
        : client.policies.change(name, () => policy));
      await cli.terminal.notice(`Updated IAM policy for ${kind.noun} [${args.resource ?? 'entrepot'}].`);
      return set;
    },
  });

const addBinding = (kind: PolicyKind): Command =>
  defineCommand({
    path: `${kind.group} add-iam-policy-binding`,
    summary: `Let somebody do something with ${article(kind.noun)}.`,
    description:
      'Nobody can give what they do not hold themselves. Granting to allUsers or allAuthenticatedUsers needs ' +
      'entrepot.policies.grantPublic as well.',
    examples: [
      {
        says: 'A role for a group:',
        line: `entrepot ${kind.group} add-iam-policy-binding ${kind.example.resource} --member=group:web --role=${kind.example.role}`,
      },
      {
        says: 'The same, until the end of the year:',
        line:
          `entrepot ${kind.group} add-iam-policy-binding ${kind.example.resource} --member=group:web --role=${kind.example.role} ` +
          `--condition='expression=timestamp("2027-01-01T00:00:00Z") > request.time,title=until 2027'`,
      },
    ],
    positionals: { resource: kind.positional },
    flags: { ...grantFlags, ...conditionFlags },
    format: 'yaml',
    async run(args, cli) {
      const condition = await wantedCondition(args);
      const client = await cli.client();
      const { member, role } = args;
      const policy = await client.policies.change(await kind.name(cli, args.resource), (current) =>
        withBinding(current, { member, role, condition }),
      );
      await cli.terminal.notice(`Updated IAM policy for ${kind.noun} [${args.resource ?? 'entrepot'}].`);
      return policy;
    },
  });

const removeBinding = (kind: PolicyKind): Command =>
  defineCommand({
    path: `${kind.group} remove-iam-policy-binding`,
    summary: `Take back what somebody was let do with ${article(kind.noun)}.`,
    examples: [
      {
        says: 'Whatever the condition:',
        line: `entrepot ${kind.group} remove-iam-policy-binding ${kind.example.resource} --member=group:web --role=${kind.example.role} --all`,
      },
    ],
    positionals: { resource: kind.positional },
    flags: {
      ...grantFlags,
      ...conditionFlags,
      all: toggle('Take every binding of the role to the member, whatever its condition.'),
    },
    format: 'yaml',
    async run(args, cli) {
      const condition = await wantedCondition(args);
      const client = await cli.client();
      const { member, role, all = false } = args;
      const policy = await client.policies.change(await kind.name(cli, args.resource), (current) =>
        withoutBinding(current, { member, role, condition }, all),
      );
      await cli.terminal.notice(`Updated IAM policy for ${kind.noun} [${args.resource ?? 'entrepot'}].`);
      return policy;
    },
  });

const article = (noun: string): string => (/^[aeio]/.test(noun) ? `an ${noun}` : `a ${noun}`);
