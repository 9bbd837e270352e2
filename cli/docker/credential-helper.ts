import { Cli } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { failureOf } from '../failure.ts';
import { NO_FLAGS } from '../grammar/global-flags.ts';
import type { Io } from '../io.ts';
import { isRecord } from '../output/scalar.ts';
import { keyFileIn, tokenForKey } from '../settings/key-file.ts';
import type { Login } from '../settings/logins.ts';
import { accessToken } from '../settings/token.ts';
import { tokenForPassword } from '../settings/token-exchange.ts';

/** The user name under which every protocol of the server takes an access token. */
const TOKEN_USER = 'oauth2accesstoken';
/** Those under which it takes a service account's key file, as it is or in base64. */
const KEY_USER = '_json_key';
const KEY_USERS = new Set([KEY_USER, '_json_key_base64']);

/** Errors that container tools know by their words (docker-credential-helpers, credentials/error.go). */
const NOT_FOUND = 'credentials not found in native keychain';
const NO_SERVER = 'no credentials server URL';
const NO_USER = 'no credentials username';

/**
 * Speaks docker's credential-helper protocol: the verb is the argument, the operand comes on standard input, the
 * answer or the error goes to standard output, and the exit code is 0 or 1.
 */
export async function credentialHelper(argv: readonly string[], io: Io): Promise<number> {
  const cli = new Cli(io, NO_FLAGS);
  try {
    const answer = await obey(argv[0] ?? '', cli);
    if (answer !== undefined) await io.stdout.write(`${JSON.stringify(answer)}\n`);
    return EXIT.ok;
  } catch (thrown) {
    await io.stdout.write(`${failureOf(thrown, await cli.server().catch(() => '')).message}\n`);
    return EXIT.failed;
  }
}

async function obey(verb: string, cli: Cli): Promise<unknown> {
  switch (verb) {
    case 'get':
      return get(cli, hostIn(await cli.io.stdin.text()));
    case 'store':
      return store(cli, await cli.io.stdin.text());
    case 'erase':
      return erase(cli, hostIn(await cli.io.stdin.text()));
    case 'list':
      return list(cli);
    default:
      throw new CliError('usage', `Usage: docker-credential-entrepot <store|get|erase|list>`);
  }
}

async function get(cli: Cli, host: string): Promise<unknown> {
  const server = await serverOf(cli, host);
  const token = server === undefined ? undefined : await accessToken(cli, server);
  if (token === undefined) throw new CliError('notFound', NOT_FOUND);
  return { ServerURL: host, Username: TOKEN_USER, Secret: token };
}

/** `docker login` ends here. A token is kept; a password is exchanged for one and forgotten. */
async function store(cli: Cli, input: string): Promise<void> {
  const { ServerURL: url, Username: user, Secret: secret } = parsed(input);
  if (typeof url !== 'string' || url === '') throw new CliError('usage', NO_SERVER);
  if (typeof user !== 'string' || user === '') throw new CliError('usage', NO_USER);
  if (typeof secret !== 'string') throw new CliError('usage', 'no credentials secret');
  const host = hostIn(url);
  const server = await serverOf(cli, host);
  if (server === undefined)
    throw new CliError('failed', `run "entrepot auth configure-docker ${host} --server URL" first`);
  await cli.logins.put(server, await loginWith(cli, server, user, secret));
}

async function loginWith(cli: Cli, server: string, user: string, secret: string): Promise<Login> {
  // How long a token from elsewhere lives is not known here; the server refuses it when it is over.
  if (user === TOKEN_USER)
    return { account: user, accessToken: secret, expiresAt: cli.io.now() + TOKEN_LIFE };
  if (!KEY_USERS.has(user)) return tokenForPassword(cli.io, server, user, secret);
  const text = user === KEY_USER ? secret : Buffer.from(secret, 'base64').toString();
  const { email, id, privateKey } = keyFileIn(text, 'the password');
  const login = await tokenForKey(cli.io, server, email, { id, privateKey });
  if (login) return login;
  throw new CliError('denied', `${server} does not accept this key of ${email}`);
}

/** As long as a token of the server can live. */
const TOKEN_LIFE = 12 * 3_600_000;

async function erase(cli: Cli, host: string): Promise<void> {
  const server = await serverOf(cli, host);
  if (server !== undefined) await cli.logins.remove(server);
}

async function list(cli: Cli): Promise<Readonly<Record<string, string>>> {
  const logins = await cli.logins.all();
  const hosts = Object.entries(await cli.properties.registryHosts());
  return Object.fromEntries(
    hosts.filter(([, server]) => logins.has(server)).map(([host]) => [host, TOKEN_USER]),
  );
}

/**
 * The server whose token a registry host may have: the one `configure-docker` recorded, else the one that has this
 * very host. Never a guess, so a token does not reach a stranger.
 */
async function serverOf(cli: Cli, host: string): Promise<string | undefined> {
  const recorded = (await cli.properties.registryHosts())[host];
  if (recorded !== undefined) return recorded;
  const servers = [await cli.server(), ...(await cli.logins.all()).keys()];
  return servers.find((server) => new URL(server).host === host);
}

function hostIn(input: string): string {
  const host =
    input
      .trim()
      .replace(/^https?:\/\//, '')
      .split('/')[0] ?? '';
  if (host === '') throw new CliError('usage', NO_SERVER);
  return host;
}

function parsed(input: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(input);
    if (isRecord(value)) return value;
  } catch (cause) {
    throw new CliError('usage', 'the credentials to store are not JSON', cause);
  }
  throw new CliError('usage', 'the credentials to store are not a JSON object');
}
