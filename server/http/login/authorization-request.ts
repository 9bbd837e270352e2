import { invalid } from '../../core/error.ts';

/** Programs of people's own machines, which can keep no secret (RFC 8252). */
export const CLIENTS: Readonly<Record<string, string>> = { 'entrepot-cli': 'The Entrepot command line' };

/** What a program asks of a person, by way of their browser (RFC 6749 section 4.1.1, RFC 7636 section 4.3). */
export interface AuthorizationRequest {
  readonly clientId: string;
  /** An address on the person's own machine. */
  readonly redirectUri: string;
  /** S256, base64url. */
  readonly challenge: string;
  /** The program's own, which it gets back as it is. */
  readonly state: string;
}

const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d{1,5}(?:\/[\w/.-]*)?$/;

/**
 * INVALID_ARGUMENT for one that is not in order. Nothing is ever sent back to the program about it: an address that is
 * not its own must not learn anything.
 */
export function authorizationRequest(query: URLSearchParams): AuthorizationRequest {
  const one = (name: string): string => {
    const [value = '', ...more] = query.getAll(name);
    if (more.length > 0) throw wrong(`${name} is there twice`);
    return value;
  };
  const [clientId, redirectUri, challenge] = [one('client_id'), one('redirect_uri'), one('code_challenge')];
  const state = one('state');
  if (one('response_type') !== 'code') throw wrong('response_type is not "code"');
  if (!Object.hasOwn(CLIENTS, clientId)) throw wrong('client_id is not known here');
  if (!LOOPBACK.test(redirectUri) || !URL.canParse(redirectUri))
    throw wrong('redirect_uri is not an address on this machine, such as http://127.0.0.1:49152/');
  if (one('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(challenge))
    throw wrong('it has no code_challenge of method S256');
  if (!/^[\u0020-\u007e]{1,512}$/.test(state)) throw wrong('it has no state');
  return { clientId, redirectUri, challenge, state };
}

/** Where the person's browser brings the answer. `issuer` tells the program whose it is (RFC 9207). */
export function answerUri(
  { redirectUri, state }: AuthorizationRequest,
  issuer: string,
  answer: Readonly<Record<string, string>>,
): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries({ ...answer, state, iss: issuer }))
    url.searchParams.set(name, value);
  return url.href;
}

const wrong = (why: string): Error =>
  invalid('AUTHORIZATION_INVALID', `the program that sent you here asks in a wrong way: ${why}`);
