import { readFileSync } from 'node:fs';
import type { AccountStore, TokenStore } from './core/accounts.ts';
import type { RefreshStore } from './core/logins.ts';
import type { Grant } from './core/oauth.ts';
import type { OneTimeStore } from './core/one-time.ts';
import type { Config } from './config.ts';
import type { Fixture } from './http/front-door.ts';
import { loginFixtures } from './http/login/fixtures.ts';
import { FormTokens } from './http/login/form-tokens.ts';
import type { LoginParts } from './http/login/parts.ts';
import type { Authenticator } from './iam/authenticator.ts';
import type { ClientLoginParts } from './iam/client-logins.ts';
import { DeviceCodes } from './iam/device-codes.ts';
import { authorizationCode, authorizationCodeGrant } from './iam/grants/authorization-code.ts';
import { deviceCodeGrant } from './iam/grants/device-code.ts';
import { LoginThrottle } from './iam/login-throttle.ts';
import type { LoginTokens } from './iam/login-tokens.ts';
import { OidcLogin } from './iam/oidc-login.ts';
import { OidcProvider } from './iam/oidc-provider.ts';
import { Sessions } from './iam/sessions.ts';
import { StartLimit } from './iam/start-limit.ts';
import type { Tokens } from './iam/tokens.ts';
import { TokenSealer } from './lib/sealed-token.ts';
import type { Audit } from './open-audit.ts';
import type { OutboundClient } from './outbound/outbound-client.ts';
import { ExternalAccountTables } from './stores/metadata/external-account-tables.ts';
import type { Transactions } from './stores/metadata/transactions.ts';

const MINUTE_MS = 60_000;

interface LoginsParts {
  readonly config: Config;
  /** Of the registration at the provider, when it is not in a file. */
  readonly clientSecret?: string;
  readonly database: Transactions;
  readonly accounts: AccountStore;
  readonly tokenStore: TokenStore;
  readonly loginStore: Pick<RefreshStore, 'revoke'>;
  readonly oneTime: OneTimeStore;
  readonly authenticator: Authenticator;
  readonly tokens: Tokens;
  readonly logins: LoginTokens;
  readonly audit: Pick<Audit, 'notes' | 'failures'>;
  readonly outbound: OutboundClient;
  readonly key: Uint8Array;
  readonly random: (bytes: number) => Uint8Array;
  readonly now: () => number;
  readonly newId: () => string;
}

interface Logins {
  /** What log-ins of clients of formats are made of. */
  readonly clients: ClientLoginParts;
  readonly grants: readonly Grant[];
  /** Given all grant types of the token endpoint. */
  fixtures(grantTypes: readonly string[]): readonly Fixture[];
}

/** How people log in with a browser, and programs by way of it. */
export function openLogins(parts: LoginsParts): Logins {
  const { accounts, audit, oneTime, key, random, now, newId } = parts;
  const sessions = new Sessions({ ...parts, store: parts.tokenStore });
  const throttle = new LoginThrottle({ now, failures: 10, windowMs: MINUTE_MS });
  const devices = new DeviceCodes({ oneTime, throttle, random, now });
  const codes = { accounts, logins: parts.logins, store: parts.loginStore, oneTime, random, now, newId };
  const limit = new StartLimit({ now, windowMs: MINUTE_MS, mostOfPeer: 60, most: 1200 });
  const provider = openProvider(parts, sessions);
  const pages: Omit<LoginParts, 'grantTypes'> = {
    sessions,
    devices,
    ...(provider && { provider }),
    authorizationCode: (agreed) => authorizationCode(codes, agreed),
    forms: new FormTokens({ sealer: new TokenSealer(key, 'form'), oneTime, newId, now }),
    admit: (peer) => limit.admit(peer),
    failedLogin: (login) => audit.failures.failed(login),
    random,
    now,
  };
  const clients: ClientLoginParts = {
    ...parts,
    store: parts.loginStore,
    devices,
    admit: (peer) => limit.admit(peer),
    longest: parts.config.tokenMaxLifetime,
  };
  return {
    clients,
    grants: [authorizationCodeGrant(codes), deviceCodeGrant({ ...codes, devices })],
    fixtures: (grantTypes) => loginFixtures({ ...pages, grantTypes }),
  };
}

function openProvider(
  { config, clientSecret, database, oneTime, audit, outbound, random, now, newId }: LoginsParts,
  sessions: Sessions,
): LoginParts['provider'] {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecretFile: file } = config;
  if (issuer === undefined || clientId === undefined) return undefined;
  const secret = file === undefined ? clientSecret : readFileSync(file, 'utf8').trim();
  const rules = {
    userClaim: config.oidcUserClaim,
    groupsClaim: config.oidcGroupsClaim,
    allowedDomains: config.oidcAllowedDomains,
  };
  const login = new OidcLogin({
    provider: new OidcProvider({
      issuer,
      clientId,
      ...(secret !== undefined && secret !== '' && { clientSecret: secret }),
      scopes: config.oidcScopes,
      rules,
      outbound: outbound.allowing(new URL(issuer)),
      now,
    }),
    rules,
    create: config.oidcCreateUsers,
    accounts: new ExternalAccountTables(database, now),
    oneTime,
    sessions,
    notes: audit.notes,
    random,
    now,
    newId,
  });
  return {
    name: config.oidcName,
    begin: (request) => login.begin(request),
    finish: (query, browser, actor) => login.finish(query, browser, actor),
  };
}
