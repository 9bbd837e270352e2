import { afterEach, beforeEach, expect, it } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBlobs } from '../stores/blobs/memory.ts';
import { AccountTables } from '../stores/metadata/account-tables.ts';
import { MetadataDatabase } from '../stores/metadata/database.ts';
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
  await tidy({ database, tokens, blobs, uploadExpiry: DAY, log: silent, now: () => now });
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

it('drops news after a week', async () => {
  await database.transaction((tx) => recordEvent(tx, START, 'project.created', { project: 'p' }));
  const left = () => database.read.selectFrom('outbox').select('name').execute();

  await tidyAt(START + 6 * DAY);
  expect(await left()).toHaveLength(1);
  await tidyAt(START + 8 * DAY);

  expect(await left()).toEqual([]);
});
