import type { Repository } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import { usage } from '../../exit.ts';
import { text } from '../../grammar/flags.ts';
import { textOfFile } from '../../text-file.ts';

type Credentials = NonNullable<NonNullable<Repository['remoteRepositoryConfig']>['upstreamCredentials']>;

/** Secrets are in files: whoever lists processes, or the shell's history, would read a flag. */
export const CREDENTIAL_FLAGS = {
  remoteUsername: text('NAME', 'User name at the upstream.'),
  remotePasswordSecretVersion: text(
    'SECRET',
    'Its password, as projects/P/secrets/S/versions/V of the directory that the server has secrets in.',
  ),
  remotePasswordFile: text('FILE', 'File that holds its password; - for standard input.'),
  remoteBearerTokenFile: text('FILE', 'File that holds a token for the upstream; - for standard input.'),
  remoteTokenUri: text(
    'URL',
    'Where tokens for the upstream are got with a client id and secret (OAuth 2.0).',
  ),
  remoteClientId: text('ID', 'Client id for that.'),
  remoteClientSecretFile: text('FILE', 'File that holds the client secret for that; - for standard input.'),
  remoteTokenScope: text('SCOPE', 'Scope that is asked for there.'),
} as const;

type Given = { readonly [K in keyof typeof CREDENTIAL_FLAGS]: string | undefined };

/** What the flags say of credentials: only the fields that they name. */
export async function credentialsOf(cli: Cli, args: Given): Promise<Credentials | undefined> {
  const { remoteUsername: username, remotePasswordSecretVersion: passwordSecretVersion } = args;
  const { remotePasswordFile, remoteBearerTokenFile } = args;
  const exchange = await exchangeOf(cli, args);
  const isBasic = [username, passwordSecretVersion, remotePasswordFile].some((value) => value !== undefined);
  if (exchange) {
    if (isBasic || remoteBearerTokenFile !== undefined)
      throw usage('--remote-token-uri excludes a password and a bearer token');
    return { tokenExchangeCredentials: exchange };
  }
  if (remoteBearerTokenFile !== undefined) {
    if (isBasic) throw usage('--remote-bearer-token-file excludes a user name and a password');
    return { bearerCredentials: { token: await secretIn(cli, remoteBearerTokenFile) } };
  }
  if (!isBasic) return undefined;
  if (passwordSecretVersion !== undefined && remotePasswordFile !== undefined)
    throw usage('--remote-password-secret-version and --remote-password-file exclude each other');
  return {
    usernamePasswordCredentials: {
      ...(username !== undefined && { username }),
      ...(passwordSecretVersion !== undefined && { passwordSecretVersion }),
      ...(remotePasswordFile !== undefined && { password: await secretIn(cli, remotePasswordFile) }),
    },
  };
}

/** All of it or nothing: who gets the secret is never changed without giving it again. */
async function exchangeOf(
  cli: Cli,
  args: Given,
): Promise<Credentials['tokenExchangeCredentials'] | undefined> {
  const { remoteTokenUri: tokenUri, remoteClientId: clientId, remoteClientSecretFile: file } = args;
  const { remoteTokenScope: scope } = args;
  if ([tokenUri, clientId, file, scope].every((value) => value === undefined)) return undefined;
  if (tokenUri === undefined || clientId === undefined || file === undefined)
    throw usage('--remote-token-uri, --remote-client-id and --remote-client-secret-file are given together');
  const clientSecret = await secretIn(cli, file);
  return { tokenUri, clientId, clientSecret, ...(scope !== undefined && { scope }) };
}

/** What a file holds, without the line break that editors end it with. */
async function secretIn(cli: Cli, file: string): Promise<string> {
  const content = file === '-' ? await cli.io.stdin.text() : await textOfFile(file);
  const secret = content.replace(/\r?\n$/, '');
  if (secret === '') throw usage(`${file === '-' ? 'standard input' : file} holds no secret`);
  return secret;
}
