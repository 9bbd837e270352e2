import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { usage } from '../exit.ts';
import type { Io } from '../io.ts';
import { isRecord } from '../output/scalar.ts';
import type { Login } from './logins.ts';
import { exchange } from './token-exchange.ts';
import { textOfFile } from '../text-file.ts';

/** What of a service account's key file a login needs. */
export interface KeyLogin {
  readonly id: string;
  /** PEM. */
  readonly privateKey: string;
}

export interface KeyFile extends KeyLogin {
  readonly email: string;
  /** Scheme and host of the server that made it. */
  readonly origin: string;
}

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SECONDS = 600;
/** Clocks differ. */
const BACK_SECONDS = 30;

export const textOf = (path: string): Promise<string> => textOfFile(path, 'cannot read the key file');

/** What kind of Google's credential files a text is: `service_account`, `external_account`, `authorized_user`. */
export const typeIn = (content: string): unknown => objectIn(content)?.['type'];

/** Takes the file's text; `path` is for the words of a refusal. */
export function keyFileIn(content: string, path: string): KeyFile {
  const file = objectIn(content);
  if (file?.['type'] !== 'service_account')
    throw usage(
      `${path} is not a key file of a service account; "entrepot iam service-accounts keys create" makes one`,
    );
  const [id, privateKey, email] = [file['private_key_id'], file['private_key'], file['client_email']];
  const address = file['token_uri'];
  const origin = typeof address === 'string' ? URL.parse(address)?.origin : undefined;
  if (
    typeof id !== 'string' ||
    typeof privateKey !== 'string' ||
    typeof email !== 'string' ||
    origin === undefined
  )
    throw usage(`${path} lacks one of client_email, private_key_id, private_key and token_uri`);
  if (secretOf(privateKey) === undefined) throw usage(`the private_key in ${path} is not a PEM key`);
  return { id, privateKey, email, origin };
}

/** A token for what the key signs (RFC 7523). Nothing when the server does not, or no longer, take the key. */
export async function tokenForKey(
  io: Pick<Io, 'fetch' | 'now'>,
  server: string,
  email: string,
  key: KeyLogin,
): Promise<Login | undefined> {
  const form = { grant_type: JWT_BEARER, assertion: assertion(server, email, key, io.now()) };
  const exchanged = await exchange(io, server, form);
  return 'token' in exchanged ? { ...exchanged.token, account: email, key } : undefined;
}

/** Good at this server alone, and there once. */
function assertion(server: string, email: string, { id, privateKey }: KeyLogin, now: number): string {
  const iat = Math.floor(now / 1000) - BACK_SECONDS;
  const claims = {
    iss: email,
    sub: email,
    aud: `${server}/token`,
    iat,
    exp: iat + SECONDS,
    jti: randomUUID(),
  };
  const [header, payload] = [{ alg: 'RS256', typ: 'JWT', kid: id }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const secret = secretOf(privateKey);
  if (!secret) throw usage('the stored key is damaged; run "entrepot auth activate-service-account" again');
  const signature = sign('sha256', Buffer.from(`${header}.${payload}`), secret).toString('base64url');
  return `${header}.${payload}.${signature}`;
}

function secretOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function objectIn(content: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(content);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
