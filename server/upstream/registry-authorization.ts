import { RegistryError } from '../core/error.ts';
import type { UpstreamCredentials } from '../core/upstream.ts';
import { basic, type Authorization } from './authorization.ts';
import { parseChallenges } from './challenges.ts';
import { RecentlyUsed } from './recently-used.ts';
import { TokenCache } from './token-cache.ts';
import { type Ask, requestToken } from './token-request.ts';

interface RegistryAuthorizationOptions {
  /** Of the upstream: the one that the credentials are for. */
  readonly origin: URL;
  readonly credentials?: Extract<UpstreamCredentials, { readonly kind: 'basic' }>;
  /** Other origins that the credentials may be shown to. */
  readonly tokenOrigins: readonly string[];
  readonly ask: Ask;
  readonly now: () => number;
}

/** Places whose tokens are known beforehand. */
const MOST_PLACES = 1000;

/**
 * A user and password, or nobody; and where the registry wants a token of another server first, that one (distribution's token
 * authentication). Which token a request needs is only known from its refusal, so it is remembered by place, and a wrong guess costs
 * a request.
 */
export class RegistryAuthorization implements Authorization {
  readonly #options: RegistryAuthorizationOptions;
  readonly #tokens: TokenCache;
  /** Which token was wanted where. */
  readonly #wanted = new RecentlyUsed<string>(MOST_PLACES);

  constructor(options: RegistryAuthorizationOptions) {
    this.#options = options;
    this.#tokens = new TokenCache(options.now);
  }

  async header(url: URL): Promise<string | undefined> {
    const token = this.#tokens.known(this.#wanted.peek(placeOf(url)) ?? '');
    return token === undefined ? this.#own() : `Bearer ${token}`;
  }

  async challenged(url: URL, header: string | null, shown?: string): Promise<string | undefined> {
    const challenge = parseChallenges(header ?? '').find(({ scheme }) => scheme === 'bearer');
    const realm = challenge?.params.get('realm');
    if (!challenge || realm === undefined) return undefined;
    const from = this.#tokenUrl(realm, challenge.params.get('service'), challenge.params.get('scope'));
    const authorization = this.#ownFor(from);
    const token = await this.#tokens.get(
      from.href,
      () =>
        requestToken(this.#options.ask, {
          url: from,
          host: this.#options.origin.host,
          ...(authorization !== undefined && { authorization }),
        }),
      shown?.replace(/^Bearer /, ''),
    );
    this.#wanted.set(placeOf(url), from.href);
    return `Bearer ${token}`;
  }

  #tokenUrl(realm: string, service: string | undefined, scope: string | undefined): URL {
    const { origin } = this.#options;
    const url = URL.parse(realm);
    if (!url || (url.protocol !== 'https:' && url.protocol !== origin.protocol))
      throw forbidden(
        `${origin.host} is not asked: the address that it wants a token to be fetched from cannot be asked`,
      );
    url.hash = '';
    if (service !== undefined) url.searchParams.set('service', service);
    for (const one of scope?.split(' ') ?? []) url.searchParams.append('scope', one);
    return url;
  }

  #own(): string | undefined {
    const { credentials } = this.#options;
    return credentials && basic(credentials.username, credentials.password);
  }

  /** The credentials, where they may be shown. Whoever set them is told, rather than shown what anybody may see. */
  #ownFor(url: URL): string | undefined {
    const { origin, tokenOrigins, credentials } = this.#options;
    if (!credentials) return undefined;
    const known = [origin.origin, ...tokenOrigins.map((one) => URL.parse(one)?.origin)];
    if (known.includes(url.origin)) return this.#own();
    throw forbidden(
      `${origin.host} wants its tokens to be fetched from ${url.host}, which the credentials are not sent to: ` +
        `add ${url.origin} to the token origins of the repository`,
    );
  }
}

/** What two URLs have in common whose tokens are likely the same: all but the last two segments of a path. */
const placeOf = ({ pathname }: URL): string => pathname.split('/').slice(0, -2).join('/');

const forbidden = (message: string): RegistryError =>
  new RegistryError('FAILED_PRECONDITION', 'UPSTREAM_FORBIDDEN', message);
