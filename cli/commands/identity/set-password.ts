import { userName } from '../../../contract/identities.ts';
import type { Cli } from '../../context.ts';
import { lastId } from '../../../contract/names.ts';
import { CliError, usage } from '../../exit.ts';
import { defineCommand, maybe } from '../../grammar/command.ts';
import { toggle } from '../../grammar/flags.ts';
import { askCurrentPassword, askNewPassword, linesOfStdin, passwordFlags } from './password.ts';

export const setPassword = defineCommand({
  path: 'identity users set-password',
  summary: 'Set a password: your own, or that of another user.',
  description:
    'Asks for the new password, and for the current one when it is your own. With --password-stdin, standard input ' +
    'has one line with the new password; for your own, two lines with the current and the new one.\n\n' +
    'All logins of the user end, on every machine. Personal tokens stay; see "entrepot auth tokens list".',
  examples: [
    { says: 'Change your own password:', line: 'entrepot identity users set-password' },
    {
      says: 'Set that of somebody who forgot it:',
      line: 'entrepot identity users set-password ann --password-stdin < password-file',
    },
  ],
  positionals: { user: maybe('Name of the user. Default: you.') },
  flags: {
    ...passwordFlags,
    withoutPassword: toggle('Remove the password: the user logs in through the identity provider only.'),
  },
  format: 'none',
  async run({ user, passwordStdin, withoutPassword }, cli) {
    if (passwordStdin && withoutPassword)
      throw usage('--password-stdin and --without-password exclude each other');
    const client = await cli.client();
    const { name: own } = await client.users.me();
    const name = user === undefined ? own : userName(user);
    if (name === undefined || !name.startsWith('users/'))
      throw new CliError('usage', 'you are logged in as no user; say whose password is to be set');
    const id = lastId(name);
    if (withoutPassword) await client.users.removePassword(name);
    else await client.users.setPassword(name, await wanted(cli, id, name === own, passwordStdin));
    await cli.terminal.notice(
      `${withoutPassword ? 'Removed' : 'Set'} the password of [${id}]. Its logins have ended.`,
    );
    if (name === own && (await cli.logins.remove(await cli.server())))
      await cli.terminal.notice('Log in again with "entrepot auth login".');
    return undefined;
  },
});

interface Wanted {
  readonly password: string;
  readonly currentPassword?: string;
}

async function wanted(cli: Cli, user: string, own: boolean, stdin: boolean | undefined): Promise<Wanted> {
  if (!own) {
    const [password = ''] = stdin
      ? await linesOfStdin(cli, ['the new password'])
      : [await askNewPassword(cli, user)];
    return { password };
  }
  const [currentPassword = '', password = ''] = stdin
    ? await linesOfStdin(cli, ['the current password', 'the new password'])
    : [await askCurrentPassword(cli, user), await askNewPassword(cli, user)];
  return { password, currentPassword };
}
