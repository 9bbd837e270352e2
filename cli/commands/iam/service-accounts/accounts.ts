import { names } from '../../../../contract/names.ts';
import { type Command, defineCommand, one } from '../../../grammar/command.ts';
import { text } from '../../../grammar/flags.ts';
import { given, givenChange } from '../../given.ts';
import { bySize } from '../../paging.ts';
import { account, nameOf } from './account.ts';

const textFlags = {
  displayName: text('NAME', 'Name for people.'),
  description: text('TEXT', 'What the account is for.'),
};

const create = defineCommand({
  path: 'iam service-accounts create',
  summary: 'Create a service account: an account of a program.',
  description: 'It may do nothing until a role is granted to it, and nobody can be it until it has a key.',
  examples: [
    {
      says: 'An account for a build:',
      line: 'entrepot iam service-accounts create builder --display-name="Builds images"',
    },
  ],
  positionals: {
    name: one('What stands before the @ of its e-mail: 6 to 30 lower-case letters, digits and hyphens.'),
  },
  flags: textFlags,
  format: 'none',
  async run({ name, ...fields }, cli) {
    const project = names.project.format({ project: await cli.project() });
    const client = await cli.client();
    const made = await client.serviceAccounts.create(project, {
      accountId: name,
      serviceAccount: given(fields),
    });
    await cli.terminal.notice(`Created service account [${made.email}].`);
    return made;
  },
});

const list = defineCommand({
  path: 'iam service-accounts list',
  summary: 'List the service accounts of a project.',
  lists: true,
  format: 'table(displayName:label="DISPLAY NAME", email, disabled.yesno(yes=True, no=False))',
  async run(_, cli) {
    const client = await cli.client();
    return client.serviceAccounts.list(names.project.format({ project: await cli.project() }), bySize(cli));
  },
});

const describe = defineCommand({
  path: 'iam service-accounts describe',
  summary: 'Show a service account.',
  positionals: { account },
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    return client.serviceAccounts.get(nameOf(args.account));
  },
});

const update = defineCommand({
  path: 'iam service-accounts update',
  summary: 'Change the display name or the description of a service account.',
  positionals: { account },
  flags: textFlags,
  format: 'yaml',
  async run({ account: written, ...fields }, cli) {
    const change = givenChange(fields, 'give --display-name or --description');
    const client = await cli.client();
    const changed = await client.serviceAccounts.patch(nameOf(written), ...change);
    await cli.terminal.notice(`Updated service account [${changed.email}].`);
    return changed;
  },
});

const remove = defineCommand({
  path: 'iam service-accounts delete',
  summary: 'Delete a service account with its keys; whatever was got with them ends at once.',
  positionals: { account },
  format: 'none',
  async run(args, cli) {
    const name = nameOf(args.account);
    await cli.terminal.confirm(`Service account [${args.account}] will be deleted.`);
    const client = await cli.client();
    await client.serviceAccounts.delete(name);
    await cli.terminal.notice(`Deleted service account [${args.account}].`);
    return undefined;
  },
});

const switching = (verb: 'disable' | 'enable', done: string, summary: string): Command =>
  defineCommand({
    path: `iam service-accounts ${verb}`,
    summary,
    positionals: { account },
    format: 'none',
    async run(args, cli) {
      const client = await cli.client();
      await client.serviceAccounts[verb](nameOf(args.account));
      await cli.terminal.notice(`${done} service account [${args.account}].`);
      return undefined;
    },
  });

export const serviceAccountCommands: readonly Command[] = [
  create,
  list,
  describe,
  update,
  remove,
  switching('disable', 'Disabled', 'Refuse the keys and tokens of a service account until it is enabled.'),
  switching('enable', 'Enabled', 'Take the keys of a service account again.'),
];
