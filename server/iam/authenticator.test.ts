import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { Principal } from '../core/iam.ts';
import { AccountTables } from '../stores/metadata/account-tables.ts';
import { IamRevision } from '../stores/metadata/iam-revision.ts';
import { TokenTables } from '../stores/metadata/token-tables.ts';
import { RepositoryTables } from '../stores/metadata/repository-directory.ts';
import { failureOf } from '../testing/failure-of.ts';
import { basic, Clock } from '../testing/harness.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../testing/temporary-database.ts';
import { Authenticator } from './authenticator.ts';
import { LoginThrottle } from './login-throttle.ts';
import { hashPassword, PasswordChecker } from './passwords.ts';
import { Tokens } from './tokens.ts';

const HOUR = 3_600_000;
const PASSWORD = 'pässwörd: with a colon';
const KEY = randomBytes(32);

let temporary: TemporaryDatabase;
let accounts: AccountTables;
let store: TokenTables;
let passwordHash: string;
const clock = new Clock();
beforeAll(async () => {
  temporary = await temporaryDatabase();
  accounts = new AccountTables(temporary.database, clock.now);
  store = new TokenTables(temporary.database, clock.now);
  await new RepositoryTables(temporary.database, clock.now).ensureProject('p');
  passwordHash = await hashPassword(PASSWORD);
});
afterAll(() => temporary[Symbol.asyncDispose]());

let tokens: Tokens;
let authenticator: Authenticator;
beforeEach(async () => {
  await accounts.put({ id: 'ann', kind: 'user', disabled: false, passwordHash });
  await accounts.put({ id: 'robot@p.iam', kind: 'service-account', project: 'p' });
  await accounts.put({ id: 'gone', kind: 'user', disabled: true, passwordHash });
  const revision = new IamRevision(temporary.database);
  tokens = new Tokens({ store, key: KEY, issuer: 'entrepot', random: randomBytes, now: clock.now });
  authenticator = new Authenticator({
    accounts,
    bearers: [tokens],
    keyFiles: { read: async () => undefined },
    providerStands: () => true,
    passwords: new PasswordChecker(),
    throttle: new LoginThrottle({ now: clock.now, failures: 10, windowMs: 60_000 }),
    now: clock.now,
    revision: () => revision.credentials(),
  });
});

const authenticate = async (authorization: string | null) =>
  authenticator.authenticate(authorization, () => 'peer');
const principalOf = async (authorization: string | null): Promise<Principal> =>
  (await authenticate(authorization)).principal;
const REFUSED = { code: 'UNAUTHENTICATED', reason: 'UNAUTHORIZED' };
const refused = async (authorization: string) =>
  expect(await failureOf(authenticate(authorization))).toMatchObject(REFUSED);
const registryTokenOf = async (authorization: string) =>
  (await tokens.issueRegistry((await authenticate(authorization)).bearer)).secret;

/** What is nearly a token. */
const HOSTILE = [
  '',
  '.',
  '..',
  '...',
  'a.b.c',
  'null',
  'undefined',
  '{}',
  '[]',
  'e30.e30.',
  'bnVsbA.bnVsbA.bnVsbA',
  `${btoa('{"alg":"none"}')}.${btoa('{"iss":"entrepot","sub":"ann"}')}.`,
  `${btoa('{"alg":"HS256","crit":["b64"],"b64":false}')}.e30.AAAA`,
  btoa(`{"__proto__":${'['.repeat(5_000)}`),
];

const ANN = { kind: 'user', id: 'ann', belongsTo: [] } as const;
const issueAccess = (of: string) => tokens.issue({ kind: 'login', of, seconds: 12 * 3600 });

test.each(['ann', 'nobody'])(
  'passwords of %s are not guessed faster by many guesses at once',
  async (name) => {
    const guesses = Array.from({ length: 40 }, async (_, at) =>
      failureOf(authenticate(basic(name, `guess ${at}`))),
    );
    const codes = (await Promise.all(guesses)).map((refusal) => (refusal as { readonly code: string }).code);

    // Two are checked at once, and the next two have their turn just before that counts.
    expect(codes.filter((code) => code === 'UNAUTHENTICATED').length).toBeLessThanOrEqual(14);
    expect(codes.filter((code) => code === 'RESOURCE_EXHAUSTED').length).toBeGreaterThanOrEqual(26);
  },
);

