import type * as OpenidClient from 'openid-client';
import { RegistryError } from '../core/error.ts';
import type { Outbound } from '../core/outbound.ts';
import { type ClaimRules, type Claims, isMissing } from './oidc-identity.ts';

interface ProviderOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** None for a public client. */
  readonly clientSecret?: string;
  readonly scopes: readonly string[];
  readonly rules: ClaimRules;
  readonly outbound: Outbound;
  readonly now: () => number;
}

/** What ties the provider's answer to the question. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  /** PKCE's. */
  readonly verifier: string;
  readonly redirectUri: string;
}

interface Ready {
  readonly client: typeof OpenidClient;
  readonly configuration: OpenidClient.Configuration;
}

/** What the provider says of itself is asked again after this. */
const FRESH_MS = 3_600_000;
const TIMEOUT_MS = 10_000;
const LARGEST_ANSWER = 1024 * 1024;

/** An OpenID Connect provider, spoken to with openid-client. That library is loaded with the first log-in. */
export class OidcProvider {
  readonly #options: ProviderOptions;
  #ready: Promise<Ready> | undefined;
  #readyAt = -Infinity;

  constructor(options: ProviderOptions) {
    this.#options = options;
  }

  get issuer(): string {
    return this.#options.issuer;
  }

  /** Where the person is sent. */
  async authorizationUrl({ state, nonce, verifier, redirectUri }: Attempt): Promise<URL> {
    const { client, configuration } = await this.#discovered();
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: [...new Set(['openid', ...this.#options.scopes])].join(' '),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    if (url.protocol === 'https:' || url.protocol === 'http:') return url;
    throw unusable('its authorization endpoint is not a web address');
  }

  /** What the provider says of who came back with `query`. PERMISSION_DENIED when its answer is not good. */
  async claims(query: string, { state, nonce, verifier, redirectUri }: Attempt): Promise<Claims> {
    const { client, configuration } = await this.#discovered();
    try {
      const tokens = await client.authorizationCodeGrant(configuration, new URL(`${redirectUri}?${query}`), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims: Claims = { ...tokens.claims() };
      const more = configuration.serverMetadata().userinfo_endpoint !== undefined;
      if (!more || !isMissing(claims, this.#options.rules)) return claims;
      const info = await client.fetchUserInfo(configuration, tokens.access_token, String(claims['sub']));
      return { ...info, ...claims };
    } catch (cause) {
      throw explained(client, cause);
    }
  }

  async #discovered(): Promise<Ready> {
    const { now } = this.#options;
    if (!this.#ready || this.#readyAt + FRESH_MS <= now()) {
      this.#readyAt = now();
      const discovering = this.#discover();
      this.#ready = discovering;
      // A provider that is away now may be there for the next person.
      discovering.catch(() => {
        if (this.#ready === discovering) this.#ready = undefined;
      });
    }
    return this.#ready;
  }

  async #discover(): Promise<Ready> {
    const { issuer, clientId, clientSecret } = this.#options;
    const client = await import('openid-client');
    try {
      const configuration = await client.discovery(
        new URL(issuer),
        clientId,
        undefined,
        clientSecret === undefined ? client.None() : bySecret(client, clientSecret),
        {
          [client.customFetch]: (url, init) => this.#fetch(url, init),
          // Signatures are checked, also where they came over TLS. Whether that is needed the setting has decided.
          execute: [
            client.enableNonRepudiationChecks,
            ...(issuer.startsWith('http:') ? [client.allowInsecureRequests] : []),
          ],
        },
      );
      return { client, configuration };
    } catch (cause) {
      throw explained(client, cause);
    }
  }

  async #fetch(url: string, { method, headers, body }: OpenidClient.CustomFetchOptions): Promise<Response> {
    const text = body instanceof URLSearchParams ? body.toString() : body;
    if (text !== undefined && text !== null && typeof text !== 'string')
      throw new TypeError('the body is no text');
    const answer = await this.#options.outbound.fetch(new URL(url), {
      method: method === 'POST' ? 'POST' : 'GET',
      headers,
      ...(typeof text === 'string' && { body: text }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: LARGEST_ANSWER,
    });
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  }
}

/** In the body where the provider takes it there, since not all read the header alike. */
const bySecret = (client: typeof OpenidClient, secret: string): OpenidClient.ClientAuth => {
  const [post, basic] = [client.ClientSecretPost(secret), client.ClientSecretBasic(secret)];
  return (server, ...rest) =>
    (server.token_endpoint_auth_methods_supported?.includes('client_secret_post') ? post : basic)(
      server,
      ...rest,
    );
};

/** What the provider sent is for the log. */
function explained(client: typeof OpenidClient, cause: unknown): RegistryError {
  for (let error = cause; error instanceof Error; error = error.cause)
    if (error instanceof RegistryError) return error;
  if (cause instanceof client.AuthorizationResponseError)
    return new RegistryError('PERMISSION_DENIED', 'LOGIN_REFUSED', 'the log-in provider did not let you in', {
      cause,
    });
  if (cause instanceof client.ResponseBodyError && cause.error === 'invalid_grant')
    return new RegistryError(
      'PERMISSION_DENIED',
      'LOGIN_REFUSED',
      'this log-in was used before or has expired',
      {
        cause,
      },
    );
  return unusable('its answer cannot be used', cause);
}

const unusable = (why: string, cause?: unknown): RegistryError =>
  new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', `the log-in provider does not answer well: ${why}`, {
    cause,
  });
