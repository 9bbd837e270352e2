import { userName } from '../../../contract/identities.ts';
import type { Cli } from '../../context.ts';
import { CliError } from '../../exit.ts';
import { defineCommand, maybe } from '../../grammar/command.ts';
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
  flags: passwordFlags,
  format: 'none',
  async run({ user, passwordStdin }, cli) {
    const client = await cli.client();
    const { name: own } = await client.users.me();
    const name = user === undefined ? own : userName(user);
    if (name === undefined || !name.startsWith('users/'))
      throw new CliError('usage', 'you are logged in as no user; say whose password is to be set');
    const request = await wanted(cli, name.slice('users/'.length), name === own, passwordStdin);
    await client.users.setPassword(name, request);
    await cli.terminal.notice(`Set the password of [${name.slice('users/'.length)}]. Its logins have ended.`);
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
