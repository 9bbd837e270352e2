import { readFile } from 'node:fs/promises';
import type { Cli } from '../context.ts';
import { CliError, usage } from '../exit.ts';
import { isRecord } from '../output/scalar.ts';
import type { Login } from './logins.ts';
import { exchange } from './token-exchange.ts';

type Fields = Readonly<Record<string, unknown>>;

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const IMPERSONATION = /\/serviceAccounts\/([^/:]+):generateAccessToken$/;

/**
 * A token for what a credential configuration (google.aip.dev/auth/4117) says of how a program comes by one. Nothing
 * for one of another server.
 */
export async function externalToken(
  cli: Cli,
  server: string,
  path: string,
  content: string,
): Promise<Login | undefined> {
  const config = JSON.parse(content) as Fields;
  const text = (name: string): string => textIn(config, name, path);
  const origin = URL.parse(text('token_url'))?.origin;
  if (origin !== new URL(server).origin) {
    await cli.terminal.debug(
      `${path} is a configuration for ${origin ?? 'nobody'}, and is not used for ${server}`,
    );
    return undefined;
  }
  const exchanged = await exchange(cli.io, server, {
    grant_type: GRANT,
    audience: text('audience'),
    subject_token_type: text('subject_token_type'),
    subject_token: await subjectToken(cli, config['credential_source'], path),
    requested_token_type: ACCESS_TOKEN,
    scope: SCOPE,
  });
  if ('refused' in exchanged)
    throw new CliError(
      'denied',
      `${server} does not take the token of ${path}: ${exchanged.because ?? exchanged.refused}`,
    );
  const own = { account: text('audience'), ...exchanged.token };
  return config['service_account_impersonation_url'] === undefined
    ? own
    : actingAs(cli, server, own, config, path);
}

async function subjectToken({ io }: Cli, source: unknown, path: string): Promise<string> {
  if (!isRecord(source)) throw usage(`${path} has no credential_source`);
  const { file, url, headers, format } = source;
  const content =
    typeof file === 'string'
      ? await readFile(file, 'utf8').catch((cause: unknown) => {
          throw new CliError('usage', `cannot read ${file}, where ${path} says the token is`, cause);
        })
      : await answered(io, url, headers, path);
  const field =
    isRecord(format) && format['type'] === 'json' ? format['subject_token_field_name'] : undefined;
  const token =
    typeof field === 'string' ? textIn(objectIn(content), field, 'the token of the program') : content;
  if (token.trim() !== '') return token.trim();
  throw usage(`there is no token where ${path} says that it is`);
}

async function answered(io: Cli['io'], url: unknown, headers: unknown, path: string): Promise<string> {
  if (typeof url !== 'string' || !URL.canParse(url))
    throw usage(`the credential_source of ${path} is neither a file nor a URL; others are not known here`);
  const request = new Request(url, {
    redirect: 'error',
    headers: isRecord(headers) ? (headers as Record<string, string>) : {},
  });
  const response = await io.fetch(request).catch((cause: unknown) => {
    throw new CliError('unavailable', `no token can be had from ${url}`, cause);
  });
  if (response.ok) return response.text();
  throw new CliError('unavailable', `no token can be had from ${url}: it answered ${response.status}`);
}

async function actingAs(cli: Cli, server: string, own: Login, config: Fields, path: string): Promise<Login> {
  const address = URL.parse(textIn(config, 'service_account_impersonation_url', path));
  const email = IMPERSONATION.exec(address?.pathname ?? '')?.[1];
  if (email === undefined || address?.origin !== new URL(server).origin)
    throw usage(`the service_account_impersonation_url in ${path} is not one of ${server}`);
  const { impersonatedToken } = await import('./impersonation.ts');
  return {
    account: email,
    ...(await impersonatedToken(cli, server, own.accessToken, decodeURIComponent(email))),
  };
}

function textIn(fields: Fields, name: string, where: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value !== '') return value;
  throw usage(`${where} has no ${name}`);
}

function objectIn(content: string): Fields {
  try {
    const value: unknown = JSON.parse(content);
    if (isRecord(value)) return value;
  } catch {
    // The same for all that is no object.
  }
  throw usage('the token of the program is not in a JSON object, as its configuration says');
}
