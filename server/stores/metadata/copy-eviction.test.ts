import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import type { HostedRepo } from '../../core/catalog.ts';
import { TokenSealer } from '../../lib/sealed-token.ts';
import { bodyOf } from '../../testing/contracts/bodies.ts';
import { fileOf, linked, publish } from '../../testing/contracts/repo-under-test.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { MemoryBlobs } from '../blobs/memory.ts';
import { UploadSessions } from '../upload-sessions.ts';
import { CatalogTables, FileLookups } from './catalog-tables.ts';
import { CopyEviction } from './copy-eviction.ts';
import { HostedTables } from './hosted-tables.ts';
import { PullStamps } from './pull-stamps.ts';
import { RepositoryTables } from './repository-directory.ts';

const HOUR = 3_600_000;
/** Longer than what was just pulled stays. */
const LONG = 2 * HOUR;

let temporary: TemporaryDatabase;
let now: number;
let id: number;
let repo: HostedRepo;
let pulls: PullStamps;
beforeEach(async () => {
  temporary = await temporaryDatabase();
  now = Date.now();
  const { database } = temporary;
  const clock = () => now;
  const directory = new RepositoryTables(database, clock);
  await directory.ensureProject('p');
  ({ id } = await directory.create({ project: 'p', location: 'us', repository: 'r' }, 'DOCKER'));
  const blobs = new MemoryBlobs(clock);
  pulls = new PullStamps({ database, now: clock, delayMs: 600_000, failed: () => undefined });
  const sealer = new TokenSealer(randomBytes(32), 'upload');
  repo = new HostedTables(
    {
      database,
      blobs,
      uploads: new UploadSessions({ blobs, sealer, now: clock, ttlMs: 1_000 }),
      now: clock,
      leaseMs: 1_000_000,
      eviction: new CopyEviction({ database, now: clock, newId: () => crypto.randomUUID(), pulls }),
    },
    { repositoryId: id, account: '', catalog: new CatalogTables(database, new FileLookups(database), id) },
  );
});
afterEach(() => temporary[Symbol.asyncDispose]());

const set = (values: object) =>
  temporary.database.transaction((tx) =>
    tx.updateTable('repository').set(values).where('id', '=', id).execute(),
  );
const pulled = (name: string) =>
  temporary.database.transaction(async (tx) => {
    const { id: version } = await tx
      .selectFrom('version')
      .select('id')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    await tx
      .insertInto('version_pull')
      .values({ version_id: version, at: now })
      .onConflict((conflict) => conflict.doUpdateSet({ at: now }))
      .execute();
  });
const there = async () => {
  const rows = await temporary.database.read.selectFrom('version').select('name').orderBy('name').execute();
  return rows.map(({ name }) => name);
};
/** Versions of as many bytes as their names have, one hour after the other. */
async function filled(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await publish(repo, 'p', name);
    now += HOUR;
  }
  now += LONG;
}

