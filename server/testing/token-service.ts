import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

type Claims = Readonly<Record<string, unknown>>;

const CLIENT = { client_id: 'runner', client_secret: 'the secret of the runner, made for a test' } as const;
const SECONDS = 300;

/**
 * oidc-provider on a port of its own, as the token service of a CI system or a cluster: it signs what a job asks for,
 * with claims that such a service gives.
 */
export class TokenService implements AsyncDisposable {
  readonly issuer: string;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #http: HttpServer;
  #claims: Claims = {};

  constructor(http: HttpServer) {
    this.#http = http;
    this.host = `127.0.0.1:${(http.address() as AddressInfo).port}`;
    this.issuer = `http://${this.host}`;
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
    const provider = new Provider(this.issuer, {
      clients: [
        {
          ...CLIENT,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
      cookies: { keys: [crypto.randomUUID()] },
      jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: crypto.randomUUID() }] },
      ttl: { ClientCredentials: SECONDS },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_, resource) => ({
            scope: '',
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: SECONDS,
          }),
        },
      },
      formats: {
        customizers: {
          jwt: (_context, _token, made) => {
            const { client_id: _client, ...payload } = made.payload;
            made.header = { typ: 'JWT' };
            made.payload = { ...payload, nbf: payload['iat'], ...this.#claims };
          },
        },
      },
    });
    const answer = provider.callback();
    http.on('request', (request, response) => {
      answer(request, response).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      );
    });
  }

  static async start(): Promise<TokenService> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new TokenService(http);
  }

  /** A token for a job, one at a time. The audience is a URI. */
  async token(audience: string, claims: Claims): Promise<string> {
    this.#claims = claims;
    const form = { ...CLIENT, grant_type: 'client_credentials', resource: audience };
    const answer = await fetch(`${this.issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return (JSON.parse(text) as { readonly access_token: string }).access_token;
  }

  /** Is away from now on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }
}
