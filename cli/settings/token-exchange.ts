import { CliError } from '../exit.ts';
import { noAnswer } from '../failure.ts';
import type { Io } from '../io.ts';
import { isRecord } from '../output/scalar.ts';
import type { Login } from './logins.ts';

/** Exchanges a password for an access token at the server's token endpoint (RFC 6749, section 4.3). */
export async function tokenForPassword(
  io: Pick<Io, 'fetch' | 'now'>,
  server: string,
  account: string,
  password: string,
): Promise<Login> {
  const body = new URLSearchParams({ grant_type: 'password', username: account, password });
  const request = new Request(`${server}/token`, { method: 'POST', body, redirect: 'error' });
  const response = await io.fetch(request).catch((cause: unknown) => {
    throw new CliError('unavailable', noAnswer(server, cause), cause);
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && isRecord(answer)) {
    const { access_token: accessToken, expires_in: seconds } = answer;
    if (typeof accessToken === 'string' && typeof seconds === 'number')
      return { account, accessToken, expiresAt: io.now() + seconds * 1000 };
  }
  if (response.status >= 500)
    throw new CliError('unavailable', `${server} answered ${response.status}; try again later`);
  if (response.status === 429)
    throw new CliError('unavailable', `${server} refuses more attempts now; wait a while`);
  if (isRecord(answer) && typeof answer['error'] === 'string')
    throw new CliError('denied', `${server} does not accept this user name and password`);
  throw new CliError(
    'failed',
    `${server}/token answered ${response.status}; is it an Entrepot server? See --server.`,
  );
}
