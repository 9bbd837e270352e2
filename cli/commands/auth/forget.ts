import type { Cli } from '../../context.ts';
import { CliError } from '../../exit.ts';
import { toggle } from '../../grammar/flags.ts';

export const forgetFlags = { all: toggle('Forget the logins of all servers.') } as const;

/** Removes the login of the server, or all of them, from this machine. */
export async function forget(cli: Cli, all: boolean | undefined): Promise<undefined> {
  const servers = all ? [...(await cli.logins.all()).keys()] : [await cli.server()];
  for (const server of servers) {
    const known = await cli.logins.remove(server);
    if (!known) throw new CliError('notFound', `there is no login for ${server}; see "entrepot auth list"`);
    await cli.terminal.notice(`Forgot the login of ${server}.`);
  }
}
