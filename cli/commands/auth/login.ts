import { defineCommand } from '../../grammar/command.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { CliError, usage } from '../../exit.ts';
import { isLoopback } from '../../settings/server.ts';
import { tokenForPassword } from '../../settings/token-exchange.ts';

export const login = defineCommand({
  path: 'auth login',
  summary: 'Log in to the server with a user name and a password.',
  description:
    'Exchanges the password for an access token, which is stored for this server in a file that only you can read. ' +
    'The password is not stored. Asks for what is not given.',
  examples: [
    { says: 'Log in on a terminal:', line: 'entrepot auth login' },
    {
      says: 'Log in from a script:',
      line: 'entrepot auth login --username=admin --password-stdin < password-file',
    },
  ],
  flags: {
    username: text('USER', 'User to log in as.', { short: 'u' }),
    passwordStdin: toggle('Read the password from standard input.'),
  },
  format: 'none',
  async run({ username, passwordStdin }, cli) {
    if (passwordStdin && username === undefined) throw usage('--password-stdin needs --username');
    const server = await cli.server();
    const url = new URL(server);
    if (url.protocol === 'http:' && !isLoopback(url))
      await cli.terminal.warn(`${server} is not encrypted: the password can be read on its way.`);
    const instead = 'give --username and --password-stdin';
    const user = username ?? (await cli.terminal.ask('User name: ', { instead }));
    const password = passwordStdin
      ? (await cli.io.stdin.text()).replace(/\r?\n$/, '')
      : await cli.terminal.ask(`Password of ${user}: `, { hidden: true, instead });
    if (password === '') throw new CliError('usage', 'the password is empty');
    const token = await tokenForPassword(cli.io, server, user, password);
    await cli.logins.put(server, token);
    await cli.terminal.notice(
      `Logged in to ${server} as ${user}, until ${new Date(token.expiresAt).toISOString()}.`,
    );
    const usual = await cli.usualServer();
    if (usual !== server)
      await cli.terminal.notice(
        `Commands go to ${usual}. To change that: entrepot config set server ${server}`,
      );
    return { server, account: user, expires: new Date(token.expiresAt).toISOString() };
  },
});