test('whatever is not a credential is refused as one', async () => {
  const token = (await issueAccess('ann')).secret;
  const registry = await registryTokenOf(`Bearer ${token}`);
  const secret = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.constantFrom(...HOSTILE),
    fc
      .tuple(
        fc.constantFrom(token, registry),
        fc.nat(),
        fc.constantFrom('', '.', 'A', '=', '\0', 'é', '.e30.'),
      )
      // Neither token is any longer itself.
      .map(
        ([whole, at, put]) =>
          whole.slice(0, at % (whole.length - 1)) + put + whole.slice((at % (whole.length - 1)) + 2),
      ),
  );
  const pair = fc
    .tuple(fc.constantFrom('oauth2accesstoken', '_json_key', '_json_key_base64'), secret)
    .map(([user, text]) => `Basic ${Buffer.from(`${user}:${text}`).toString('base64')}`);
  const scheme = fc.constantFrom('Bearer ', 'bearer\t', 'Digest ', '');
  const header = fc.oneof(
    fc.tuple(scheme, secret).map((both) => both.join('')),
    pair,
  );
  await fc.assert(fc.asyncProperty(header, refused), { numRuns: 300 });
});

test('a password that is changed while it is checked makes no log-in', async () => {
  const passwords = new PasswordChecker();
  passwords.matches = async () => {
    await accounts.put({ id: 'ann', kind: 'user', passwordHash: await hashPassword('another') });
    return true;
  };
  const { now } = clock;
  const slow = new Authenticator({
    accounts,
    bearers: [tokens],
    keyFiles: { read: async () => undefined },
    providerStands: () => true,
    passwords,
    throttle: new LoginThrottle({ now, failures: 10, windowMs: 60_000 }),
    now,
    revision: () => 0,
  });

  expect(await failureOf(slow.password('ann', PASSWORD, 'peer'))).toMatchObject(REFUSED);
});

describe('a caller is who the credential says', () => {
  test('by user name and password', async () => {
    expect(await principalOf(basic('ann', PASSWORD))).toEqual(ANN);
  });

  test.each([
    ['Bearer', (token: string) => `Bearer ${token}`],
    ['bearer, and blanks', (token: string) => `bearer   ${token} `],
    ...[
      'oauth2accesstoken',
      '_token',
      '_dcgcloud_token',
      '_dcgcr_2_1_22_token',
      '_dcgcr_token',
      '<token>',
    ].map((user) => [`Basic ${user}`, (token: string) => basic(user, token)] as const),
    ['BASIC _token', (token: string) => basic('_token', token).replace('Basic', 'BASIC')],
  ] as const)('by %s and an access token, or a registry token', async (_, show) => {
    const { secret } = await issueAccess('ann');

    expect(await principalOf(show(secret))).toEqual(ANN);
    expect(await principalOf(show(await registryTokenOf(`Bearer ${secret}`)))).toEqual(ANN);
  });

  test('and of the kind that the account is', async () => {
    const { secret } = await issueAccess('robot@p.iam');

    expect(await principalOf(`Bearer ${secret}`)).toEqual({
      kind: 'service-account',
      id: 'robot@p.iam',
      belongsTo: [],
    });
  });

  test('and nobody without one, or with a token of nobody’s', async () => {
    const { secret } = await tokens.issueRegistry(undefined);

    expect(await principalOf(null)).toEqual({ kind: 'anonymous' });
    expect(await principalOf(`Bearer ${secret}`)).toEqual({ kind: 'anonymous' });
  });

  test('and may do no more than its token, nor may what is made from it', async () => {
    const scope = { permissions: ['artifactregistry.repositories.downloadArtifacts'] } as const;
    const secret = 'ent_narrow';
    const hash = new Bun.CryptoHasher('sha256').update(secret).digest('hex');
    await store.addToken(hash, {
      id: 'narrow',
      kind: 'personal',
      of: 'ann',
      scope,
      expiresAt: clock.now() + HOUR,
    });

    expect(await principalOf(`Bearer ${secret}`)).toEqual({ ...ANN, scope });
    const child = await registryTokenOf(`Bearer ${secret}`);
    expect(await principalOf(`Bearer ${child}`)).toEqual({ ...ANN, scope });
    expect(await principalOf(`Bearer ${await registryTokenOf(`Bearer ${child}`)}`)).toEqual({
      ...ANN,
      scope,
    });
    await store.removeToken('narrow');
  });
});

