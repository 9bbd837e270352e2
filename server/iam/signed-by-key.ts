import { createPublicKey } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import type { KeyRow } from '../core/accounts.ts';
import type { SigningKeys } from '../core/service-accounts.ts';

/** What clocks may differ by. */
export const LEEWAY_SECONDS = 60;
/** Google's limit for whatever a service account signs to prove who it is. */
const LONGEST_SECONDS = 3600;
const LARGEST = 12 * 1024;

interface Parts {
  readonly keys: SigningKeys;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Signed {
  readonly key: KeyRow;
  /** The e-mail that it says it is from, which the key belongs to. */
  readonly account: string;
  readonly claims: JWTPayload & { readonly exp: number };
}

/** Why a statement is not believed, in words for whoever signed it. */
export class Unbelievable extends Error {}

/** Whether a text looks like a JWT that a service account's key signed; tells nothing of whether it is good. */
export function claimsToBeSigned(text: string): boolean {
  try {
    return (
      text.length <= LARGEST && text.split('.').length === 3 && decodeProtectedHeader(text).alg === 'RS256'
    );
  } catch {
    return false;
  }
}

/**
 * A JWT (RFC 7519) that a stored key of its issuer signed with RS256, within its time. Keys and addresses of keys in
 * it are ignored. Throws Unbelievable for everything else; disabled keys are for the caller to refuse.
 */
export async function signedByKey({ keys, now }: Parts, jwt: string): Promise<Signed> {
  const { kid, account } = named(jwt);
  const known = kid === undefined ? await keys.keysOf(account) : [await keys.key(kid)];
  for (const key of known) {
    if (!key || key.account !== account) continue;
    const verified = await verify(jwt, key, new Date(now()));
    if (verified) return { key, account, claims: timely(verified, now() / 1000) };
  }
  throw new Unbelievable(`it is not signed by a key of ${account}, or its time has not come or is over`);
}

function named(jwt: string): { readonly kid?: string; readonly account: string } {
  if (!claimsToBeSigned(jwt)) throw new Unbelievable('it is not a JWT signed with RS256');
  const { kid } = decodeProtectedHeader(jwt);
  try {
    const { iss } = decodeJwt(jwt);
    if (typeof iss === 'string' && iss !== '')
      return { account: iss, ...(kid !== undefined && kid !== '' && { kid }) };
  } catch {
    throw new Unbelievable('its claims are not JSON');
  }
  throw new Unbelievable('it has no iss, which is the e-mail of the service account');
}

async function verify(jwt: string, key: KeyRow, currentDate: Date): Promise<JWTPayload | undefined> {
  const verified = await jwtVerify(jwt, createPublicKey(key.publicKey), {
    algorithms: ['RS256'],
    issuer: key.account,
    clockTolerance: LEEWAY_SECONDS,
    currentDate,
  }).catch(() => undefined);
  return verified?.payload;
}

function timely(claims: JWTPayload, now: number): Signed['claims'] {
  const { exp, iat } = claims;
  if (exp === undefined || iat === undefined) throw new Unbelievable('it lacks iat or exp, in seconds');
  if (exp <= now) throw new Unbelievable('it has expired');
  if (iat > now + LEEWAY_SECONDS)
    throw new Unbelievable('its iat is in the future: is the clock of the machine that made it right?');
  if (exp - Math.min(iat, now) > LONGEST_SECONDS + LEEWAY_SECONDS)
    throw new Unbelievable('it is good for more than an hour, which is the most');
  return { ...claims, exp };
}
