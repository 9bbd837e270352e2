import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Act } from '../../core/audit.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { ExternalAccountTables } from './external-account-tables.ts';
import { grantRole } from './policy-tables.ts';

const ISSUER = 'https://login.example.com';
let temporary: TemporaryDatabase;
let logins = 0;
const act = (account: string): Act => ({
  id: `log-in-${(logins += 1)}`,
  at: 0,
  actor: { peer: '127.0.0.1', member: `user:${account}` },
  type: 'ADMIN_WRITE',
  service: 'login.example',
  method: 'LogIn',
  resource: '/',
});

beforeAll(async () => {
  temporary = await temporaryDatabase();
  await temporary.database.transaction(async (tx) => {
    for (const id of ['owners', 'readers'])
      await tx.insertInto('account_group').values({ id, uid: id, created_at: 0, updated_at: 0 }).execute();
    await grantRole(tx, '/', 'roles/owner', 'group:owners');
  });
});
afterAll(() => temporary[Symbol.asyncDispose]());

const logIn = async (name: string, groups: readonly string[]): Promise<readonly string[]> => {
  const accounts = new ExternalAccountTables(temporary.database, () => 0);
  const identity = { issuer: ISSUER, subject: name, name, displayName: '', groups };
  const account = await accounts.signIn(identity, { create: true }, act);
  const rows = await temporary.database.read
    .selectFrom('group_member')
    .select('group_id')
    .where('account', '=', account)
    .orderBy('group_id')
    .execute();
  return rows.map((row) => row.group_id);
};

test('a log-in takes over the groups that the provider says, but never the last owner’s ownership', async () => {
  expect(await logIn('ann@example.com', ['owners', 'readers', 'elsewhere'])).toEqual(['owners', 'readers']);
  expect(await logIn('ann@example.com', [])).toEqual(['owners']);

  expect(await logIn('bob@example.com', ['owners'])).toEqual(['owners']);
  expect(await logIn('ann@example.com', ['readers'])).toEqual(['readers']);
});
