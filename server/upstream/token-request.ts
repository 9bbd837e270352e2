import { RegistryError } from '../core/error.ts';
import { discard, type OpenAnswer, type OpenRequest } from '../outbound/answer.ts';
import { broken } from '../outbound/failures.ts';
import type { GivenToken } from './token-cache.ts';

export type Ask = (url: URL, request: OpenRequest) => Promise<OpenAnswer>;

const LONGEST_ANSWER = 256 * 1024;
const PATIENCE_MS = 30_000;
/** Seconds, where a token host does not say (distribution's token specification). */
const USUAL_LIFE = 60;

/** Has a token host give a token: by GET as registries do it, or by POST as OAuth 2.0 does. */
export async function requestToken(
  ask: Ask,
  { url, form, authorization, host }: TokenRequest,
): Promise<GivenToken> {
  const answer = await ask(url, {
    method: form ? 'POST' : 'GET',
    headers: {
      accept: 'application/json',
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(authorization !== undefined && { authorization }),
    },
    ...(form && { body: form.toString() }),
    maxBytes: LONGEST_ANSWER,
    timeoutMs: PATIENCE_MS,
  });
  const { status } = answer;
  if (status === 200) return tokenOf(url, await new Response(answer.body).text());
  await discard(answer.body);
  if (status !== 400 && status !== 401 && status !== 403) throw broken(url, `it answers ${status}`);
  throw new RegistryError(
    'UNAVAILABLE',
    'UPSTREAM_REFUSED',
    `${url.host} gives no token for ${host} (${status}): check the credentials that are set for it`,
  );
}

interface TokenRequest {
  readonly url: URL;
  readonly form?: URLSearchParams;
  readonly authorization?: string;
  /** What the token is for. */
  readonly host: string;
}

/** Registries call it `token`, OAuth 2.0 `access_token`. */
function tokenOf(url: URL, text: string): GivenToken {
  const said = objectOf(text);
  const token = said['token'] ?? said['access_token'];
  const seconds = Number(said['expires_in'] ?? USUAL_LIFE);
  // RFC 6750 2.1, and no more than fits into a header.
  if (typeof token !== 'string' || !/^[A-Za-z0-9._~+/-]{1,16384}=*$/.test(token))
    throw broken(url, 'what it gives is no token');
  return { token, lifetimeMs: (seconds > 0 ? seconds : USUAL_LIFE) * 1000 };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