describe('what is shown and not good is refused, never ignored:', () => {
  test.each([
    ['a wrong password', basic('ann', 'wrong')],
    ['no password', basic('ann', '')],
    ['a password with something after it', basic('ann', `${PASSWORD} `)],
    ['a name in other letters', basic('Ann', PASSWORD)],
    ['an unknown user', basic('nobody', 'x')],
    ['no user', basic('', '')],
    ['a disabled user', basic('gone', PASSWORD)],
    ['a service account’s name', basic('robot@p.iam', '')],
    ['a made-up token as a password', basic('_token', 'ent_made-up')],
    ['a password as a token', `Bearer ${PASSWORD}`],
    ['a made-up token', 'Bearer ent_0000000000000000000000000000000000000000000'],
    ['an empty token', 'Bearer '],
    ['no token', 'Bearer'],
    ['half a JWT', 'Bearer eyJhbGciOiJIUzI1NiJ9.e30'],
    ['a Basic without a colon', `Basic ${btoa('ann')}`],
    ['a Basic that is no base64', 'Basic !!!'],
    ['an empty Basic', 'Basic '],
    ['an empty header', ''],
    ['a Digest', 'Digest username="ann"'],
    ['a key file, which is not taken yet', basic('_json_key', '{}')],
    ['a name alike one that tokens have', basic('_dcgcr_x_tokens', 'x')],
  ])('%s', async (_, authorization) => {
    await refused(authorization);
  });

  test('with the same words whether the account exists or not', async () => {
    const messages = await Promise.all(
      ['ann', 'nobody', 'gone', 'robot@p.iam'].map(
        async (user) => (await failureOf(authenticate(basic(user, 'wrong')))) as Error,
      ),
    );

    expect(new Set(messages.map(({ message }) => message)).size).toBe(1);
  });
});

const bare = () =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', typ: 'registry+jwt' })
    .setIssuer('entrepot')
    .setAudience('entrepot');

const claims = () => ({ at: Math.floor(clock.now() / 1000) });

const signed = async (
  change: (jwt: SignJWT) => SignJWT = (jwt) => jwt,
  header: { alg?: string; typ?: string; crit?: string[] } = {},
  key: Uint8Array = KEY,
) => {
  const { at } = claims();
  const jwt = new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', typ: 'registry+jwt', ...header })
    .setIssuer('entrepot')
    .setAudience('entrepot')
    .setSubject('ann')
    .setNotBefore(at - 5)
    .setIssuedAt(at)
    .setExpirationTime(at + 600);
  return `Bearer ${await change(jwt).sign(key)}`;
};

describe('a signed token is refused', () => {
  test('never when it is ours', async () => {
    expect(await principalOf(await signed())).toEqual(ANN);
  });

  const rows: readonly (readonly [string, () => Promise<string>])[] = [
    ['with another key', () => signed(undefined, {}, randomBytes(32))],
    ['with another algorithm', () => signed(undefined, { alg: 'HS512' })],
    ['of another type', () => signed(undefined, { typ: 'JWT' })],
    ['of the type of uploads', () => signed(undefined, { typ: 'upload+jwt' })],
    ['from another issuer', () => signed((jwt) => jwt.setIssuer('other'))],
    ['for another audience', () => signed((jwt) => jwt.setAudience('other'))],
    ['of an account that is not there', () => signed((jwt) => jwt.setSubject('nobody'))],
    ['of a disabled account', () => signed((jwt) => jwt.setSubject('gone'))],
    ['that has ended', () => signed((jwt) => jwt.setExpirationTime(claims().at - 1))],
    ['that ends now', () => signed((jwt) => jwt.setExpirationTime(claims().at))],
    ['that has not begun', () => signed((jwt) => jwt.setNotBefore(claims().at + 60))],
  ];
  test.each(rows)('%s', async (_, make) => {
    await refused(await make());
  });

  test('without a signature', async () => {
    const { at } = claims();
    const none = new UnsecuredJWT({}).setIssuer('entrepot').setAudience('entrepot').setSubject('ann');

    await refused(
      `Bearer ${none
        .setNotBefore(at)
        .setIssuedAt(at)
        .setExpirationTime(at + 600)
        .encode()}`,
    );
  });

  test('with a signature of something else', async () => {
    const [header = '', payload = '', signature = ''] = (await signed()).slice('Bearer '.length).split('.');
    const other = Buffer.from(payload, 'base64url').toString().replace('ann', 'bob');
    const swapped = [header, Buffer.from(other).toString('base64url'), signature].join('.');
    const unsigned = [
      Buffer.from('{"alg":"none","typ":"registry+jwt"}').toString('base64url'),
      payload,
      '',
    ].join('.');

    for (const token of [swapped, unsigned, `${header}.${payload}.`, `${header}.${payload}`])
      await refused(`Bearer ${token}`);
  });

  test('without an end, a beginning or an account', async () => {
    const { at } = claims();
    const made = [
      bare().setSubject('ann').setNotBefore(at),
      bare()
        .setSubject('ann')
        .setExpirationTime(at + 60),
      bare()
        .setNotBefore(at)
        .setExpirationTime(at + 60),
    ];

    for (const jwt of made) await refused(`Bearer ${await jwt.sign(KEY)}`);
  });
});

