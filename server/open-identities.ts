import { meansUs } from './iam/audiences.ts';
import { Authenticator } from './iam/authenticator.ts';
import { PolicyAuthorizer } from './iam/authorizer.ts';
import { CelConditions } from './iam/conditions.ts';
import { PolicyExplainer } from './iam/explain.ts';
import { Federation } from './iam/federation.ts';
import { PolicyGrantGuard } from './iam/grant-guard.ts';
import { jwtBearerGrant } from './iam/grants/jwt-bearer.ts';
import { passwordGrant } from './iam/grants/password.ts';
import { refreshGrant } from './iam/grants/refresh-token.ts';
import { tokenExchangeGrant } from './iam/grants/token-exchange.ts';
import { TokenImpersonation } from './iam/impersonation.ts';
import { KeyFiles } from './iam/key-files.ts';
import { LoginThrottle } from './iam/login-throttle.ts';
import { LoginTokens } from './iam/login-tokens.ts';
import { PasswordChecker } from './iam/passwords.ts';
import { CheckedPolicies } from './iam/policy-rules.ts';
import { PREDEFINED_ROLES } from './iam/predefined-roles.ts';
import { SelfSigned } from './iam/self-signed.ts';
import { tokenMaking } from './iam/token-scope.ts';
import { TokenUse } from './iam/token-use.ts';
import { Tokens } from './iam/tokens.ts';
import type { OutboundClient } from './outbound/outbound-client.ts';
import { GrantTables } from './stores/metadata/grant-finder.ts';
import { IamRevision } from './stores/metadata/iam-revision.ts';
import { MemberTables } from './stores/metadata/member-directory.ts';
import { OneTimeTables } from './stores/metadata/one-time-tables.ts';
import { RefreshTables } from './stores/metadata/refresh-tables.ts';
import { ProviderTables } from './stores/metadata/workload-directory.ts';
import type { ManagementApiOptions } from './api/management-api.ts';
import type { Grant } from './core/oauth.ts';

import type { Config } from './config.ts';
import type { Log } from './ops/log.ts';
import type { AccountTables } from './stores/metadata/account-tables.ts';
import type { TokenTables } from './stores/metadata/token-tables.ts';
import type { PolicyTables } from './stores/metadata/policy-tables.ts';
import type { Transactions } from './stores/metadata/transactions.ts';

const MINUTE_MS = 60_000;

interface IdentitiesParts {
  readonly config: Config;
  readonly database: Transactions;
  readonly accounts: AccountTables;
  readonly policies: PolicyTables;
  readonly tokenStore: TokenTables;
  readonly outbound: OutboundClient;
  /** Of this installation alone; signs registry tokens. */
  readonly key: Uint8Array;
  readonly log: Log;
  readonly random: (bytes: number) => Uint8Array;
  readonly now: () => number;
  readonly newId: () => string;
}

/** Who callers are, what they may do, and the tokens they get. */
interface Identities extends AsyncDisposable {
  readonly authenticator: Authenticator;
  readonly authorizer: PolicyAuthorizer;
  readonly tokens: Tokens;
  readonly logins: LoginTokens;
  readonly loginStore: RefreshTables;
  readonly oneTime: OneTimeTables;
  /** Those that need no browser. */
  readonly grants: readonly Grant[];
  /** What the management API asks about all this. */
  readonly api: Pick<
    ManagementApiOptions,
    | 'guard'
    | 'predefinedRoles'
    | 'explainer'
    | 'workloadRules'
    | 'policyRules'
    | 'impersonation'
    | 'tokenMaking'
  >;
}

export function openIdentities(parts: IdentitiesParts): Identities {
  const { config, database, accounts, policies, tokenStore, outbound, key, log, random, now, newId } = parts;
  const conditions = new CelConditions();
  const authorizer = new PolicyAuthorizer({ policies, conditions, now });
  const guard = new PolicyGrantGuard({
    decisions: authorizer,
    policies,
    accounts,
    grants: new GrantTables(database),
  });
  const tokenUse = new TokenUse({
    store: tokenStore,
    now,
    report: (cause) => log.write('warn', 'the last use of tokens could not be written', { cause }),
    later,
  });
  const tokens = new Tokens({
    store: tokenStore,
    key,
    issuer: 'entrepot',
    random,
    now,
    lastUse: (id) => tokenUse.lastUse(id),
  });
  const providers = new ProviderTables(database);
  const revision = new IamRevision(database);
  const authenticator = new Authenticator({
    accounts,
    bearers: [tokens, new SelfSigned({ keys: accounts, meansUs: meansUs(config), now })],
    keyFiles: new KeyFiles({ keys: accounts, now }),
    providerStands: (name) => providers.stands(name),
    passwords: new PasswordChecker(),
    throttle: new LoginThrottle({ now, failures: 10, windowMs: MINUTE_MS }),
    now,
    revision: () => revision.credentials(),
    used: (token) => tokenUse.used(token),
  });
  const loginStore = new RefreshTables(database, now);
  const logins = new LoginTokens({ store: loginStore, random, newId, now });
  const oneTime = new OneTimeTables(database, now);
  const federation = new Federation({ providers, outbound, now });
  const grants = [
    passwordGrant({ authenticator, tokens, logins, now, newId }),
    refreshGrant({ logins, now, newId }),
    jwtBearerGrant({ authenticator, keys: accounts, tokens, oneTime, now, newId }),
    tokenExchangeGrant({ federation, tokens, now, newId }),
  ];

  return {
    authenticator,
    authorizer,
    tokens,
    logins,
    loginStore,
    oneTime,
    grants,
    api: {
      guard,
      predefinedRoles: PREDEFINED_ROLES,
      explainer: new PolicyExplainer({ decisions: authorizer, accounts, now }),
      workloadRules: federation,
      policyRules: new CheckedPolicies({ guard, conditions, policies, members: new MemberTables(database) }),
      impersonation: new TokenImpersonation({ accounts, tokens, now }),
      tokenMaking: tokenMaking({ random, longest: config.tokenMaxLifetime }),
    },
    [Symbol.asyncDispose]: () => tokenUse[Symbol.asyncDispose](),
  };
}

function later(work: () => void, milliseconds: number): { stop(): void } {
  const timer = setTimeout(work, milliseconds);
  timer.unref();
  return { stop: () => clearTimeout(timer) };
}
