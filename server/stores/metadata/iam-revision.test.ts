import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { AccountTables } from './account-tables.ts';
import { IamRevision } from './iam-revision.ts';
import { grantRole } from './policy-tables.ts';
import { TokenTables } from './token-tables.ts';

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await temporaryDatabase();
  await new AccountTables(temporary.database, Date.now).put({ id: 'ann', kind: 'user' });
});
afterAll(() => temporary[Symbol.asyncDispose]());

const addToken = () =>
  new TokenTables(temporary.database, Date.now).addToken('hash', {
    id: 'id',
    kind: 'login',
    of: 'ann',
    expiresAt: 1,
  });

describe('what is remembered', () => {
  test.each<[what: string, work: () => Promise<unknown>, moved: { credentials: boolean; policies: boolean }]>(
    [
      ['a log-in', addToken, { credentials: false, policies: false }],
      [
        'a log-out',
        () => new TokenTables(temporary.database, Date.now).removeToken('id'),
        { credentials: true, policies: false },
      ],
      [
        'a new password',
        () =>
          new AccountTables(temporary.database, Date.now).put({ id: 'ann', kind: 'user', passwordHash: 'x' }),
        { credentials: true, policies: false },
      ],
      [
        'a grant',
        () => temporary.database.transaction((tx) => grantRole(tx, '/', 'roles/viewer', 'user:ann')),
        { credentials: false, policies: true },
      ],
      [
        'a change of something else',
        () =>
          temporary.database.transaction((tx) =>
            tx.insertInto('outbox').values({ name: 'x', payload: '{}', at: 0 }).execute(),
          ),
        { credentials: false, policies: false },
      ],
    ],
  )('is asked again after %s only as far as that may change it', async (_, work, moved) => {
    const revision = new IamRevision(temporary.database);
    const before = { credentials: revision.credentials(), policies: revision.policies() };
    await work();
    expect({
      credentials: revision.credentials() > before.credentials,
      policies: revision.policies() > before.policies,
    }).toEqual(moved);
  });
});
