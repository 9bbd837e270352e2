import { afterEach, beforeEach, expect, test } from 'bun:test';
import { type Act, DONE } from '../../core/audit.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { AuditBuffer } from './audit-buffer.ts';
import type { Transactions } from './transactions.ts';

let temporary: TemporaryDatabase;
let lost: unknown[];
beforeEach(async () => {
  temporary = await temporaryDatabase();
  lost = [];
});
afterEach(() => temporary[Symbol.asyncDispose]());

const act = (id: string): Act => ({
  id,
  at: 1,
  actor: { peer: '::1' },
  type: 'DATA_READ',
  service: 's',
  method: 'm',
  resource: '/',
});
const buffer = (capacity: number, delayMs = 3_600_000) =>
  new AuditBuffer({
    database: temporary.database,
    capacity,
    delayMs,
    lost: (entries, cause) => lost.push([entries, String(cause)]),
  });
const quiet = ({ reading, read, broken }: Transactions) => ({
  reading,
  read,
  broken,
  soon: <T>(before: Promise<T>) => before,
  changes: () => 0,
});
const ids = async () => {
  const rows = await temporary.database.read.selectFrom('audit_entry').select('id').orderBy('seq').execute();
  return rows.map(({ id }) => id);
};

test('entries wait and are then written in one transaction', async () => {
  const waiting = buffer(10);
  const before = temporary.database.changes();
  for (const id of ['a', 'b', 'c']) waiting.add(act(id), DONE);
  expect(await ids()).toEqual([]);

  await waiting.flush();
  expect(await ids()).toEqual(['a', 'b', 'c']);
  expect(temporary.database.changes()).toBe(before + 1);
});

test('they are written by themselves after a while', async () => {
  const { database } = temporary;
  const written = Promise.withResolvers<void>();
  const waiting = new AuditBuffer({
    database: {
      ...quiet(database),
      transaction: async (work) => {
        const result = await database.transaction(work);
        written.resolve();
        return result;
      },
    },
    capacity: 10,
    delayMs: 1,
    lost: (entries) => lost.push(entries),
  });
  waiting.add(act('a'), DONE);
  await written.promise;
  expect(await ids()).toEqual(['a']);
});

test('what does not fit is lost, and said to be; those that wait are not', async () => {
  const waiting = buffer(2);
  for (const id of ['a', 'b', 'c', 'd']) waiting.add(act(id), DONE);
  await waiting.flush();
  waiting.add(act('e'), DONE);
  await waiting[Symbol.asyncDispose]();

  expect(await ids()).toEqual(['a', 'b', 'e']);
  expect(lost).toEqual([[2, 'too many at once']]);
});

test('a database that takes nothing loses them, and nobody else fails', async () => {
  const waiting = new AuditBuffer({
    database: { ...quiet(temporary.database), transaction: () => Promise.reject(new Error('no disk')) },
    capacity: 2,
    delayMs: 3_600_000,
    lost: (entries, cause) => lost.push([entries, String(cause)]),
  });
  waiting.add(act('a'), DONE);
  await waiting.flush();
  expect(lost).toEqual([[1, 'Error: no disk']]);
});
