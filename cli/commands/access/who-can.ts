import { type Command, defineCommand } from '../../grammar/command.ts';
import { withoutService } from './explanation-text.ts';
import { insideFlags, questionOf, questionPositionals } from './question.ts';

const commandAt = (path: string): Command =>
  defineCommand({
    path,
    summary: 'List who may do something, and by which grant.',
    description:
      'A grant that has a condition is listed while it holds, and where it depends on what you did not say: give ' +
      '--package, --version or --tag. Needs to see the policy of the resource.',
    examples: [{ says: 'Who may delete?', line: `entrepot ${path} delete images` }],
    positionals: questionPositionals,
    flags: insideFlags,
    lists: true,
    format:
      'table(member, role, grantedOn, condition.title:label=CONDITION, groupMembers.join(" "):label=GROUP_MEMBERS)',
    async run(args, cli) {
      const question = await questionOf(cli, args);
      const client = await cli.client();
      const { holders = [], unseen = [] } = await client.access.whoCan(question);
      if (unseen.length > 0)
        await cli.terminal.warn(
          `Others may be allowed by policies you may not see: ${unseen.map(withoutService).join(', ')}.`,
        );
      return holders.map(({ fullResourceName = '', ...holder }) => ({
        ...holder,
        grantedOn: withoutService(fullResourceName),
      }));
    },
  });

export const whoCan = commandAt('iam who-can');
export const whoCanShort = commandAt('who-can');
