import { createClient } from '../../contract/client.ts';
import { serviceAccountName } from '../../contract/service-accounts.ts';
import type { Cli } from '../context.ts';
import { usage } from '../exit.ts';
import type { Minted } from './token.ts';

const SCOPE = ['https://www.googleapis.com/auth/cloud-platform'];

/** A token of the service account in --impersonate-service-account; those before it in the list are delegates. */
export async function impersonatedToken(
  cli: Cli,
  server: string,
  own: string,
  written: string,
): Promise<Minted> {
  const accounts = written.split(',').map((account) => account.trim());
  const target = accounts.pop() ?? '';
  if (target === '' || accounts.includes(''))
    throw usage('--impersonate-service-account takes an e-mail, or several with commas between them');
  const client = createClient({
    server,
    userAgent: 'entrepot-cli',
    token: own,
    fetch: (request) => cli.io.fetch(request),
  });
  const { accessToken = '', expireTime = '' } = await client.serviceAccounts.generateAccessToken(
    serviceAccountName(target),
    { scope: SCOPE, delegates: accounts.map(serviceAccountName) },
  );
  return { accessToken, expiresAt: Date.parse(expireTime) };
}
