import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import type { BlobStore } from '../../core/blob.ts';
import type { HostedRepo } from '../../core/catalog.ts';
import { TokenSealer } from '../../lib/sealed-token.ts';
import { bodyOf } from '../../testing/contracts/bodies.ts';
import { catalogReaderContract } from '../../testing/contracts/catalog-reader.ts';
import { hostedRepoContract } from '../../testing/contracts/hosted-repo.ts';
import { packageKeepingContract } from '../../testing/contracts/package-keeping.ts';
import { fileOf, type HostedRepoUnderTest, planned } from '../../testing/contracts/repo-under-test.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { Clock } from '../../testing/harness.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { MemoryBlobs } from '../blobs/memory.ts';
import { UploadSessions } from '../upload-sessions.ts';
import { CatalogTables, FileLookups } from './catalog-tables.ts';
import { FilesByContent } from './files-by-content.ts';
import { HostedTables } from './hosted-tables.ts';
import { RepositoryTables } from './repository-directory.ts';
import type { BlobState } from './schema.ts';

const LEASE = 24 * 3_600_000;
const key = randomBytes(32);
let repositories = 0;

/** Repositories on one database and one blob store. */
class Installation {
  readonly blobs: BlobStore = new MemoryBlobs();
  readonly clock = new Clock();
  readonly #database: TemporaryDatabase['database'];
  readonly #files: FileLookups;
  readonly #ids = new WeakMap<HostedRepo, number>();

  constructor({ database }: TemporaryDatabase) {
    this.#database = database;
    this.#files = new FileLookups(database);
  }

  async repo({ immutableTags = false, account = 'admin' } = {}): Promise<HostedRepo> {
    const directory = new RepositoryTables(this.#database, this.clock.now);
    await directory.ensureProject('p');
    repositories += 1;
    const { id } = await directory.create(
      { project: 'p', location: 'us', repository: `r${repositories}` },
      'DOCKER',
    );
    if (immutableTags)
      await this.#database.transaction((tx) =>
        tx.updateTable('repository').set({ immutable_tags: 1 }).where('id', '=', id).execute(),
      );
    return this.#open(id, account);
  }

  as(repo: HostedRepo, account: string): HostedRepo {
    return this.#open(this.id(repo), account);
  }

  id(repo: HostedRepo): number {
    return this.#ids.get(repo) ?? -1;
  }

  #open(repositoryId: number, account: string): HostedRepo {
    const { blobs, clock } = this;
    const database = this.#database;
    const uploads = new UploadSessions({
      blobs,
      sealer: new TokenSealer(key, 'upload'),
      now: clock.now,
      ttlMs: LEASE,
    });
    const catalog = new CatalogTables(database, this.#files, repositoryId);
    const repo = new HostedTables(
      { database, blobs, uploads, now: clock.now, leaseMs: LEASE },
      { repositoryId, account, catalog },
    );
    this.#ids.set(repo, repositoryId);
    return repo;
  }
}

let shared: TemporaryDatabase;
beforeAll(async () => {
  shared = await temporaryDatabase();
});
afterAll(() => shared[Symbol.asyncDispose]());

async function make(): Promise<HostedRepoUnderTest> {
  const temporary = await temporaryDatabase();
  const installation = new Installation(temporary);
  return {
    blobs: installation.blobs,
    repo: (options) => installation.repo(options),
    as: (repo, account) => installation.as(repo, account),
    dispose: async () => temporary[Symbol.asyncDispose](),
  };
}
hostedRepoContract('HostedTables', make);
packageKeepingContract('HostedTables', make);
catalogReaderContract('CatalogTables', make);

let texts = 0;
/** Bytes that nobody stored yet. */
const fresh = (): string => {
  texts += 1;
  return `text ${texts}`;
};
const blobRow = (digest: string) =>
  shared.database.read.selectFrom('blob').selectAll().where('digest', '=', digest).executeTakeFirst();
const setState = (digest: string, state: BlobState) =>
  shared.database.transaction((tx) =>
    tx.updateTable('blob').set({ state }).where('digest', '=', digest).execute(),
  );

