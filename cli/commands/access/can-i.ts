import { NegativeAnswer } from '../../exit.ts';
import { type Command, defineCommand } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { explanationText } from './explanation-text.ts';
import { insideFlags, questionOf, questionPositionals } from './question.ts';

const commandAt = (path: string): Command =>
  defineCommand({
    path,
    summary: 'Ask whether you, or somebody else, may do something, and why.',
    description:
      'Ends with 0 when the answer is yes and with 1 when it is not. About yourself you may always ask; about others ' +
      'who may see the policy of the resource.',
    examples: [
      { says: 'May I push?', line: `entrepot ${path} push images` },
      {
        says: 'May the build delete this tag?',
        line: `entrepot ${path} delete images --member=ci@my-project.iam.gserviceaccount.com --package=app --tag=v1`,
      },
      {
        says: 'Any permission, on anything:',
        line: `entrepot ${path} resourcemanager.projects.setIamPolicy projects/my-project`,
      },
    ],
    positionals: questionPositionals,
    flags: {
      member: text('PRINCIPAL', 'Who: a user name, an e-mail, or a member as in policies.', {
        fallback: 'you',
      }),
      ...insideFlags,
    },
    format: 'yaml',
    async run(args, cli) {
      const question = await questionOf(cli, args);
      const client = await cli.client();
      const { member } = args;
      const answer = await client.access.troubleshoot({
        ...question,
        ...(member !== undefined && { principal: member }),
      });
      const shown =
        cli.globals.format === undefined ? explanationText(answer, question.fullResourceName ?? '') : answer;
      if (answer.access !== 'GRANTED') throw new NegativeAnswer(shown);
      return shown;
    },
  });

export const canI = commandAt('iam can-i');
export const canIShort = commandAt('can-i');
