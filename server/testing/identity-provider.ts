import { generateKeyPairSync } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider, type ProviderConfiguration } from 'oidc-provider';

/** What the provider says of somebody, beside `sub`. */
export type Claims = Readonly<Record<string, unknown>>;

const CLIENT_ID = 'entrepot';
const CLIENT_SECRET = 'the secret of the registration, made for a test';

/** oidc-provider on a port of its own, with people who log in by sending a form with their name. */
export class IdentityProvider implements AsyncDisposable {
  readonly clientId = CLIENT_ID;
  readonly clientSecret = CLIENT_SECRET;
  readonly issuer: string;
  /** By `sub`. Changes count from the next log-in on. */
  readonly people = new Map<string, Claims>();
  /** Takes the place of what the token endpoint answers, for a provider that misbehaves. */
  tamper: ((answer: Record<string, unknown>) => Record<string, unknown>) | undefined;
  readonly #http: HttpServer;

  constructor(http: HttpServer, redirectUri: string) {
    const { port } = http.address() as AddressInfo;
    this.issuer = `http://127.0.0.1:${port}`;
    this.#http = http;
    const provider = new Provider(this.issuer, this.#configuration(redirectUri));
    provider.use(async (context, next) => {
      await next();
      if (this.tamper && context.path === '/token' && context.status === 200)
        context.body = this.tamper(context.body as Record<string, unknown>);
    });
    const answer = provider.callback();
    http.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const uid = /^\/interaction\/([\w-]+)$/.exec(request.url ?? '')?.[1];
      const done =
        uid === undefined ? answer(request, response) : this.#interact(provider, uid, request, response);
      Promise.resolve(done).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      );
    });
  }

  /** `redirectUri` is where it sends people back to. */
  static async start(redirectUri: string): Promise<IdentityProvider> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new IdentityProvider(http, redirectUri);
  }

  /** The flags of a server that people log in to with it. */
  get flags(): readonly string[] {
    return ['--oidc-issuer', this.issuer, '--oidc-client-id', this.clientId, '--oidc-name', 'Example'];
  }

  #configuration(redirectUri: string): ProviderConfiguration {
    return {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: [redirectUri],
          response_types: ['code'],
          grant_types: ['authorization_code'],
        },
      ],
      claims: {
        openid: ['sub'],
        email: ['email', 'email_verified'],
        profile: ['name', 'groups', 'nickname'],
      },
      cookies: { keys: [crypto.randomUUID()] },
      jwks: { keys: [{ ...signingKey(), use: 'sig', alg: 'RS256', kid: crypto.randomUUID() }] },
      ttl: {
        AccessToken: 600,
        AuthorizationCode: 60,
        Grant: 600,
        IdToken: 600,
        Interaction: 600,
        Session: 600,
      },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      findAccount: (_, sub) => {
        const claims = this.people.get(sub);
        return claims && { accountId: sub, claims: async () => ({ ...claims, sub }) };
      },
      // Everybody agrees to everything.
      loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({
          clientId: oidc.client.clientId,
          accountId: oidc.session.accountId,
        });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
    };
  }

  /** A form with one field, the name; `cancel` in its place refuses. */
  async #interact(
    provider: Provider,
    uid: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'text/html');
      response.end(
        `<form method="post" action="/interaction/${uid}"><input name="sub"><button>Go</button></form>`,
      );
      return;
    }
    let body = '';
    for await (const piece of request) body += String(piece);
    const sub = new URLSearchParams(body).get('sub') ?? '';
    const result =
      sub === 'cancel' ? { error: 'access_denied' } : { login: { accountId: sub, remember: false } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }
}

const signingKey = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