describe('bytes that come again', () => {
  test.each(['live', 'condemned'] as const)(
    'while theirs are %s are spare, and those that were there live',
    async (state) => {
      const installation = new Installation(shared);
      const repo = await installation.repo();
      const text = fresh();
      const first = await repo.store(bodyOf([text]));
      await repo.link({ ...fileOf('a', 'layer'), blob: first });
      await setState(first.digest, state);

      const second = await repo.store(bodyOf([text]));
      await repo.link({ ...fileOf('b', 'layer'), blob: second });

      expect(await blobRow(first.digest)).toMatchObject({ state: 'live', generation: first.generation });
      expect([await installation.blobs.has(first), await installation.blobs.has(second)]).toEqual([
        true,
        false,
      ]);
    },
  );

  test.each(['deleting', 'corrupt', 'missing'] as const)(
    'while theirs are %s take their place',
    async (state) => {
      const installation = new Installation(shared);
      const repo = await installation.repo();
      const text = fresh();
      const first = await repo.store(bodyOf([text]));
      await repo.link({ ...fileOf('a', 'layer'), blob: first });
      const { revision = 0 } = (await blobRow(first.digest)) ?? {};
      await setState(first.digest, state);
      expect(await repo.file(fileOf('a', 'layer'))).toBeUndefined();

      const second = await repo.store(bodyOf([text]));
      await repo.link({ ...fileOf('b', 'layer'), blob: second });

      expect(await blobRow(first.digest)).toMatchObject({ state: 'live', generation: second.generation });
      expect((await blobRow(first.digest))?.revision).toBeGreaterThan(revision);
      // A collector that was about to delete the old generation does no harm.
      await installation.blobs.delete(first);
      for (const pkg of ['a', 'b']) {
        const file = await repo.file(fileOf(pkg, 'layer'));
        expect(file && new TextDecoder().decode(await repo.read(file, 100))).toBe(text);
      }
    },
  );

  test('in a version bring condemned bytes back to life', async () => {
    const repo = await new Installation(shared).repo();
    const plan = await planned(repo, 'pkg', fresh());
    await repo.publish(plan);
    const digest = plan.files[0]?.blob.digest ?? '';
    await setState(digest, 'condemned');

    await repo.publish(await planned(repo, 'pkg', plan.version, { onConflict: 'keep' }));

    expect((await blobRow(digest))?.state).toBe('live');
  });

  test('with another checksum teach it to those that are there', async () => {
    const repo = await new Installation(shared).repo();
    const text = fresh();
    await repo.link({ ...fileOf('a', 'layer'), blob: await repo.store(bodyOf([text])) });
    const hex = new Bun.CryptoHasher('sha512').update(text).digest('hex');
    const holding = async () => new FilesByContent(shared.database).holding({ algorithm: 'sha512', hex });
    expect(await holding()).toEqual([]);

    await repo.link({
      ...fileOf('b', 'layer'),
      blob: await repo.store(bodyOf([text]), { algorithms: ['sha512'] }),
    });

    expect((await holding()).map(({ file }) => file.path).sort()).toEqual(['a/layer', 'b/layer']);
  });
});

describe('bytes that are only named', () => {
  test.each(['deleting', 'corrupt', 'missing'] as const)('are not there while they are %s', async (state) => {
    const repo = await new Installation(shared).repo();
    const blob = await repo.store(bodyOf([fresh()]));
    await repo.link({ ...fileOf('a', 'layer'), blob });
    const { checksums: _, ...named } = blob;
    await setState(blob.digest, state);

    const refused = { code: 'NOT_FOUND' };
    expect(await failureOf(repo.link({ ...fileOf('b', 'layer'), blob: named }))).toMatchObject(refused);
    const plan = await planned(repo, 'a', fresh(), { uses: ['a/layer'] });
    expect(await failureOf(repo.publish(plan))).toMatchObject(refused);
    expect(
      await new FilesByContent(shared.database).holding({ algorithm: 'sha256', hex: blob.digest.slice(7) }),
    ).toEqual([]);
  });

  test('are brought back to life while they are condemned, by a link and by a use', async () => {
    const repo = await new Installation(shared).repo();
    const { checksums: _, ...blob } = await repo.store(bodyOf([fresh()])).then(async (stored) => {
      await repo.link({ ...fileOf('a', 'layer'), blob: stored });
      return stored;
    });

    await setState(blob.digest, 'condemned');
    await repo.link({ ...fileOf('b', 'layer'), blob });
    expect((await blobRow(blob.digest))?.state).toBe('live');

    await setState(blob.digest, 'condemned');
    await repo.publish(await planned(repo, 'a', fresh(), { uses: ['a/layer'] }));
    expect((await blobRow(blob.digest))?.state).toBe('live');
  });
});

const leaseOf = async (path: string, repositoryId: number) =>
  (
    await shared.database.read
      .selectFrom('file')
      .select('lease_until')
      .where('path', '=', path)
      .where('repository_id', '=', repositoryId)
      .executeTakeFirst()
  )?.lease_until;

describe('a lease', () => {
  test('is given with a link, grows with the next, and never shrinks', async () => {
    const installation = new Installation(shared);
    const repo = await installation.repo();
    const blob = await repo.store(bodyOf([fresh()]));
    const link = () => repo.link({ ...fileOf('a', 'layer'), blob });
    const lease = () => leaseOf('a/layer', installation.id(repo));

    await link();
    const first = installation.clock.now() + LEASE;
    expect(await lease()).toBe(first);
    installation.clock.advance(1_000);
    await link();
    expect(await lease()).toBe(first + 1_000);
    installation.clock.advance(-10_000);
    await link();
    expect(await lease()).toBe(first + 1_000);
  });

  test('is renewed when half of it is over, and costs nothing before', async () => {
    const installation = new Installation(shared);
    const repo = await installation.repo();
    const blob = await repo.store(bodyOf([fresh()]));
    await repo.link({ ...fileOf('a', 'layer'), blob });
    const file = await repo.file(fileOf('a', 'layer'));
    if (!file) throw new Error('it was linked');
    const lease = () => leaseOf('a/layer', installation.id(repo));
    const first = await lease();

    installation.clock.advance(LEASE / 2);
    await repo.renew(file);
    expect(await lease()).toBe(first ?? 0);
    installation.clock.advance(1);
    await repo.renew(file);
    expect(await lease()).toBe(installation.clock.now() + LEASE);
  });
});
