import type { AccountStore } from '../core/accounts.ts';
import type { Act, Actor } from '../core/audit.ts';
import type { ClientLogins, ClientToken } from '../core/client-logins.ts';
import { RegistryError } from '../core/error.ts';
import type { RefreshStore } from '../core/logins.ts';
import type { Authenticator } from './authenticator.ts';
import type { DeviceCodes } from './device-codes.ts';
import { tokenAct } from './grants/token-act.ts';
import { loginAct } from './login-acts.ts';
import { sha256, type Tokens } from './tokens.ts';

const LIFE_SECONDS = 30 * 86_400;
/** As RFC 8628 section 3.2 has it where nothing is said. */
const INTERVAL_SECONDS = 5;

export interface ClientLoginParts {
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly authenticator: Authenticator;
  readonly devices: DeviceCodes;
  readonly tokens: Tokens;
  readonly store: Pick<RefreshStore, 'revoke'>;
  /** RESOURCE_EXHAUSTED for a peer that begins too many log-ins. */
  readonly admit: (peer: string) => void;
  /** Longest that a token may last, in milliseconds. */
  readonly longest: number;
  readonly newId: () => string;
  readonly now: () => number;
}

interface Asking {
  readonly actor: Actor;
  /** Scheme and host that the client used. */
  readonly origin: string;
  /** What the token is called in lists. */
  readonly client: string;
}

/** Log-ins for one request. The tokens are of a log-in: they end with it, and with the password. */
export function clientLogins(parts: ClientLoginParts, { actor, origin, client }: Asking): ClientLogins {
  const { accounts, authenticator, devices, tokens, store, admit, longest, newId } = parts;
  const issue = async (account: string, act: Act): Promise<ClientToken> => {
    const seconds = Math.min(LIFE_SECONDS, Math.floor(longest / 1000));
    const token = { kind: 'login', of: account, name: client, family: newId(), seconds } as const;
    return { secret: (await tokens.issue(token, act)).secret, account };
  };
  return {
    async withPassword(username, password) {
      const { bearer } = await authenticator.password(username, password, actor.peer);
      const account = bearer?.account ?? '';
      return issue(account, tokenAct(parts, actor, account));
    },
    async begin() {
      admit(actor.peer);
      const { deviceCode, userCode } = await devices.begin(actor);
      const query = new URLSearchParams({ user_code: userCode }).toString();
      return { loginUrl: `${origin}/device?${query}`, handle: deviceCode };
    },
    async ask(handle) {
      const answer = await devices.ask(handle);
      switch (answer.kind) {
        case 'granted': {
          const { account } = answer;
          const found = await accounts.find(account);
          if (!found || found.disabled)
            throw new RegistryError('UNAUTHENTICATED', 'UNAUTHORIZED', `the account ${account} is disabled`);
          const member = `user:${account}`;
          const act = loginAct(parts, 'loginSuccess', { ...actor, member }, { type: 'browser' });
          return { kind: 'granted', token: await issue(account, act) };
        }
        case 'pending':
        case 'too-soon':
          return { kind: 'pending', retryAfter: INTERVAL_SECONDS };
        case 'denied':
        case 'unknown':
          return { kind: answer.kind };
        default:
          return answer satisfies never;
      }
    },
    async end(secret) {
      await store.revoke(sha256(secret), (member) => loginAct(parts, 'logout', { ...actor, member }, {}));
    },
  };
}
