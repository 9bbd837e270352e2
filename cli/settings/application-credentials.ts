import type { Cli } from '../context.ts';
import { CliError } from '../exit.ts';
import { keyFileIn, textOf, tokenForKey, typeIn } from './key-file.ts';
import type { Login } from './logins.ts';

/**
 * A token for what GOOGLE_APPLICATION_CREDENTIALS names. Nothing where it names nothing of this server's: on many
 * machines it is there for Google's own tools.
 */
export async function applicationToken(cli: Cli, server: string): Promise<Login | undefined> {
  const path = cli.io.env['GOOGLE_APPLICATION_CREDENTIALS'];
  if (!path) return undefined;
  const content = await textOf(path);
  const type = typeIn(content);
  if (type === 'external_account') {
    const { externalToken } = await import('./external-account.ts');
    return externalToken(cli, server, path, content);
  }
  return type === 'service_account' ? tokenOfKeyFile(cli, server, path, content) : undefined;
}

async function tokenOfKeyFile(
  cli: Cli,
  server: string,
  path: string,
  content: string,
): Promise<Login | undefined> {
  const file = keyFileIn(content, path);
  if (file.origin !== new URL(server).origin) {
    await cli.terminal.debug(`${path} is a key file of ${file.origin}, and is not used for ${server}`);
    return undefined;
  }
  const login = await tokenForKey(cli.io, server, file.email, file);
  if (login) return login;
  throw new CliError(
    'denied',
    `${server} does not take the key of ${file.email} in GOOGLE_APPLICATION_CREDENTIALS; is it deleted or disabled?`,
  );
}
