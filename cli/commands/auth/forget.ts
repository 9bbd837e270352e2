import type { Cli } from '../../context.ts';
import { CliError } from '../../exit.ts';
import { toggle } from '../../grammar/flags.ts';
import { revokeToken } from '../../settings/token-exchange.ts';

export const forgetFlags = { all: toggle('Log out of all servers.') } as const;

/** Ends the login of the server, or all of them, and removes it from this machine, also when the server is away. */
export async function forget(cli: Cli, all: boolean | undefined): Promise<undefined> {
  const servers = all ? [...(await cli.logins.all()).keys()] : [await cli.server()];
  for (const server of servers) {
    const known = await cli.logins.of(server);
    if (!known) throw new CliError('notFound', `there is no login for ${server}; see "entrepot auth list"`);
    await cli.logins.remove(server);
    try {
      await revokeToken(cli.io, server, known.refreshToken ?? known.accessToken);
      await cli.terminal.notice(`Logged out of ${server}.`);
    } catch (thrown) {
      if (!(thrown instanceof CliError)) throw thrown;
      await cli.terminal.warn(
        `The login of ${known.account} was forgotten here but not ended at ${server}, because ${thrown.message}. ` +
          `Its access token is good until ${new Date(known.expiresAt).toISOString()}.`,
      );
    }
  }
}
