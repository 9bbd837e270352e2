import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { Act } from '../../core/audit.ts';
import type { CatalogReader, HostedRepo } from '../../core/catalog.ts';
import { TokenSealer } from '../../lib/sealed-token.ts';
import { catalogReaderContract } from '../../testing/contracts/catalog-reader.ts';
import { names, publish, taggedFile } from '../../testing/contracts/repo-under-test.ts';
import { Clock } from '../../testing/harness.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { MemoryBlobs } from '../blobs/memory.ts';
import { UploadSessions } from '../upload-sessions.ts';
import { audited } from './audited.ts';
import { CatalogTables, FileLookups } from './catalog-tables.ts';
import { HostedTables } from './hosted-tables.ts';
import { PastCatalog } from './past-catalog.ts';
import { RepositoryTables } from './repository-directory.ts';

const EVER = Number.MAX_SAFE_INTEGER;

/** Repositories whose clock is moved by hand. */
class Archive {
  readonly clock = new Clock();
  readonly blobs = new MemoryBlobs();
  readonly #temporary: TemporaryDatabase;
  readonly #files: FileLookups;
  #made = 0;

  constructor(temporary: TemporaryDatabase) {
    this.#temporary = temporary;
    this.#files = new FileLookups(temporary.database);
  }

  async repository(): Promise<number> {
    const directory = new RepositoryTables(this.#temporary.database, this.clock.now);
    await directory.ensureProject('p');
    this.#made += 1;
    return (await directory.create({ project: 'p', location: 'us', repository: `r${this.#made}` }, 'DOCKER'))
      .id;
  }

  at(repositoryId: number, asOf: number): CatalogReader {
    const { database } = this.#temporary;
    const present = new CatalogTables(database, this.#files, repositoryId);
    return new PastCatalog(database, present, repositoryId, asOf);
  }

  /** The same to write to, read as of a time. */
  hosted(repositoryId: number, asOf: number): HostedRepo {
    const { blobs, clock } = this;
    const { database } = this.#temporary;
    const sealer = new TokenSealer(randomBytes(32), 'upload');
    const uploads = new UploadSessions({ blobs, sealer, now: clock.now, ttlMs: 1_000 });
    return new HostedTables(
      { database: audited(database, this.#act()), blobs, uploads, now: clock.now, leaseMs: 1_000_000 },
      { repositoryId, account: '', catalog: this.at(repositoryId, asOf) },
    );
  }

  /** A removal has no other time than that of whose act it is. */
  #act(): Act {
    const id = crypto.randomUUID();
    const said = { service: 's', method: 'M', resource: '/', permission: 'p' };
    return { id, at: this.clock.now(), actor: { peer: '' }, type: 'ADMIN_WRITE', ...said };
  }
}

catalogReaderContract('PastCatalog of all there ever was', async () => {
  const temporary = await temporaryDatabase();
  const archive = new Archive(temporary);
  return {
    blobs: archive.blobs,
    repo: async () => archive.hosted(await archive.repository(), EVER),
    as: (repo) => repo,
    dispose: async () => temporary[Symbol.asyncDispose](),
  };
});

let temporary: TemporaryDatabase;
let archive: Archive;
beforeAll(async () => {
  temporary = await temporaryDatabase();
  archive = new Archive(temporary);
});
afterAll(() => temporary[Symbol.asyncDispose]());

const PACKAGES = ['app', 'team/tool'];
const TAGS = ['latest', 'v1', 'v2'];
const act = fc.record({
  pkg: fc.constantFrom(...PACKAGES),
  what: fc.constantFrom('publish', 'tag', 'untag'),
  tag: fc.constantFrom(...TAGS),
  version: fc.integer({ min: 0, max: 5 }),
});
type Acted = typeof act extends fc.Arbitrary<infer A> ? A : never;

const apply = async (repo: HostedRepo, { pkg, what, tag, version }: Acted): Promise<void> => {
  const name = `${pkg}-${version}`;
  const more = { onConflict: 'keep', ...(version % 2 === 0 && { tags: [tag] }) } as const;
  if (what === 'publish') return publish(repo, pkg, name, more);
  const done = what === 'tag' ? repo.tag(pkg, [{ tag, version: name }]) : repo.untag(pkg, tag);
  // What is not there is not tagged.
  await done.catch(() => undefined);
};

const all = { limit: 1_000 };
async function seen(catalog: CatalogReader): Promise<unknown> {
  const packages = await Promise.all(
    PACKAGES.map(async (pkg) => {
      const { rows: tags } = await catalog.tags(pkg, all);
      const versions = await names(
        (page) => catalog.versions(pkg, page),
        ({ version }) => version,
      );
      return {
        tags,
        versions,
        there: await catalog.hasPackage(pkg),
        untagged: await names(
          (page) => catalog.untagged(pkg, page),
          ({ version }) => version,
        ),
        tagged: (await catalog.tagged(pkg, versions)).map(({ version, tags: by }) => [
          version,
          by.toSorted(),
        ]),
        files: await Promise.all(
          TAGS.map(async (tag) => (await catalog.file(taggedFile(pkg, tag)))?.coordinates?.version),
        ),
        changed: (await catalog.packageState(pkg))?.createdAt,
      };
    }),
  );
  return { packages, names: (await catalog.packages('', all)).rows, folders: await catalog.folders('', 10) };
}

test('what was is what was seen then, whatever came after', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
      const id = await archive.repository();
      const present = new CatalogTables(temporary.database, new FileLookups(temporary.database), id);
      const photographs: (readonly [at: number, seen: unknown])[] = [];
      for (const each of acts) {
        archive.clock.advance(1_000);
        await apply(archive.hosted(id, EVER), each);
        photographs.push([archive.clock.now(), await seen(present)]);
      }
      for (const [at, then] of photographs)
        for (const asOf of [at, at + 999]) expect(await seen(archive.at(id, asOf))).toEqual(then);
    }),
    { numRuns: 20 },
  );
}, 30_000);

test('a list that finds nothing among much lets others have their turn', async () => {
  const id = await archive.repository();
  const repo = archive.hosted(id, EVER);
  const before = archive.clock.now();
  archive.clock.advance(1_000);
  for (let n = 0; n < 1_100; n += 1) await publish(repo, 'many', `v${n}`);
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 0);

  const found = await archive.at(id, before).files('', all);

  clearInterval(counting);
  expect(found.rows).toEqual([]);
  expect(turns).toBeGreaterThan(0);
});
