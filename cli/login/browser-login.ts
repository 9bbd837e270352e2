import { createHash, randomBytes } from 'node:crypto';
import type { Cli } from '../context.ts';
import { CliError } from '../exit.ts';
import type { Login } from '../settings/logins.ts';
import { exchange } from '../settings/token-exchange.ts';
import { Loopback } from './loopback.ts';
import type { Offer } from './offer.ts';
import { openBrowser } from './open-browser.ts';

export const CLIENT_ID = 'entrepot-cli';
const secret = (): string => randomBytes(32).toString('base64url');

/** Logs in with the browser of this machine: authorization code and PKCE to a loopback address (RFC 8252). */
export async function browserLogin(
  cli: Cli,
  server: string,
  { issuer, authorizationEndpoint }: Offer,
  opener: readonly string[],
): Promise<Login> {
  const [state, verifier] = [secret(), secret()];
  await using loopback = new Loopback(state);
  const { redirectUri } = loopback;
  const url = new URL(authorizationEndpoint);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  for (const [name, value] of Object.entries({
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state,
  }))
    url.searchParams.set(name, value);
  const opened = openBrowser(opener, url.href, cli.io);
  const says = opened
    ? 'Your browser opens this address; if not, open it yourself:'
    : 'Open this address in a browser:';
  await cli.io.stderr.write(`${says}

    ${url.href}

`);
  const { code, issuer: from } = await loopback.brought();
  if (from !== issuer)
    throw new CliError('denied', `the log-in came back from ${from ?? 'nowhere'} and not from ${issuer}`);
  const exchanged = await exchange(cli.io, server, {
    grant_type: 'authorization_code',
    client_id: CLIENT_ID,
    redirect_uri: redirectUri,
    code,
    code_verifier: verifier,
  });
  if ('token' in exchanged) return { account: '', ...exchanged.token };
  throw new CliError('denied', `${server} does not accept the log-in (${exchanged.refused}); try again`);
}
