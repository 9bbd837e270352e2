import { userName } from '../../../contract/identities.ts';
import { usage } from '../../exit.ts';
import { type Command, defineCommand, one } from '../../grammar/command.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { given, givenChange } from '../given.ts';
import { bySize } from '../paging.ts';
import { askNewPassword, linesOfStdin, passwordFlags } from './password.ts';

const user = one('Name of the user, such as ann or ann@example.com.');
const nameFlags = {
  displayName: text('NAME', 'Name for people.'),
  description: text('TEXT', 'What else there is to say.'),
};

const createUser = defineCommand({
  path: 'identity users create',
  summary: 'Create a user.',
  description:
    'Asks for a password. A user without one logs in through the identity provider only. A new user may do nothing ' +
    'until a role is granted to user:NAME, or to a group it is in.',
  examples: [
    { says: 'A user who logs in with a password:', line: 'entrepot identity users create ann' },
    {
      says: 'A user of the identity provider:',
      line: 'entrepot identity users create ann@example.com --without-password',
    },
  ],
  positionals: { user },
  flags: {
    ...nameFlags,
    ...passwordFlags,
    withoutPassword: toggle('Let the user log in through the identity provider only.'),
  },
  format: 'none',
  async run({ user: id, passwordStdin, withoutPassword, ...fields }, cli) {
    if (passwordStdin && withoutPassword)
      throw usage('--password-stdin and --without-password exclude each other');
    const client = await cli.client();
    const [password] = withoutPassword
      ? []
      : passwordStdin
        ? await linesOfStdin(cli, ['the password'])
        : [await askNewPassword(cli, id)];
    const created = await client.users.create(id, given({ ...fields, password }));
    await cli.terminal.notice(`Created user [${id}].`);
    return created;
  },
});

const listUsers = defineCommand({
  path: 'identity users list',
  summary: 'List the users.',
  lists: true,
  format:
    'table(name.basename():label=USER, displayName:label=NAME, hasPassword.yesno(yes="yes", no="no"):label=PASSWORD, ' +
    'disabled.yesno(yes="yes", no="no"), createTime.date())',
  async run(_, cli) {
    const client = await cli.client();
    return client.users.list(bySize(cli));
  },
});

const describeUser = defineCommand({
  path: 'identity users describe',
  summary: 'Show a user.',
  positionals: { user },
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    return client.users.get(userName(args.user));
  },
});

const updateUser = defineCommand({
  path: 'identity users update',
  summary: 'Change the display name or the description of a user.',
  positionals: { user },
  flags: nameFlags,
  format: 'none',
  async run({ user: id, ...fields }, cli) {
    const change = givenChange(fields, 'give --display-name or --description');
    const client = await cli.client();
    const updated = await client.users.patch(userName(id), ...change);
    await cli.terminal.notice(`Updated user [${id}].`);
    return updated;
  },
});

const switching = (verb: 'disable' | 'enable', done: string, summary: string): Command =>
  defineCommand({
    path: `identity users ${verb}`,
    summary,
    positionals: { user },
    format: 'none',
    async run(args, cli) {
      const client = await cli.client();
      const switched = await client.users[verb](userName(args.user));
      await cli.terminal.notice(`${done} user [${args.user}].`);
      return switched;
    },
  });

const deleteUser = defineCommand({
  path: 'identity users delete',
  summary: 'Delete a user, its tokens and its memberships.',
  description: 'A later user of the same name gets nothing of what was granted to this one.',
  positionals: { user },
  format: 'none',
  async run(args, cli) {
    await cli.terminal.confirm(`User [${args.user}] will be deleted.`);
    const client = await cli.client();
    await client.users.delete(userName(args.user));
    await cli.terminal.notice(`Deleted user [${args.user}].`);
    return undefined;
  },
});

export const userCommands: readonly Command[] = [
  createUser,
  listUsers,
  describeUser,
  updateUser,
  switching('disable', 'Disabled', 'Disable a user: end its logins and refuse its password and tokens.'),
  switching('enable', 'Enabled', 'Enable a user again, and its personal tokens with it.'),
  deleteUser,
];
