import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { FetchTables } from './fetch-tables.ts';
import { RepositoryTables } from './repository-directory.ts';

const NOW = 1_000_000_000;
const LEASE = 15_000;

let stored: TemporaryDatabase;
let leases: FetchTables;
let repositoryId: number;
let fetched = 0;
beforeAll(async () => {
  stored = await temporaryDatabase();
  const repositories = new RepositoryTables(stored.database, () => NOW);
  await repositories.ensureProject('p');
  const address = { project: 'p', location: 'us', repository: 'r' };
  ({ id: repositoryId } = await repositories.create(address, 'DOCKER'));
  leases = new FetchTables(stored.database);
});
afterAll(() => stored[Symbol.asyncDispose]());

const fresh = () => {
  fetched += 1;
  return { repositoryId, what: `file ${fetched}` };
};
const fetchAt = (now: number, upload = 'one') => ({ upload, leaseUntil: now + LEASE });

describe('a fetch', () => {
  test('is had by one of many who claim it at once', async () => {
    const key = fresh();
    const claims = Array.from({ length: 10 }, (_, n) =>
      leases.claim(key, `p${n}`, fetchAt(NOW, `u${n}`), NOW),
    );
    const mine = await Promise.all(claims);
    expect(mine.filter((claimed) => claimed)).toHaveLength(1);
    expect(leases.find(key)).toEqual({ ...fetchAt(NOW, `u${mine.indexOf(true)}`), kept: false });
  });

  test.each([
    ['its lease lasts', LEASE, false],
    ['its lease is over', LEASE + 1, true],
    ['the clock was put back', -1, true],
  ])('may be taken over when %s: %i ms later, %p', async (_, later, may) => {
    const key = fresh();
    await leases.claim(key, 'one', fetchAt(NOW), NOW);
    const now = NOW + later;
    expect(await leases.claim(key, 'two', fetchAt(now, 'two'), now)).toBe(may);
    expect(leases.find(key)?.upload).toBe(may ? 'two' : 'one');
  });

  test('is no longer said to go on, or to be over, by who has lost it', async () => {
    const key = fresh();
    await leases.claim(key, 'one', fetchAt(NOW), NOW);
    const later = NOW + LEASE + 1;
    await leases.claim(key, 'two', fetchAt(later, 'two'), later);
    await leases.update(key, 'one', { ...fetchAt(later), size: 5 });
    await leases.release(key, 'one', undefined, later);
    await leases.release(key, 'one', 'one', later);
    expect(leases.find(key)).toEqual({ ...fetchAt(later, 'two'), kept: false });
  });

  test('that was kept is seen for some seconds, and may be fetched anew at once', async () => {
    const key = fresh();
    await leases.claim(key, 'one', fetchAt(NOW), NOW);
    await leases.update(key, 'one', { ...fetchAt(NOW), size: 5 });
    await leases.release(key, 'one', 'last', NOW);
    expect(leases.find(key)).toMatchObject({ kept: true, upload: 'last' });
    const other = fresh();
    await leases.claim(other, 'three', fetchAt(NOW), NOW);
    await leases.release(other, 'three', undefined, NOW + 9_000);
    expect([leases.find(key)?.kept, leases.find(other)]).toEqual([true, undefined]);
    expect(await leases.claim(key, 'two', fetchAt(NOW), NOW)).toBe(true);
    await leases.release(key, 'two', 'last', NOW);
    await leases.release(other, 'three', undefined, NOW + 11_000);
    expect(leases.find(key)).toBeUndefined();
  });
});
