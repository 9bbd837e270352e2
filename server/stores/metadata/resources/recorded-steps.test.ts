import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Act } from '../../../core/audit.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../../testing/temporary-database.ts';
import { audited } from '../audited.ts';
import { RepositoryTables } from '../repository-directory.ts';
import type { Transactions } from '../transactions.ts';
import { StoredPackages } from './packages.ts';
import { StoredRepositories } from './repositories.ts';
import { StoredVersions } from './versions.ts';

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await temporaryDatabase();
  await new RepositoryTables(temporary.database, now).ensureProject('p');
});
afterAll(() => temporary[Symbol.asyncDispose]());

const now = () => 1_000;
/** More than any deletion takes out at a time. */
const MANY = 1_100;
const draft = { id: 'op', account: 'user:ann', body: () => ({}) };
const names = Array.from({ length: MANY }, (_, at) => `v${String(at).padStart(5, '0')}`);

async function filled(repository: string) {
  const address = { project: 'p', location: 'us', repository };
  const { id } = await new RepositoryTables(temporary.database, now).create(address, 'DOCKER');
  await temporary.database.transaction(async (tx) => {
    const dates = { created_at: 1, updated_at: 1 };
    const { id: packageId } = await tx
      .insertInto('package')
      .values({ repository_id: id, name: 'pkg', published_at: 1, ...dates })
      .returning('id')
      .executeTakeFirstOrThrow();
    for (const name of names)
      await tx
        .insertInto('version')
        .values({ package_id: packageId, repository_id: id, name, attributes: '{}', size: 0, ...dates })
        .execute();
  });
  return { ...address, package: 'pkg' };
}

/** The same database, which takes only so many transactions. */
const taking = (database: Transactions, transactions: number): Transactions => {
  let left = transactions;
  return {
    reading: database.reading,
    read: database.read,
    broken: undefined,
    soon: (before) => database.soon(before),
    changes: () => database.changes(),
    transaction: (work, recorded) => {
      left -= 1;
      return left < 0 ? Promise.reject(new Error('killed')) : database.transaction(work, recorded);
    },
  };
};

type Place = Awaited<ReturnType<typeof filled>>;
const deletions: readonly (readonly [string, (database: Transactions, place: Place) => Promise<unknown>])[] =
  [
    [
      'a repository',
      (database, place) => new StoredRepositories(database, now).delete(place, { ...draft, id: 'r' }),
    ],
    [
      'a package',
      (database, place) =>
        new StoredPackages(database, now).delete(place, { permanently: true }, { ...draft, id: 'p' }),
    ],
    [
      'many versions',
      (database, place) =>
        new StoredVersions(database, now).deleteMany(
          place,
          names,
          { validateOnly: false },
          { ...draft, id: 'v' },
        ),
    ],
  ];

describe.each(deletions)('the deletion of %s, in steps,', (name, remove) => {
  const act: Act = {
    id: name,
    at: 1,
    actor: { peer: '::1' },
    type: 'DATA_WRITE',
    service: 's',
    method: 'Delete',
    resource: 'projects/p',
    publishes: true,
  };
  const outcome = () =>
    temporary.database.read
      .selectFrom('audit_entry')
      .select(['code', 'response'])
      .where('id', '=', name)
      .execute();

  test('is not said to be done before its last one', async () => {
    const place = await filled(name.replaceAll(' ', '-'));
    const { database } = temporary;
    const interrupted = remove(taking(audited(database, act), 2), place);
    expect(await interrupted.then(String, String)).toBe('Error: killed');
    expect(await outcome()).toEqual([{ code: 2, response: null }]);

    await remove(audited(database, act), place);
    expect(await outcome()).toMatchObject([{ code: 0 }]);
  });
});
