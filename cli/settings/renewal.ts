import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Cli } from '../context.ts';
import { CliError } from '../exit.ts';
import { tokenForKey } from './key-file.ts';
import type { Login } from './logins.ts';
import { exchange } from './token-exchange.ts';

/** Renewed a little early, so that what is begun with it can end. */
const EARLY_MS = 60_000;
const STALE_LOCK_MS = 30_000;
const PATIENCE_MS = 45_000;
const GLANCE_MS = 50;

/** Whether it can get its next access token without its person. */
export const renewsItself = ({ refreshToken, key }: Login): boolean =>
  refreshToken !== undefined || key !== undefined;

const isFresh = ({ expiresAt }: Login, now: number): boolean => expiresAt - EARLY_MS > now;

/**
 * The stored login, with a new access token where the old one is over and the server goes on with it. Container tools
 * ask for credentials several times at once, and a refresh token is good for one use: the first of us renews, the
 * others wait.
 */
export async function freshLogin(cli: Cli, server: string): Promise<Login | undefined> {
  const stored = await cli.logins.of(server);
  if (!stored || !renewsItself(stored) || isFresh(stored, cli.io.now())) return stored;
  await using _ = await lock(`${cli.logins.path}.lock`);
  const login = await cli.logins.of(server);
  if (!login || isFresh(login, cli.io.now())) return login;
  const next = await renewed(cli, server, login);
  if (next) await cli.logins.put(server, next);
  return next ?? login;
}

async function renewed(cli: Cli, server: string, login: Login): Promise<Login | undefined> {
  const { account, refreshToken, key } = login;
  if (key) return tokenForKey(cli.io, server, account, key);
  if (refreshToken === undefined) return undefined;
  const form = { grant_type: 'refresh_token', client_id: 'entrepot-cli', refresh_token: refreshToken };
  const exchanged = await exchange(cli.io, server, form);
  return 'token' in exchanged ? { ...login, ...exchanged.token, account } : undefined;
}

/** A file that only one process can make. One whose maker was killed is taken over. */
async function lock(path: string): Promise<AsyncDisposable> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (const until = Date.now() + PATIENCE_MS; ;) {
    const made = await open(path, 'wx', 0o600).catch((cause: unknown) => {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    });
    if (made) {
      await made.close();
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    }
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > STALE_LOCK_MS) await rm(path, { force: true });
    else if (Date.now() > until) throw new CliError('failed', `${path} is in the way; remove it`);
    else await Bun.sleep(GLANCE_MS);
  }
}
