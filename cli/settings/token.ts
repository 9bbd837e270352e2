import type { Cli } from '../context.ts';
import { CliError } from '../exit.ts';
import { applicationToken } from './application-credentials.ts';
import { freshLogin } from './renewal.ts';
import { textOfFile } from '../text-file.ts';

/** A token that is kept for one command. */
export interface Minted {
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * The token for `server`: from --access-token-file, else ENTREPOT_ACCESS_TOKEN, else the key file in
 * GOOGLE_APPLICATION_CREDENTIALS, else the stored login, renewed when it is over; or one of the service account in
 * --impersonate-service-account, got with that. Undefined when there is none, because a server may answer some things
 * to anybody.
 */
export async function accessToken(cli: Cli, server: string): Promise<string | undefined> {
  const { impersonateServiceAccount: target } = cli.globals;
  if (target === undefined) return ownToken(cli, server);
  const minted = await mintedOnce(cli, `impersonated ${server}`, async () => {
    const own = await ownToken(cli, server);
    const { impersonatedToken } = await import('./impersonation.ts');
    if (own !== undefined) return impersonatedToken(cli, server, own, target);
    throw new CliError('denied', `there is no login for ${server}; run "entrepot auth login"`);
  });
  return minted?.accessToken;
}

async function ownToken(cli: Cli, server: string): Promise<string | undefined> {
  const { accessTokenFile } = cli.globals;
  if (accessTokenFile !== undefined) return tokenIn(accessTokenFile);
  const fromEnv = cli.io.env['ENTREPOT_ACCESS_TOKEN'];
  if (fromEnv) return fromEnv;
  const ofKeyFile = await mintedOnce(cli, `own ${server}`, () => applicationToken(cli, server));
  if (ofKeyFile) return ofKeyFile.accessToken;
  const login = await freshLogin(cli, server);
  if (login === undefined) return undefined;
  if (login.expiresAt > cli.io.now()) return login.accessToken;
  const again = login.key
    ? 'its key is not taken any more; run "entrepot auth activate-service-account" with another'
    : 'run "entrepot auth login"';
  throw new CliError('denied', `the login of ${login.account} at ${server} has expired; ${again}`);
}

/** Commands send many requests, which one token is enough for. */
async function mintedOnce(
  { minted, io }: Cli,
  what: string,
  mint: () => Promise<Minted | undefined>,
): Promise<Minted | undefined> {
  const known = minted.get(what);
  if (known && known.expiresAt > io.now()) return known;
  const made = await mint();
  if (made) minted.set(what, made);
  return made;
}

async function tokenIn(file: string): Promise<string> {
  const content = await textOfFile(file, '--access-token-file: cannot read');
  const token = content.trim();
  if (token !== '') return token;
  throw new CliError('usage', `--access-token-file: ${file} is empty`);
}
