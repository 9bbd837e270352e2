import { afterAll, beforeAll, expect, it } from 'bun:test';
import type { NewToken } from '../../core/accounts.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { TestServer } from '../../testing/harness.ts';
import { TestServiceAccount } from '../../testing/service-account.ts';
import { RefreshTables } from './refresh-tables.ts';

let server: TestServer;
let account: TestServiceAccount;
let tokens = 0;
beforeAll(async () => {
  server = await TestServer.start();
  account = await TestServiceAccount.make(server, 'builder');
});
afterAll(() => server[Symbol.asyncDispose]());

async function add(token: Partial<NewToken>): Promise<string> {
  tokens += 1;
  const id = `token-${tokens}`;
  const usual = {
    id,
    kind: 'service-account',
    of: account.email,
    expiresAt: server.clock.now() + 1000,
  } as const;
  await server.tokens.addToken(`hash-${tokens}`, { ...usual, ...token });
  return id;
}
const federated = { id: 'principal://x', belongsTo: [], provider: 'projects/p' };

it('lets tokens be made from what stands', async () => {
  const key = account.file.private_key_id;
  const parent = await add({ key });
  await add({ parent, kind: 'impersonated' });
  const strangers = await add({ of: federated, kind: 'federated' });
  await add({ parent: strangers, kind: 'impersonated' });
});

it.each([
  ['an account that is gone', { of: 'nobody@nowhere' }],
  ['a key that is gone', { key: 'f'.repeat(40) }],
  ['a token that is gone', { parent: 'gone' }],
] as const)('makes none from %s, and records none', async (_, token) => {
  expect(await failureOf(add(token))).toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await server.tokens.tokenById(`token-${tokens}`)).toBe(undefined);
});

it('makes none from what is disabled', async () => {
  const other = await TestServiceAccount.make(server, 'disabled');
  const parent = await add({ of: other.email });
  const disable = (path: string) =>
    server.send('POST', `/v1/${path}:disable`, {
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
  expect((await disable(other.name)).status).toBe(200);
  expect((await disable(account.keyName)).status).toBe(200);
  for (const token of [{ of: other.email }, { parent }, { key: account.file.private_key_id }])
    expect(await failureOf(add(token))).toMatchObject({ code: 'UNAUTHENTICATED' });
});

it('begins no log-in of who was disabled meanwhile', async () => {
  await server.account('late');
  await server.accounts.put({ id: 'late', kind: 'user', disabled: true });
  const logins = new RefreshTables(server.database, server.clock.now);
  const expiresAt = server.clock.now() + 1000;
  const begun = logins.beginLogin(
    {
      access: { hash: 'late', token: { id: 'late', kind: 'login', of: 'late', family: 'late', expiresAt } },
      refresh: { hash: 'late', token: { family: 'late', account: 'late', loginAt: 1, expiresAt } },
    },
    {
      id: 'late',
      at: 1,
      actor: { peer: '' },
      type: 'ADMIN_WRITE',
      service: 'login.googleapis.com',
      method: 'test',
      resource: '/',
    },
  );

  expect(await failureOf(begun)).toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await server.tokens.tokenById('late')).toBe(undefined);
});