describe('where old copies may go', () => {
  test('what was used least recently goes, and no more than has to', async () => {
    await filled('aaa', 'bbb', 'ccc');
    await pulled('aaa');
    now += LONG;
    await set({ max_bytes: 9 });
    await publish(repo, 'p', 'dd');
    expect(await there()).toEqual(['aaa', 'ccc', 'dd']);
  });

  test('as many go as have to', async () => {
    await filled('aaa', 'bbb', 'ccc');
    await set({ max_bytes: 9 });
    await publish(repo, 'p', 'ddddd');
    expect(await there()).toEqual(['ccc', 'ddddd']);
    await set({ max_bytes: null, max_versions: 2 });
    await publish(repo, 'p', 'e');
    expect(await there()).toEqual(['ddddd', 'e']);
  });

  test('the audit log has it, under the name of the quota', async () => {
    await filled('aaa', 'bbb', 'ccc');
    await set({ max_bytes: 9 });
    await publish(repo, 'p', 'ddddd');
    const entries = await temporary.database.read
      .selectFrom('audit_entry')
      .select(['project', 'resource', 'method', 'subject'])
      .execute();
    expect(entries).toEqual([
      {
        project: 'p',
        resource: 'projects/p/locations/us/repositories/r',
        method: 'entrepot.v1.Storage.EvictCopies',
        subject: 'system:quota',
      },
    ]);
  });

  test("a project's quota counts too", async () => {
    await filled('aaa', 'bbb');
    await temporary.database.transaction((tx) => tx.updateTable('project').set({ max_bytes: 6 }).execute());
    await publish(repo, 'p', 'ccc');
    expect(await there()).toEqual(['bbb', 'ccc']);
  });

  test('what is larger than all that could go makes nothing go', async () => {
    await filled('aaa', 'bbb');
    await set({ max_bytes: 6 });
    expect(await failureOf(publish(repo, 'p', 'ccccccc'))).toMatchObject({ reason: 'QUOTA_EXCEEDED' });
    expect(await there()).toEqual(['aaa', 'bbb']);
  });

  test('what was pulled just now, or came, stays', async () => {
    await filled('aaa', 'bbb');
    await pulled('aaa');
    await publish(repo, 'p', 'ccc');
    await set({ max_bytes: 9 });
    expect(await failureOf(publish(repo, 'p', 'dddd'))).toMatchObject({ reason: 'QUOTA_EXCEEDED' });
    expect(await there()).toEqual(['aaa', 'bbb', 'ccc']);
  });

  test('what was pulled just now stays, though that is not written yet', async () => {
    await filled('aaa', 'bbb');
    pulls.note(id, { coordinates: { package: 'p', version: 'aaa' } });
    await set({ max_bytes: 6 });
    await publish(repo, 'p', 'ccc');
    expect(await there()).toEqual(['aaa', 'ccc']);
  });

  test('what an immutable tag names stays', async () => {
    await publish(repo, 'p', 'aaa', { tags: ['v1'] });
    await filled('bbb');
    await set({ max_bytes: 6, immutable_tags: 1 });
    await publish(repo, 'p', 'ccc');
    expect(await there()).toEqual(['aaa', 'ccc']);
  });

  test('with an image its layers go, but for those that another one has', async () => {
    const [own, shared] = [
      await linked(repo, 'p', 'own', 'ooooo'),
      await linked(repo, 'p', 'shared', 'sssss'),
    ];
    await publish(repo, 'p', 'aaa', { uses: [own.path, shared.path] });
    now += HOUR;
    await filled('bbb');
    await publish(repo, 'p', 'ccc', { uses: [shared.path] });
    await set({ max_bytes: 19 });
    await publish(repo, 'p', 'dddd');
    expect(await there()).toEqual(['bbb', 'ccc', 'dddd']);
    expect(await repo.file(fileOf('p', 'own'))).toBeUndefined();
    expect(await repo.file(fileOf('p', 'shared'))).toBeDefined();
  });

  test('what goes can come again', async () => {
    await filled('aaa', 'bbb');
    await set({ max_bytes: 6 });
    await publish(repo, 'p', 'ccc');
    now += LONG;
    await publish(repo, 'p', 'aaa');
    expect(await there()).toEqual(['aaa', 'ccc']);
    expect(await repo.file(fileOf('p', 'files/aaa'))).toBeDefined();
  });
});

test('of many the least recent go, however they are found', async () => {
  for (let n = 0; n < 700; n += 1) {
    await publish(repo, 'p', `v${1000 + n}`);
    now += 1_000;
  }
  now += LONG;
  await set({ max_versions: 700 });
  const blob = await repo.store(bodyOf(['new']));
  await repo.publish({
    package: 'q',
    version: 'new',
    attributes: {},
    size: 3,
    files: [{ ...fileOf('q', 'new'), blob }],
    onConflict: 'reject',
  });
  expect((await there()).slice(0, 2)).toEqual(['new', 'v1001']);
  await set({ max_versions: 300 });
  await publish(repo, 'q', 'newer');
  expect(await there()).toHaveLength(300);
  expect((await there()).slice(0, 3)).toEqual(['new', 'newer', 'v1402']);
});

test('where many may not go, those that may are found behind them', async () => {
  for (let n = 0; n < 300; n += 1) {
    await publish(repo, 'p', `v${1000 + n}`, { tags: [`t${n}`] });
    now += 1_000;
  }
  await filled('aaa');
  await set({ max_versions: 301, immutable_tags: 1 });
  await publish(repo, 'p', 'new');
  expect(await there()).toHaveLength(301);
  expect((await there()).slice(0, 2)).toEqual(['new', 'v1000']);
  expect(await failureOf(publish(repo, 'p', 'newer'))).toMatchObject({ reason: 'QUOTA_EXCEEDED' });
});