const soon = () => clock.advance(2_000);

describe('a credential ends', () => {
  test('when its time is over, however often it was used', async () => {
    const { secret, expiresInSeconds } = await issueAccess('ann');
    const child = await registryTokenOf(`Bearer ${secret}`);
    clock.advance(expiresInSeconds * 1000 - 1);
    expect(await principalOf(`Bearer ${secret}`)).toEqual(ANN);
    clock.advance(1);

    await refused(`Bearer ${secret}`);
    await refused(`Bearer ${child}`);
  });

  test('no later than the one it was made from', async () => {
    const { secret } = await issueAccess('ann');
    clock.advance(11 * HOUR);

    const child = await tokens.issueRegistry((await authenticate(`Bearer ${secret}`)).bearer);

    expect(child.expiresInSeconds).toBe(3600);
    clock.advance(HOUR);
    await refused(`Bearer ${child.secret}`);
  });

  test('within seconds of its removal, with all that was made from it', async () => {
    const { secret } = await issueAccess('ann');
    const { bearer } = await authenticate(`Bearer ${secret}`);
    const child = await registryTokenOf(`Bearer ${secret}`);
    const grandchild = await registryTokenOf(`Bearer ${child}`);
    for (const token of [child, grandchild]) expect(await principalOf(`Bearer ${token}`)).toEqual(ANN);

    await store.removeToken(bearer?.token ?? '');
    soon();

    for (const token of [secret, child, grandchild]) await refused(`Bearer ${token}`);
  });

  test('within seconds of its account’s end', async () => {
    const password = basic('ann', PASSWORD);
    const access = `Bearer ${(await issueAccess('ann')).secret}`;
    const registry = `Bearer ${await registryTokenOf(password)}`;
    for (const shown of [password, access, registry]) expect(await principalOf(shown)).toEqual(ANN);

    await accounts.put({ id: 'ann', kind: 'user', disabled: true, passwordHash });
    soon();

    for (const shown of [password, access, registry]) await refused(shown);
  });

  test('with the password it was made from', async () => {
    const password = basic('ann', PASSWORD);
    const registry = `Bearer ${await registryTokenOf(password)}`;
    const second = `Bearer ${await registryTokenOf(registry)}`;
    expect(await principalOf(second)).toEqual(ANN);

    await accounts.put({
      id: 'ann',
      kind: 'user',
      disabled: false,
      passwordHash: await hashPassword('changed'),
    });
    soon();

    for (const shown of [password, registry, second]) await refused(shown);
    expect(await principalOf(basic('ann', 'changed'))).toEqual(ANN);
  });

  test('when it was pruned, though it never was used', async () => {
    const { secret, expiresInSeconds } = await issueAccess('ann');
    clock.advance(expiresInSeconds * 1000 + 1);

    expect(await store.pruneTokens(clock.now())).toBeGreaterThan(0);

    await refused(`Bearer ${secret}`);
  });
});

describe('an access token', () => {
  test('is 256 random bits behind a prefix, and stored only as a hash', async () => {
    const first = await issueAccess('ann');
    const second = await issueAccess('ann');

    expect(first.secret).toMatch(/^ent_[\w-]{43}$/);
    expect(second.secret).not.toBe(first.secret);
    const rows = await temporary.database.read.selectFrom('access_token').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(first.secret.slice(4));
    expect(rows.map(({ hash }) => hash)).toContain(
      new Bun.CryptoHasher('sha256').update(first.secret).digest('hex'),
    );
  });

  test('is not made from a token, only from a password', async () => {
    const { secret } = await issueAccess('ann');

    for (const user of ['_token', 'oauth2accesstoken', 'ann'])
      expect(await failureOf(authenticator.password(user, secret, 'peer'))).toMatchObject(REFUSED);
    expect((await authenticator.password('ann', PASSWORD, 'peer')).principal).toEqual(ANN);
  });
});
