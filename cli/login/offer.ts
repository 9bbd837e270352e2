import type { Io } from '../io.ts';
import { isRecord } from '../output/scalar.ts';

/** How people can log in to a server (RFC 8414). */
export interface Offer {
  /** What the server calls itself. */
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  /** Whether people log in with something else than a password of this server. */
  readonly hasProvider: boolean;
}

/** Nothing from a server that does not say; the log-in itself will tell what is wrong with it. */
export async function offerOf(io: Pick<Io, 'fetch'>, server: string): Promise<Offer | undefined> {
  const request = new Request(`${server}/.well-known/oauth-authorization-server`, { redirect: 'error' });
  const answer: unknown = await io.fetch(request).then(
    (response) => (response.ok ? response.json().catch(() => undefined) : undefined),
    () => undefined,
  );
  if (!isRecord(answer)) return undefined;
  const { issuer, authorization_endpoint: authorizationEndpoint, entrepot_login_methods: methods } = answer;
  if (typeof issuer !== 'string' || typeof authorizationEndpoint !== 'string') return undefined;
  if (!/^https?:$/.test(URL.parse(authorizationEndpoint)?.protocol ?? '')) return undefined;
  return { issuer, authorizationEndpoint, hasProvider: Array.isArray(methods) && methods.includes('oidc') };
}
