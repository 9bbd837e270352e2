import { type Act, type Actor, type AuditNotes, failure } from '../core/audit.ts';
import { invalid } from '../core/error.ts';
import type { ExternalAccounts, ExternalIdentity } from '../core/external-accounts.ts';
import type { OneTimeStore } from '../core/one-time.ts';
import { loginAct } from './login-acts.ts';
import { type ClaimRules, identityIn } from './oidc-identity.ts';
import type { Attempt, OidcProvider } from './oidc-provider.ts';
import type { Session, Sessions } from './sessions.ts';
import { sha256 } from './tokens.ts';

/** How long a person may take at the provider. */
const PATIENCE_MS = 10 * 60_000;

interface OidcLoginOptions {
  readonly provider: OidcProvider;
  readonly rules: ClaimRules;
  /** Whether the first log-in of somebody makes a user. */
  readonly create: boolean;
  readonly accounts: ExternalAccounts;
  readonly oneTime: OneTimeStore;
  readonly sessions: Sessions;
  readonly notes: Pick<AuditNotes, 'note'>;
  readonly random: (bytes: number) => Uint8Array;
  readonly now: () => number;
  readonly newId: () => string;
}

interface Began extends Attempt {
  /** Stands for the browser that began, and must be the one that comes back. */
  readonly browser: string;
  /** Where the person wanted to go. */
  readonly to: string;
}

/** Log-ins with the provider: authorization code, PKCE, state and nonce (OpenID Connect Core 3.1, RFC 9700). */
export class OidcLogin {
  readonly #options: OidcLoginOptions;

  constructor(options: OidcLoginOptions) {
    this.#options = options;
  }

  /** Where to send the browser. `browser` is a secret that it keeps in a cookie. */
  async begin({
    browser,
    to,
    redirectUri,
  }: {
    readonly browser: string;
    readonly to: string;
    readonly redirectUri: string;
  }): Promise<URL> {
    const { provider, oneTime, now } = this.#options;
    const attempt = {
      state: this.#secret(),
      nonce: this.#secret(),
      verifier: this.#secret(),
      redirectUri,
    };
    const url = await provider.authorizationUrl(attempt);
    const payload = { ...attempt, browser: sha256(browser), to };
    await oneTime.put('login-state', sha256(attempt.state), payload, now() + PATIENCE_MS);
    return url;
  }

  /** Takes the answer that the browser brought back. INVALID_ARGUMENT for one that this browser did not ask for. */
  async finish(
    query: URLSearchParams,
    browser: string | undefined,
    actor: Actor,
  ): Promise<{ readonly session: Session; readonly to: string }> {
    const { oneTime, notes } = this.#options;
    const began = (await oneTime.take('login-state', sha256(query.get('state') ?? ''))) as Began | undefined;
    if (!began || browser === undefined || began.browser !== sha256(browser))
      throw invalid(
        'LOGIN_EXPIRED',
        'this log-in has expired, was finished before, or began in another browser',
      );
    try {
      return { session: await this.#session(query, began, actor), to: began.to };
    } catch (error) {
      notes.note(loginAct(this.#options, 'loginFailure', actor, { type: 'oidc' }), failure(error));
      throw error;
    }
  }

  async #session(query: URLSearchParams, began: Began, actor: Actor): Promise<Session> {
    const { provider, rules, accounts, create, sessions } = this.#options;
    const claims = await provider.claims(query.toString(), began);
    const identity = identityIn(provider.issuer, claims, rules);
    const come = loginAct(this.#options, 'loginSuccess', actor, described(identity));
    // One record of both: of what the provider's word changed here, and of the session.
    const act = (account: string): Act => ({ ...come, actor: { ...actor, member: `user:${account}` } });
    const account = await accounts.signIn(identity, { create }, act);
    return sessions.begin(account, act(account));
  }

  #secret(): string {
    return Buffer.from(this.#options.random(32)).toString('base64url');
  }
}

const described = ({ issuer, subject, groups }: ExternalIdentity) => ({
  type: 'oidc',
  issuer,
  subject,
  groups,
});
