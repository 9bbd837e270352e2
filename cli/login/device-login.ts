import { hostname } from 'node:os';
import type { Cli } from '../context.ts';
import { CliError } from '../exit.ts';
import { noAnswer } from '../failure.ts';
import { harmless } from '../output/harmless.ts';
import { isRecord } from '../output/scalar.ts';
import type { Login } from '../settings/logins.ts';
import { exchange } from '../settings/token-exchange.ts';
import { CLIENT_ID } from './browser-login.ts';

/** RFC 8628 section 3.5: what is added whenever the server asks to slow down. */
const SLOWER_SECONDS = 5;

interface Started {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly address: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** Logs in with a browser on any machine, where the person enters a code (RFC 8628). */
export async function deviceLogin(cli: Cli, server: string): Promise<Login> {
  const { deviceCode, userCode, address, expiresInSeconds, intervalSeconds } = await start(cli, server);
  const minutes = Math.round(expiresInSeconds / 60);
  await cli.io.stderr.write(
    `Open this address in a browser, on any machine, and enter the code ${userCode} within ${minutes} minutes:` +
      `\n\n    ${address}\n\n`,
  );
  const until = cli.io.now() + expiresInSeconds * 1000;
  for (let interval = intervalSeconds; cli.io.now() < until;) {
    await cli.io.sleep(interval * 1000);
    const exchanged = await exchange(cli.io, server, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: CLIENT_ID,
      device_code: deviceCode,
    });
    if ('token' in exchanged) return { account: '', ...exchanged.token };
    if (exchanged.refused === 'slow_down') interval += SLOWER_SECONDS;
    else if (exchanged.refused !== 'authorization_pending') throw refusal(exchanged.refused);
  }
  throw refusal('expired_token');
}

async function start(cli: Cli, server: string): Promise<Started> {
  const body = new URLSearchParams({ client_id: CLIENT_ID });
  // The person is shown it, to tell this machine from somebody else's.
  const machine = hostname().replaceAll(/[^\w.-]/g, '_');
  const headers = { 'user-agent': `entrepot-cli (${machine}; ${process.platform})` };
  const init = { method: 'POST', headers, body, redirect: 'error' } as const;
  const request = new Request(`${server}/device_authorization`, init);
  const response = await cli.io.fetch(request).catch((cause: unknown) => {
    throw new CliError('unavailable', noAnswer(server, cause), cause);
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.status === 429)
    throw new CliError('unavailable', `${server} refuses more attempts now; wait a while`);
  if (!response.ok || !isRecord(answer))
    throw new CliError(
      'failed',
      `${server} answered ${response.status} to a log-in by browser; give --username to log in with a password`,
    );
  const { device_code: deviceCode, user_code: userCode, verification_uri: address } = answer;
  const { expires_in: expiresInSeconds, interval = SLOWER_SECONDS } = answer;
  if (
    typeof deviceCode !== 'string' ||
    typeof userCode !== 'string' ||
    typeof address !== 'string' ||
    typeof expiresInSeconds !== 'number' ||
    typeof interval !== 'number'
  )
    throw new CliError(
      'failed',
      `${server} does not say how to log in; is it an Entrepot server? See --server.`,
    );
  return {
    deviceCode,
    userCode: harmless(userCode),
    address: harmless(address),
    expiresInSeconds,
    intervalSeconds: interval,
  };
}

function refusal(reason: string): CliError {
  if (reason === 'access_denied') return new CliError('denied', 'the log-in was refused in the browser');
  if (reason === 'expired_token')
    return new CliError('denied', 'the code was not entered in time; run "entrepot auth login" again');
  return new CliError('denied', `the server does not accept the log-in (${reason}); try again`);
}
