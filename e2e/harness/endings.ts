import { type Identities, type Login } from './identities.ts';

export const named = (username: string, password: string): Login => ({ username, password });
export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Something that is good until it is ended. */
interface Ends {
  readonly end: () => Promise<unknown>;
  /** Where it ends by itself: not before that, in milliseconds since the epoch. */
  readonly endsAt?: number;
}

interface Begun extends Ends {
  readonly login: Login;
}

/** A credential that is good until `end`, and what whoever shows it then is told. */
export interface Ending {
  readonly says: string;
  /** `seconds`: how long it is good for, where it ends by itself. */
  readonly begin: (who: Identities, seconds: number) => Promise<Begun>;
  readonly told: RegExp;
}

const SHORTEST_SECONDS = 2;
const LONGEST_SECONDS = 32;

/**
 * Does what has to work before the end, and then ends it. Where this machine takes longer for that than it is good for, all of it is
 * done again with another one, which is good for longer.
 */
export async function ended<What extends Ends, Result>(
  begin: (seconds: number) => Promise<What>,
  use: (what: What) => Promise<Result>,
): Promise<readonly [What, Result]> {
  for (let seconds = SHORTEST_SECONDS; ; seconds *= 4) {
    const what = await begin(seconds);
    try {
      const result = await use(what);
      await what.end();
      return [what, result];
    } catch (error) {
      if (Date.now() < (what.endsAt ?? Number.POSITIVE_INFINITY) || seconds >= LONGEST_SECONDS) throw error;
    }
  }
}

const GONE = /token is unknown, has expired or was revoked; log in again/;
const WRONG = /user name or password is wrong/;
const PROVIDER_GONE = /token is unknown, has expired or was revoked|identity provider behind the token is/;
const KEY_GONE = /service account key is deleted, disabled or expired|was deleted/;

/** Who has no account is not among allAuthenticatedUsers, for whom tests have the repository `shared`. */
async function sharedWithFederated(who: Identities): ReturnType<Identities['federated']> {
  const federated = await who.federated();
  await who.grant(who.repository('shared'), 'roles/artifactregistry.writer', federated.member);
  return federated;
}

/** Each may use the repository `shared` until it ends. */
export const ENDINGS: readonly Ending[] = [
  {
    says: 'a password that was changed',
    told: WRONG,
    begin: async (who) => {
      const login = await who.user();
      return { login, end: () => who.setPassword(login, `other-${crypto.randomUUID()}`) };
    },
  },
  {
    says: 'the password of a disabled user',
    told: /the account user-\S+ is disabled/,
    begin: async (who) => {
      const login = await who.user();
      return { login, end: () => who.setUser(login, 'disable') };
    },
  },
  {
    says: 'a revoked access token',
    told: GONE,
    begin: async (who) => {
      const token = await who.accessToken(await who.user());
      return { login: named('oauth2accesstoken', token), end: () => who.revoke(token) };
    },
  },
  {
    says: 'an access token whose password was changed',
    told: /token is unknown, has expired or was revoked|password behind the token was changed/,
    begin: async (who) => {
      const owner = await who.user();
      const login = named('_token', await who.accessToken(owner));
      return { login, end: () => who.setPassword(owner, `other-${crypto.randomUUID()}`) };
    },
  },
  {
    says: 'an expired personal token',
    told: GONE,
    begin: async (who, seconds) => {
      const owner = await who.user();
      const endsAt = Date.now() + seconds * 1000;
      const { token } = await who.personalToken(owner, `${seconds}s`);
      return { login: named('_token', token), end: () => who.expired(token), endsAt };
    },
  },
  {
    says: 'a deleted personal token',
    told: GONE,
    begin: async (who) => {
      const { name, token } = await who.personalToken(await who.user());
      return { login: named('_dcgcloud_token', token), end: () => who.delete(name) };
    },
  },
  {
    says: 'a personal token of a disabled user',
    told: /the account user-\S+ is disabled/,
    begin: async (who) => {
      const owner = await who.user();
      const { token } = await who.personalToken(owner);
      return { login: named('_dcgcr_2_1_0_token', token), end: () => who.setUser(owner, 'disable') };
    },
  },
  ...(['DELETE', ':disable'] as const).map((verb): Ending => ({
    says: verb === 'DELETE' ? 'a key file whose key was deleted' : 'a key file whose key is disabled',
    told: KEY_GONE,
    begin: async (who) => {
      const file = await who.keyFile(await who.serviceAccount());
      return { login: named('_json_key', file), end: () => who.changeKey(file, verb) };
    },
  })),
  {
    says: 'a key file of a disabled service account',
    told: /the account sa-\S+ is disabled/,
    begin: async (who) => {
      const email = await who.serviceAccount();
      const login = named('_json_key_base64', base64(await who.keyFile(email)));
      return { login, end: () => who.setServiceAccount(email, 'disable') };
    },
  },
  {
    says: 'an access token whose key was deleted',
    told: /token is unknown, has expired or was revoked|key is deleted/,
    begin: async (who) => {
      const file = await who.keyFile(await who.serviceAccount());
      const login = named('oauth2accesstoken', await who.keyFileToken(file));
      return { login, end: () => who.changeKey(file, 'DELETE') };
    },
  },
  {
    says: 'a token of an identity provider that is disabled',
    told: PROVIDER_GONE,
    begin: async (who) => {
      const { token, provider } = await sharedWithFederated(who);
      return { login: named('oauth2accesstoken', token), end: () => who.disable(provider) };
    },
  },
  {
    says: 'a token of a workload identity pool that was deleted',
    told: PROVIDER_GONE,
    begin: async (who) => {
      const { token, pool } = await sharedWithFederated(who);
      return { login: named('oauth2accesstoken', token), end: () => who.delete(pool) };
    },
  },
];
