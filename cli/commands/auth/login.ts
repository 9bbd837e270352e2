import type { Cli } from '../../context.ts';
import { CliError, usage } from '../../exit.ts';
import { defineCommand } from '../../grammar/command.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { browserLogin } from '../../login/browser-login.ts';
import { deviceLogin } from '../../login/device-login.ts';
import { offerOf } from '../../login/offer.ts';
import { browserOpener } from '../../login/open-browser.ts';
import type { Login } from '../../settings/logins.ts';
import { isLoopback } from '../../settings/server.ts';
import { tokenForPassword } from '../../settings/token-exchange.ts';

export const login = defineCommand({
  path: 'auth login',
  summary: 'Log in to the server.',
  description:
    'With --username it exchanges a password for tokens. Without it, and where people log in with an identity ' +
    'provider, your browser opens; where there is no browser, an address and a code are shown that you can use on ' +
    'any machine. Elsewhere user name and password are asked for.\n\n' +
    'The tokens are stored for this server in a file that only you can read, and renew themselves. The password ' +
    'is not stored.',
  examples: [
    { says: 'Log in on a terminal:', line: 'entrepot auth login' },
    { says: 'Log in with a browser on another machine:', line: 'entrepot auth login --no-launch-browser' },
    {
      says: 'Log in from a script:',
      line: 'entrepot auth login --username=admin --password-stdin < password-file',
    },
  ],
  flags: {
    username: text('USER', 'User to log in as, with a password.', { short: 'u' }),
    passwordStdin: toggle('Read the password from standard input.'),
    launchBrowser: toggle('Log in with a browser, on this machine or, negated, on any.', { negatable: true }),
  },
  format: 'none',
  async run({ username, passwordStdin, launchBrowser }, cli) {
    if (passwordStdin && username === undefined) throw usage('--password-stdin needs --username');
    if (launchBrowser !== undefined && username !== undefined)
      throw usage('--username is for a log-in with a password, without a browser');
    const server = await cli.server();
    const url = new URL(server);
    if (url.protocol === 'http:' && !isLoopback(url))
      await cli.terminal.warn(`${server} is not encrypted: what you log in with can be read on its way.`);
    const found =
      username === undefined
        ? await withoutName(cli, server, launchBrowser)
        : await withPassword(cli, server, username, passwordStdin);
    await cli.logins.put(server, found);
    const { account, expiresAt, refreshToken } = found;
    const expires = new Date(expiresAt).toISOString();
    const until = refreshToken === undefined ? `, until ${expires}` : '';
    await cli.terminal.notice(`Logged in to ${server} as ${account}${until}.`);
    const usual = await cli.usualServer();
    if (usual !== server)
      await cli.terminal.notice(
        `Commands go to ${usual}. To change that: entrepot config set server ${server}`,
      );
    return { server, account, expires };
  },
});

/** With the browser where the server has a provider for it, or where the person says so; else by asking. */
async function withoutName(cli: Cli, server: string, launchBrowser: boolean | undefined): Promise<Login> {
  const offer = await offerOf(cli.io, server);
  if (!offer?.hasProvider && launchBrowser === undefined) return withPassword(cli, server);
  const opener = launchBrowser === false ? undefined : browserOpener(cli.io);
  return offer && opener ? browserLogin(cli, server, offer, opener) : deviceLogin(cli, server);
}

async function withPassword(
  cli: Cli,
  server: string,
  username?: string,
  fromInput?: boolean,
): Promise<Login> {
  const instead = 'give --username and --password-stdin';
  const user = username ?? (await cli.terminal.ask('User name: ', { instead }));
  const password = fromInput
    ? (await cli.io.stdin.text()).replace(/\r?\n$/, '')
    : await cli.terminal.ask(`Password of ${user}: `, { hidden: true, instead });
  if (password === '') throw new CliError('usage', 'the password is empty');
  return tokenForPassword(cli.io, server, user, password);
}
