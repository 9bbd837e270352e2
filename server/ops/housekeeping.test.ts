import { afterEach, beforeEach, expect, it } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBlobs } from '../stores/blobs/memory.ts';
import { AccountTables } from '../stores/metadata/account-tables.ts';
import { recordAct } from '../stores/metadata/audit-entries.ts';
import { MetadataDatabase } from '../stores/metadata/database.ts';
import { OneTimeTables } from '../stores/metadata/one-time-tables.ts';
import { recordEvent } from '../stores/metadata/outbox.ts';
import { TokenTables } from '../stores/metadata/token-tables.ts';
import { tidy } from './housekeeping.ts';
import type { Log } from './log.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.now();
const silent: Log = { write: () => {}, flush: () => {} };

let directory: string;
let database: MetadataDatabase;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'entrepot-housekeeping-'));
  database = await MetadataDatabase.open(join(directory, 'db'));
});
afterEach(async () => {
  await database[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

const tidyAt = async (now: number, blobs = new MemoryBlobs()) => {
  const tokens = new TokenTables(database, () => now);
  const auditRetention = { changes: 10 * DAY, accesses: DAY };
  const kept = { uploadExpiry: DAY, auditRetention, tagHistoryRetention: 5 * DAY };
  await tidy({ database, tokens, blobs, ...kept, log: silent, clock: { time: () => now } });
  return tokens;
};

const openUploads = async (blobs: MemoryBlobs) => (await Array.fromAsync(blobs.uploads())).length;

it('drops uploads that can no longer be continued, and no others', async () => {
  const blobs = new MemoryBlobs();
  await blobs.begin();

  await tidyAt(START + DAY - HOUR, blobs);
  expect(await openUploads(blobs)).toBe(1);
  await tidyAt(START + DAY + HOUR, blobs);

  expect(await openUploads(blobs)).toBe(0);
});

it('drops what was good for one use and has expired, and nothing else', async () => {
  const oneTime = new OneTimeTables(database, () => START);
  await oneTime.put('form', 'old', {}, START + HOUR);
  await oneTime.put('form', 'new', {}, START + 3 * HOUR);

  await tidyAt(START + 2 * HOUR);

  const left = await database.read.selectFrom('one_time').select('hash').execute();
  expect(left).toEqual([{ hash: 'new' }]);
});

it('drops tokens that have expired, and no others', async () => {
  const accounts = new AccountTables(database, () => START);
  await accounts.put({ id: 'ann', kind: 'user', disabled: false });
  const tokens = new TokenTables(database, () => START);
  const token = { kind: 'login', of: 'ann' } as const;
  await tokens.addToken('old', { ...token, id: 'old', expiresAt: START + HOUR });
  await tokens.addToken('new', { ...token, id: 'new', expiresAt: START + 3 * HOUR });

  await tidyAt(START + 2 * HOUR);

  expect(await tokens.tokenById('old')).toBeUndefined();
  expect(await tokens.tokenById('new')).toMatchObject({ of: 'ann' });
});

it('drops entries of the audit log when their log no longer keeps them', async () => {
  const act = { service: 's', method: 'm', resource: '/', actor: { peer: '::1' } };
  await database.transaction(async (tx) => {
    await recordAct(tx, { ...act, id: 'change', at: START, type: 'ADMIN_WRITE' });
    await recordAct(tx, { ...act, id: 'later', at: START + 2 * DAY, type: 'ADMIN_WRITE' });
    // More than one step takes out.
    for (let each = 0; each < 1_100; each += 1)
      await recordAct(tx, { ...act, id: `read ${each}`, at: START, type: 'DATA_READ' });
  });
  const left = async () => {
    const rows = await database.read.selectFrom('audit_entry').select('id').execute();
    return rows.map(({ id }) => id);
  };

  await tidyAt(START + DAY);
  expect(await left()).toHaveLength(1_102);
  await tidyAt(START + DAY + 1);
  expect(await left()).toEqual(['change', 'later']);
  await tidyAt(START + 11 * DAY);
  expect(await left()).toEqual(['later']);
});

it('drops the history of tags that is older than it is kept', async () => {
  const event = { repository_id: 1, package: 'app', version: 'one' };
  await database.transaction(async (tx) => {
    // By a clock that was put back afterwards.
    await tx
      .insertInto('tag_event')
      .values({ ...event, tag: 'ahead', at: START + 9 * DAY })
      .execute();
    // More than one step takes out.
    for (let each = 0; each < 1_100; each += 1)
      await tx
        .insertInto('tag_event')
        .values({ ...event, tag: `old ${each}`, at: START })
        .execute();
    await tx
      .insertInto('tag_event')
      .values({ ...event, tag: 'new', at: START + 1 })
      .execute();
  });
  const left = () => database.read.selectFrom('tag_event').select('tag').execute();

  await tidyAt(START + 5 * DAY);
  expect(await left()).toHaveLength(1_102);
  await tidyAt(START + 5 * DAY + 1);

  expect(await left()).toEqual([{ tag: 'ahead' }, { tag: 'new' }]);
});

it('drops news after a week', async () => {
  await database.transaction((tx) => recordEvent(tx, START, 'project.created', { project: 'p' }));
  const left = () => database.read.selectFrom('outbox').select('name').execute();

  await tidyAt(START + 6 * DAY);
  expect(await left()).toHaveLength(1);
  await tidyAt(START + 8 * DAY);

  expect(await left()).toEqual([]);
});
