/** What of oidc-provider the tests use; it brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }
  interface Context {
    readonly path: string;
    readonly status: number;
    body: unknown;
  }
  interface GrantContext {
    readonly oidc: {
      readonly client: { readonly clientId: string };
      readonly session: { readonly accountId: string };
      readonly provider: {
        readonly Grant: new (of: { readonly clientId: string; readonly accountId: string }) => Grant;
      };
    };
  }
  interface FoundAccount {
    readonly accountId: string;
    claims(): Promise<Readonly<Record<string, unknown>>>;
  }

  type ResourceServerInfo = (
    context: unknown,
    resource: string,
  ) => {
    readonly scope: string;
    readonly audience: string;
    readonly accessTokenFormat: 'jwt';
    /** Seconds. */
    readonly accessTokenTTL: number;
  };
  interface StructuredToken {
    header: Readonly<Record<string, unknown>> | undefined;
    payload: Readonly<Record<string, unknown>>;
  }

  /** docs/README.md of oidc-provider, Configuration options. */
  export interface ProviderConfiguration {
    readonly clients: readonly Readonly<Record<string, unknown>>[];
    readonly claims?: Readonly<Record<string, readonly string[]>>;
    readonly cookies: { readonly keys: readonly string[] };
    readonly jwks: { readonly keys: readonly object[] };
    /** Seconds. */
    readonly ttl: Readonly<Record<string, number>>;
    readonly features: Readonly<
      Record<string, { readonly enabled: boolean; readonly getResourceServerInfo?: ResourceServerInfo }>
    >;
    /** Of access tokens that are JWTs. */
    readonly formats?: {
      readonly customizers: { jwt(context: unknown, token: unknown, made: StructuredToken): void };
    };
    readonly interactions?: { url(context: unknown, interaction: { readonly uid: string }): string };
    readonly pkce?: { required(): boolean };
    findAccount?(context: unknown, sub: string): FoundAccount | undefined;
    loadExistingGrant?(context: GrantContext): Promise<Grant>;
  }

  export class Provider {
    constructor(issuer: string, configuration: ProviderConfiguration);
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Readonly<Record<string, unknown>>,
      options: { readonly mergeWithLastSubmission: boolean },
    ): Promise<void>;
  }
}
