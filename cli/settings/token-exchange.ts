import { CliError } from '../exit.ts';
import { noAnswer } from '../failure.ts';
import type { Io } from '../io.ts';
import { isRecord } from '../output/scalar.ts';
import type { Login } from './logins.ts';

/** A token, or the server's reason against one, in the words of RFC 6749 section 5.2. */
export type Exchanged =
  | { readonly token: Omit<Login, 'account'> & { readonly account?: string } }
  | { readonly refused: string; readonly because?: string };

/** One question to the server's token endpoint. Whatever is neither a token nor a refusal is thrown. */
export async function exchange(
  io: Pick<Io, 'fetch' | 'now'>,
  server: string,
  form: Readonly<Record<string, string>>,
): Promise<Exchanged> {
  const body = new URLSearchParams(form);
  const request = new Request(`${server}/token`, { method: 'POST', body, redirect: 'error' });
  const response = await io.fetch(request).catch((cause: unknown) => {
    throw new CliError('unavailable', noAnswer(server, cause), cause);
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && isRecord(answer)) {
    const { access_token: accessToken, expires_in: seconds, refresh_token: refreshToken, account } = answer;
    if (typeof accessToken === 'string' && typeof seconds === 'number')
      return {
        token: {
          accessToken,
          expiresAt: io.now() + seconds * 1000,
          ...(typeof refreshToken === 'string' && { refreshToken }),
          ...(typeof account === 'string' && { account }),
        },
      };
  }
  if (response.status >= 500)
    throw new CliError('unavailable', `${server} answered ${response.status}; try again later`);
  if (response.status === 429)
    throw new CliError('unavailable', `${server} refuses more attempts now; wait a while`);
  if (isRecord(answer) && typeof answer['error'] === 'string') {
    const because = answer['error_description'];
    return { refused: answer['error'], ...(typeof because === 'string' && { because }) };
  }
  throw new CliError(
    'failed',
    `${server}/token answered ${response.status}; is it an Entrepot server? See --server.`,
  );
}

/** Exchanges a password for an access token (RFC 6749, section 4.3). */
export async function tokenForPassword(
  io: Pick<Io, 'fetch' | 'now'>,
  server: string,
  account: string,
  password: string,
): Promise<Login> {
  const exchanged = await exchange(io, server, {
    grant_type: 'password',
    username: account,
    password,
    client_id: 'entrepot-cli',
  });
  if ('token' in exchanged) return { account, ...exchanged.token };
  throw new CliError('denied', `${server} does not accept this user name and password`);
}

/** Ends a token at the server, and the log-in it belongs to (RFC 7009). */
export async function revokeToken(io: Pick<Io, 'fetch'>, server: string, token: string): Promise<void> {
  const body = new URLSearchParams({ token });
  const request = new Request(`${server}/revoke`, { method: 'POST', body, redirect: 'error' });
  const response = await io.fetch(request).catch((cause: unknown) => {
    throw new CliError('unavailable', noAnswer(server, cause), cause);
  });
  if (!response.ok) throw new CliError('unavailable', `${server} answered ${response.status}`);
}
