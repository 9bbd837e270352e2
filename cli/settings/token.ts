import { readFile } from 'node:fs/promises';
import type { Cli } from '../context.ts';
import { CliError } from '../exit.ts';
import { freshLogin } from './renewal.ts';

/**
 * The token for `server`: from --access-token-file, else ENTREPOT_ACCESS_TOKEN, else the stored login, renewed when
 * it is over. Undefined when there is none, because a server may answer some things to anybody.
 */
export async function accessToken(cli: Cli, server: string): Promise<string | undefined> {
  const { accessTokenFile } = cli.globals;
  if (accessTokenFile !== undefined) return tokenIn(accessTokenFile);
  const fromEnv = cli.io.env['ENTREPOT_ACCESS_TOKEN'];
  if (fromEnv) return fromEnv;
  const login = await freshLogin(cli, server);
  if (login === undefined) return undefined;
  if (login.expiresAt > cli.io.now()) return login.accessToken;
  throw new CliError(
    'denied',
    `the login of ${login.account} at ${server} has expired; run "entrepot auth login"`,
  );
}

async function tokenIn(file: string): Promise<string> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CliError('usage', `--access-token-file: cannot read ${file}`, cause);
  });
  const token = content.trim();
  if (token !== '') return token;
  throw new CliError('usage', `--access-token-file: ${file} is empty`);
}
