import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { sql } from 'kysely';
import { failureOf } from '../../testing/failure-of.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import type { MetadataDatabase } from './database.ts';

let temporary: TemporaryDatabase;
let database: MetadataDatabase;
beforeEach(async () => {
  temporary = await temporaryDatabase();
  ({ database } = temporary);
});
afterEach(() => temporary[Symbol.asyncDispose]());

let numbers = 0;
const add = (id: string, then: () => Promise<void> = async () => undefined) =>
  database.transaction(async (tx) => {
    numbers += 1;
    await tx
      .insertInto('project')
      .values({ id, number: numbers, display_name: id, created_at: 0, updated_at: 0 })
      .execute();
    await then();
    return id;
  });
const counted = () =>
  database.transaction(async (tx) => (await tx.selectFrom('project').select('id').execute()).length);
const undo = () =>
  database.transaction(async (tx) => {
    await sql`ROLLBACK`.execute(tx);
    throw new Error('the disk is full');
  });
const ids = async () =>
  (await database.read.selectFrom('project').select('id').orderBy('id').execute()).map(({ id }) => id);

describe('transactions that come at once', () => {
  test('each happen, and are committed with fewer syncs than there are of them', async () => {
    const before = database.changes();

    const told = await Promise.all(Array.from({ length: 40 }, (_, at) => add(`p${at}`)));

    expect(told).toEqual(Array.from({ length: 40 }, (_, at) => `p${at}`));
    expect(await ids()).toHaveLength(40);
    expect(database.changes() - before).toBeLessThan(10);
  });

  test('are committed with those who were said to be about to come', async () => {
    const before = database.changes();
    const stored = Promise.withResolvers<string>();
    const late = database.soon(stored.promise).then(add);
    const early = add('early');
    await Bun.sleep(0);
    stored.resolve('late');

    expect(await Promise.all([early, late])).toEqual(['early', 'late']);
    expect(database.changes() - before).toBe(1);
  });

  test('wait in vain for somebody who does not come, but not for long', async () => {
    const never = database.soon(new Promise<void>(() => {}));
    const failed = database.soon(Promise.reject(new Error('no disk')));

    expect(await failureOf(failed)).toMatchObject({ message: 'no disk' });
    expect(await add('a')).toBe('a');
    expect(await Promise.race([never, add('b')])).toBe('b');
  });

  test('fail one by one, with what went wrong, and leave nothing of those that did', async () => {
    const wrong = new Error('wrong');
    const all = await Promise.allSettled([
      add('a'),
      add('b'),
      add('c', async () => Promise.reject(wrong)),
      add('d'),
      add('a'),
      add('e'),
    ]);

    expect(all.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(all[2]).toMatchObject({ reason: wrong });
    expect(await ids()).toEqual(['a', 'b', 'd', 'e']);
  });

  test('see what those before them did', async () => {
    const [, first, , second] = await Promise.all([add('a'), counted(), add('b'), counted()]);

    expect([first, second]).toEqual([1, 2]);
  });

  test('are told of nothing before it can be read', async () => {
    await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (id) => {
        await add(id);
        expect(await ids()).toContain(id);
      }),
    );
  });

  test('all fail when the database undoes them all, and later ones do not', async () => {
    await add('before');

    const all = await Promise.allSettled([add('a'), undo(), add('b')]);

    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await add('later');
    expect(await ids()).toEqual(['before', 'later']);
    expect(await failureOf(add('later'))).toBeDefined();
  });

  test('leave just what those that succeeded did, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 50 }), async (succeeds) => {
        const known = new Set(await ids());
        const all = await Promise.allSettled(
          succeeds.map((yes, at) =>
            add(`${known.size}-${at}`, async () => {
              if (!yes) throw new Error('no');
            }),
          ),
        );
        expect(all.map(({ status }) => status === 'fulfilled')).toEqual(succeeds);
        expect((await ids()).length - known.size).toBe(succeeds.filter(Boolean).length);
      }),
      { numRuns: 20 },
    );
  });
});

describe('a transaction', () => {
  test('that failed writes nothing more, in nobody else’s either', async () => {
    const others = Promise.withResolvers<void>();
    let late: Promise<unknown> | undefined;
    const failed = database.transaction(async (tx) => {
      late = others.promise.then(() => sql`UPDATE project SET display_name = 'late'`.execute(tx));
      late.catch(() => undefined);
      throw new Error('it failed');
    });
    const other = add('other', async () => {
      others.resolve();
      await late?.catch(() => undefined);
    });

    expect(String(await failureOf(failed))).toContain('it failed');
    expect(await other).toBe('other');
    expect(String(await failureOf(late ?? other))).toContain('the transaction is over');
    const names = await database.read.selectFrom('project').select('display_name').execute();
    expect(names).toEqual([{ display_name: 'other' }]);
  });

  test.each([1, 3])(
    'that does not notice that the database undid it leaves nothing, among %d',
    async (many) => {
      const unaware = database.transaction(async (tx) => {
        await sql`ROLLBACK`.execute(tx);
        const query = sql`INSERT INTO project (id, number, display_name, created_at, updated_at) VALUES ('x', 999, 'x', 0, 0)`;
        await query.execute(tx).catch(() => undefined);
      });
      const others = Array.from({ length: many - 1 }, (_, at) => add(`p${at}`));

      const told = await Promise.allSettled([unaware, ...others]);

      expect(told.map(({ status }) => status)).toEqual(Array.from({ length: many }, () => 'rejected'));
      expect(await ids()).toEqual([]);
      expect(await add('after')).toBe('after');
    },
  );
});
