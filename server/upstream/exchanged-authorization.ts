import { RegistryError } from '../core/error.ts';
import type { UpstreamCredentials } from '../core/upstream.ts';
import { basic, type Authorization } from './authorization.ts';
import { TokenCache } from './token-cache.ts';
import { type Ask, requestToken } from './token-request.ts';

interface ExchangedAuthorizationOptions {
  readonly origin: URL;
  readonly credentials: Extract<UpstreamCredentials, { readonly kind: 'token-exchange' }>;
  readonly ask: Ask;
  readonly now: () => number;
}

/** An access token that client credentials were exchanged for (RFC 6749 4.4). */
export class ExchangedAuthorization implements Authorization {
  readonly #options: ExchangedAuthorizationOptions;
  readonly #tokens: TokenCache;

  constructor(options: ExchangedAuthorizationOptions) {
    this.#options = options;
    this.#tokens = new TokenCache(options.now);
  }

  async header(): Promise<string> {
    return this.#token();
  }

  /** A token may be taken back before it expires. */
  async challenged(_: URL, challenges: string | null, shown?: string): Promise<string> {
    return this.#token(shown?.replace(/^Bearer /, ''));
  }

  async #token(refused?: string): Promise<string> {
    const { credentials, origin, ask } = this.#options;
    const { tokenUri, clientId, clientSecret, scope } = credentials;
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope !== undefined && { scope }),
    });
    const authorization = basic(formEncoded(clientId), formEncoded(clientSecret));
    const url = URL.parse(tokenUri);
    if (!url)
      throw new RegistryError(
        'FAILED_PRECONDITION',
        'UPSTREAM_FORBIDDEN',
        `${origin.host} is not asked: the address of its token host is no URL`,
      );
    const fetch = () => requestToken(ask, { url, form, authorization, host: origin.host });
    return `Bearer ${await this.#tokens.get('', fetch, refused)}`;
  }
}

/** As RFC 6749 2.3.1 wants both, so that a colon in the id does not end it. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
