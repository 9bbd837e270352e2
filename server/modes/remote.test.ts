import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { RegistryError } from '../core/error.ts';
import type { FileRef } from '../core/catalog.ts';
import { defineIndex } from '../core/index-kind.ts';
import type { FormatUpstream } from '../core/format.ts';
import { UPSTREAM_FAILURES } from '../core/upstream.ts';
import { purgeInSteps } from '../stores/metadata/purge-copies.ts';
import { failureOf } from '../testing/failure-of.ts';
import { read, RemoteLab, said, textOf, type Told } from '../testing/remote-lab.ts';
import type { Trouble } from '../testing/scripted-upstream.ts';
import { RemoteMemory } from './remote-memory.ts';
import type { RemoteRepo } from './remote.ts';

const DAY = 24 * 3_600_000;

/** Names with versions, as `1.0 2026-02-28T12:00:00Z`, a line each. */
interface Names {
  readonly lines: readonly { readonly version: string; readonly publishedAt?: number }[];
}

let parsed = 0;
const names = defineIndex<Names>({
  name: 'names',
  build: async (catalog, { of }) => {
    const { rows } = await catalog.versions(of, { limit: 100 });
    return rows.length === 0 ? undefined : { lines: rows };
  },
  upstream: {
    target: ({ of }) => ({ target: `${of}/index` }),
    maxBytes: 1_000,
    maxAge: 300,
    package: ({ of }) => of,
    parse(body) {
      parsed += 1;
      const text = new TextDecoder().decode(body);
      if (text.startsWith('<')) throw new RegistryError('DATA_LOSS', 'INDEX_INVALID', 'it is a page');
      const lines = text.split('\n').map((line) => {
        const [version = '', at] = line.split(' ');
        return { version, ...(at !== undefined && { publishedAt: Date.parse(at) }) };
      });
      return { lines };
    },
  },
  merge: ([first = { lines: [] }]) => first,
  versions: ({ lines }) => lines,
  prune: ({ lines }, keep) => ({ lines: lines.filter(({ version }) => keep(version)) }),
  listing: ({ lines }, { of }) =>
    new Map(
      lines.map(({ version, publishedAt }) => [
        `${of}/${version}`,
        {
          version,
          target: `${of}/files/${version}`,
          checksums: [],
          ...(publishedAt !== undefined && { publishedAt }),
        },
      ]),
    ),
  render: ({ lines }) => ({ contentType: 'text/plain', body: lines.map(({ version }) => version).join(' ') }),
});

/** A format of one file to a version, found by the index, and of files that may change. */
const format: FormatUpstream = {
  presets: {},
  wholeUpTo: 1_000,
  maxAge: 3_600,
  async locate(ref, indexes) {
    if (ref.freshness === 'revalidate') return { target: ref.path, checksums: [] };
    const listing = await (await indexes.index(names, { of: ref.coordinates?.package ?? '' })).listing();
    const listed = listing.get(ref.path);
    if (listed) return listed;
    throw new RegistryError('NOT_FOUND', 'FILE_UNKNOWN', 'no such file');
  },
  async adopt(fetched) {
    const { ref, blob } = fetched;
    if (new TextDecoder().decode(await fetched.read(1_000)).startsWith('<'))
      throw new RegistryError('DATA_LOSS', 'FILE_INVALID', 'it is a page');
    const version = ref.tag === undefined ? (ref.coordinates?.version ?? '') : blob.digest.slice(7, 15);
    const file: FileRef = { path: `p/content/${version}`, freshness: 'immutable' };
    return {
      package: ref.coordinates?.package ?? '',
      version,
      attributes: {},
      size: blob.size,
      ...(ref.tag !== undefined && { file }),
    };
  },
  probe: { target: '', accepts: () => true },
};

const file = (version: string, pkg = 'p'): FileRef => ({
  path: `${pkg}/${version}`,
  freshness: 'immutable',
  coordinates: { package: pkg, version },
  contentType: 'text/plain',
});
const tag: FileRef = {
  path: 'p/latest',
  freshness: 'revalidate',
  coordinates: { package: 'p' },
  tag: 'latest',
};

let lab: RemoteLab;
let repo: RemoteRepo;
let id: number;
beforeAll(async () => {
  lab = await RemoteLab.open(format);
});
afterAll(() => lab[Symbol.asyncDispose]());
const open = async (told: Told = {}) => {
  ({ repo, id } = await lab.repository(told));
};
beforeEach(async () => {
  lab.upstream.trouble = undefined;
  lab.upstream.gate = Promise.resolve();
  const day = (ago: number) => new Date(lab.clock.now() - ago * DAY).toISOString();
  lab.upstream.put('p/index', { body: `1 ${day(60)}\n2 ${day(1)}`, headers: { etag: '"i1"' } });
  lab.upstream.put('p/files/1', { body: 'one' });
  lab.upstream.put('p/files/2', { body: 'two' });
  lab.upstream.put('p/latest', { body: 'newest', headers: { etag: '"t1"' } });
  lab.upstream.take();
  parsed = 0;
  await open();
});

const index = async (of = 'p', from: RemoteRepo = repo) => {
  const part = await from.index(names, { of });
  const { lines } = await part.value();
  return [lines.map(({ version }) => version).join(' '), said(part)];
};

describe('a file that never changes', () => {
  test('is fetched once, and its index once for all of them', async () => {
    expect(await read(repo, file('1'))).toEqual(['one', 'miss']);
    expect(await read(repo, file('2'))).toEqual(['two', 'miss']);
    lab.clock.advance(10 * DAY);
    expect(await read(repo, file('1'))).toEqual(['one', 'hit']);
    expect(lab.upstream.take()).toEqual(['GET p/index', 'GET p/files/1', 'GET p/files/2']);
    expect(parsed).toBe(1);
  });

  test('stays when the upstream is gone, whatever it has', async () => {
    await read(repo, file('1'));
    lab.upstream.trouble = () => 'missing';
    expect(await read(repo, file('1'))).toEqual(['one', 'hit']);
    expect(lab.upstream.take()).toHaveLength(2);
  });

  test('that the upstream does not have is not asked for again for a while, unless it is purged', async () => {
    lab.upstream.remove('p/files/1');
    for (let n = 0; n < 3; n += 1)
      expect(await failureOf(read(repo, file('1')))).toMatchObject({ code: 'NOT_FOUND' });
    expect(lab.upstream.take()).toEqual(['GET p/index', 'GET p/files/1']);
    lab.upstream.put('p/files/1', { body: 'one' });
    lab.clock.advance(61_000);
    expect(await read(repo, file('1'))).toEqual(['one', 'miss']);
  });

  test('that is small is known to be right, and what it is, before anything is said of it', async () => {
    expect(await repo.file(file('1'))).toMatchObject({ size: 3, digest: expect.stringMatching(/^sha256:/) });
    lab.upstream.put('p/files/2', { body: '<html>' });
    expect(await failureOf(repo.file(file('2')))).toMatchObject({ reason: 'UPSTREAM_BROKEN' });
  });

  test('is only asked about where its headers are all that is wanted', async () => {
    const opened = await repo.file(file('1'), 'headers');
    expect(opened).toMatchObject({ size: 3, cache: { outcome: 'asked' } });
    expect(lab.upstream.take()).toEqual(['GET p/index', 'HEAD p/files/1']);
    expect(await textOf(opened)).toBe('one');
    expect(await repo.file(file('1'), 'headers')).toMatchObject({ size: 3, cache: { outcome: 'hit' } });
    expect(lab.upstream.take()).toEqual(['GET p/files/1']);
    lab.upstream.remove('p/files/2');
    for (const part of ['headers', 'all'] as const)
      expect(await failureOf(repo.file(file('2'), part))).toMatchObject({ code: 'NOT_FOUND' });
    expect(lab.upstream.take()).toEqual(['HEAD p/files/2']);
  });

  test('is fetched once for many who ask at the same time', async () => {
    const gate = Promise.withResolvers<void>();
    lab.upstream.gate = gate.promise;
    const reads = Array.from({ length: 20 }, () => read(repo, file('1')));
    gate.resolve();
    expect(new Set((await Promise.all(reads)).map(([text]) => text))).toEqual(new Set(['one']));
    expect(lab.upstream.take()).toEqual(['GET p/index', 'GET p/files/1']);
  });
});

describe('a file that may change', () => {
  test('is asked about when it is old, and is another when the upstream has another', async () => {
    expect(await read(repo, tag)).toEqual(['newest', 'miss']);
    expect(await read(repo, tag)).toEqual(['newest', 'hit']);
    lab.clock.advance(2 * 3_600_000);
    expect(await read(repo, tag)).toEqual(['newest', 'revalidated']);
    expect(await read(repo, tag)).toEqual(['newest', 'hit']);
    lab.clock.advance(2 * 3_600_000);
    lab.upstream.put('p/latest', { body: 'newer', headers: { etag: '"t2"' } });
    expect(await read(repo, tag)).toEqual(['newer', 'miss']);
    expect(await read(repo, tag)).toEqual(['newer', 'hit']);
  });

  test('is answered at once while it is asked about, where that is wanted', async () => {
    await open({ staleWhileRevalidate: 10_000 });
    await read(repo, tag);
    lab.clock.advance(2 * 3_600_000);
    lab.upstream.put('p/latest', { body: 'newer', headers: { etag: '"t2"' } });
    expect(await read(repo, tag)).toEqual(['newest', 'stale: revalidating']);
    await lab.settled();
    expect(await read(repo, tag)).toEqual(['newer', 'hit']);
  });
});

describe('an upstream that says nothing', () => {
  const gate = Promise.withResolvers<void>();
  beforeEach(async () => {
    lab.patienceMs = 1;
    await open();
    lab.patienceMs = 10_000;
    await read(repo, tag);
    await index();
    lab.clock.advance(2 * 3_600_000);
    lab.upstream.put('p/latest', { body: 'newer', headers: { etag: '"t2"' } });
    lab.upstream.put('p/index', { body: '3', headers: { etag: '"i2"' } });
  });

  test('is not waited for by who can have a copy, which is another when it has spoken', async () => {
    lab.upstream.gate = gate.promise;
    expect(await read(repo, tag)).toEqual(['newest', 'stale: upstream-slow']);
    expect(await index()).toEqual(['1 2', 'stale: upstream-slow']);
    gate.resolve();
    await lab.settled();
    expect(await read(repo, tag)).toEqual(['newer', 'hit']);
    expect(await index()).toEqual(['3', 'hit']);
  });
});

describe('an index', () => {
  test('is good for its age, then asked about, and kept as it is when nothing changed', async () => {
    expect(await index()).toEqual(['1 2', 'miss']);
    const { source } = await repo.index(names, { of: 'p' });
    expect(await index()).toEqual(['1 2', 'hit']);
    lab.clock.advance(301_000);
    const documents = () =>
      lab.database.read.selectFrom('document').selectAll().where('repository_id', '=', id).execute();
    await lab.settled();
    const before = await documents();
    expect(await index()).toEqual(['1 2', 'revalidated']);
    expect(await documents()).toEqual(before);
    expect((await repo.index(names, { of: 'p' })).source).toBe(source ?? '');
    expect(parsed).toBe(1);
    lab.clock.advance(301_000);
    lab.upstream.put('p/index', { body: '3', headers: { etag: '"i2"' } });
    expect(await index()).toEqual(['3', 'miss']);
    expect((await repo.index(names, { of: 'p' })).source).not.toBe(source ?? '');
  });

  test('is read by another process without asking', async () => {
    await index();
    await lab.settled();
    lab.upstream.take();
    expect(await index('p', lab.at(id, {}, new RemoteMemory()))).toEqual(['1 2', 'hit']);
    expect(lab.upstream.take()).toEqual([]);
  });

  test('that the upstream does not have is not there', async () => {
    expect(await failureOf(index('other'))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await failureOf(index('other'))).toMatchObject({ code: 'NOT_FOUND' });
    expect(lab.upstream.take()).toEqual(['GET other/index']);
  });
});

/** Holds back whoever else wants to write. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const holding = lab.database.transaction(() => promise);
  return async () => {
    resolve();
    await holding;
    await lab.settled();
  };
}
/** Commits until it is answered, and until all is kept. */
const commits = async (work: () => Promise<unknown>) => {
  await lab.settled();
  const before = lab.database.changes();
  await work();
  const answered = lab.database.changes();
  await lab.memory.unkept.allSettled();
  return [answered - before, lab.database.changes() - before];
};

describe('what is written', () => {
  test('of an index is behind its answer, which others get too', async () => {
    const release = held();
    expect(await index()).toEqual(['1 2', 'miss']);
    expect(await index()).toEqual(['1 2', 'hit']);
    expect(lab.upstream.take()).toEqual(['GET p/index']);
    await release();
    expect(await index('p', lab.at(id, {}, new RemoteMemory()))).toEqual(['1 2', 'hit']);
    expect(lab.upstream.take()).toEqual([]);
  });

  test('of an index is nothing when it was purged before', async () => {
    const release = held();
    const purge = { repositoryId: id, now: lab.clock.now(), id: 'other' };
    const purging = purgeInSteps(lab.database, purge);
    expect(await index()).toEqual(['1 2', 'miss']);
    await release();
    await purging;
    const documents = lab.database.read.selectFrom('document').where('repository_id', '=', id);
    expect(await documents.selectAll().execute()).toEqual([]);
    expect(await index()).toEqual(['1 2', 'miss']);
    expect(lab.upstream.take()).toEqual(['GET p/index', 'GET p/index']);
  });

  test('of a tag is what the upstream has after a purge', async () => {
    const release = held();
    const purging = purgeInSteps(lab.database, { repositoryId: id, now: lab.clock.now(), id: 'other' });
    const reading = read(repo, tag);
    while (lab.upstream.asked.length === 0) await setImmediate();
    // What is on its way by now is older.
    await setImmediate();
    lab.upstream.put('p/latest', { body: 'newer', headers: { etag: '"t2"' } });
    await release();
    await purging;
    await reading;
    expect(await read(repo, tag)).toEqual(['newer', 'hit']);
  });

  test('of an index that cannot be kept is nothing, and it is asked for again', async () => {
    const full = sql`CREATE TRIGGER full BEFORE INSERT ON document BEGIN SELECT RAISE(ABORT, 'no room'); END`;
    await lab.database.transaction((tx) => full.execute(tx));
    expect(await index()).toEqual(['1 2', 'miss']);
    await lab.settled();
    await lab.database.transaction((tx) => sql`DROP TRIGGER full`.execute(tx));
    expect(lab.unnoticed.splice(0).at(-1)).toMatchObject({ message: 'no room' });
    expect(await index()).toEqual(['1 2', 'miss']);
  });

  test('is one commit for each index, behind it, and one for each file', async () => {
    expect((await commits(() => index()))[1]).toBe(1);
    expect(await commits(() => read(repo, file('1')))).toEqual([1, 1]);
    expect(await commits(() => read(repo, tag))).toEqual([1, 1]);
    lab.clock.advance(2 * DAY);
    expect(await commits(() => index())).toEqual([1, 1]);
    expect(await commits(() => read(repo, tag))).toEqual([1, 1]);
  });
});

const failing = (reason: string): Trouble => new RegistryError('UNAVAILABLE', reason, 'it is its fault');
const troubles: readonly (readonly [string, Trouble, string])[] = [
  ...['UPSTREAM_BROKEN', 'UPSTREAM_REFUSED', 'UPSTREAM_BUSY', 'UPSTREAM_SLOW', 'UPSTREAM_FORBIDDEN'].map(
    (reason) => [reason, failing(reason), reason.toLowerCase().replace('_', '-')] as const,
  ),
  ['a page instead', () => ({ body: '<html>' }), 'upstream-broken'],
  ['far too much', () => ({ body: 'x'.repeat(10_000) }), 'upstream-broken'],
];

describe.each(troubles)('%s', (_, trouble, detail) => {
  test('is no reason not to answer with a copy', async () => {
    await read(repo, tag);
    await index();
    lab.clock.advance(2 * DAY);
    lab.upstream.trouble = trouble;
    expect(await read(repo, tag)).toEqual(['newest', `stale: ${detail}`]);
    expect(await index()).toEqual(['1 2', `stale: ${detail}`]);
    lab.upstream.trouble = undefined;
    expect(await read(repo, tag)).toEqual(['newest', 'revalidated']);
    expect(await index()).toEqual(['1 2', 'revalidated']);
  });

  test('is said where there is none, is never taken for absence, and leaves nothing behind', async () => {
    lab.upstream.trouble = trouble;
    const reason = detail.toUpperCase().replace('-', '_');
    for (const work of [() => read(repo, tag), () => read(repo, file('1')), index])
      expect(await failureOf(work())).toMatchObject({ reason });
    lab.upstream.trouble = undefined;
    expect(await read(repo, tag)).toEqual(['newest', 'miss']);
    expect(await read(repo, file('1'))).toEqual(['one', 'miss']);
    expect(await index()).toEqual(['1 2', 'hit']);
  });
});

test('a copy is answered when what came of the next one breaks off, and the rest is gone', async () => {
  await read(repo, tag);
  lab.clock.advance(2 * DAY);
  lab.upstream.put('p/latest', { body: 'newer', headers: { etag: '"t2"' }, breaksAt: 2 });
  expect(await read(repo, tag)).toEqual(['newest', 'stale: fetch-interrupted']);
  expect(UPSTREAM_FAILURES).toContain('FETCH_INTERRUPTED');
});

test('what the upstream has no more stays', async () => {
  await read(repo, tag);
  await index();
  lab.clock.advance(2 * DAY);
  lab.upstream.trouble = () => 'missing';
  expect(await read(repo, tag)).toEqual(['newest', 'stale: upstream-gone']);
  expect(await index()).toEqual(['1 2', 'stale: upstream-gone']);
});

describe('rules', () => {
  test('keep names out before anything is asked', async () => {
    await open({ rules: { deny: ['p'] } });
    for (const work of [() => read(repo, tag), () => read(repo, file('1')), index])
      expect(await failureOf(work())).toMatchObject({ code: 'PERMISSION_DENIED', reason: 'DENIED_BY_RULE' });
    expect(lab.upstream.take()).toEqual([]);
  });

  test('keep versions out of indexes, and say why a file is refused', async () => {
    await open({ rules: { deny: ['p@1'] } });
    expect(await index()).toEqual(['2', 'miss']);
    expect(await failureOf(read(repo, file('1')))).toMatchObject({ reason: 'DENIED_BY_RULE' });
    expect(await read(repo, file('2'))).toEqual(['two', 'miss']);
  });

  test('count for copies from before them', async () => {
    await read(repo, file('1'));
    await read(repo, tag);
    const strict = lab.at(id, { rules: { deny: ['p'] } });
    for (const ref of [file('1'), tag])
      expect(await failureOf(read(strict, ref))).toMatchObject({ reason: 'DENIED_BY_RULE' });
  });

  test('let a version in as soon as it is old enough, with another source', async () => {
    await open({ rules: { minimumReleaseAge: 7 * DAY } });
    expect(await index()).toEqual(['1', 'miss']);
    const { source } = await repo.index(names, { of: 'p' });
    expect(await failureOf(read(repo, file('2')))).toMatchObject({ reason: 'RELEASE_TOO_YOUNG' });
    lab.clock.advance(7 * DAY);
    expect(await index()).toEqual(['1 2', 'revalidated']);
    expect((await repo.index(names, { of: 'p' })).source).not.toBe(source ?? '');
    expect(await read(repo, file('2'))).toEqual(['two', 'miss']);
    expect(await read(repo, file('2'))).toEqual(['two', 'hit']);
  });

  test('count the age of a tag from when it was first seen to mean what it means', async () => {
    await open({ rules: { minimumReleaseAge: DAY } });
    expect(await failureOf(read(repo, tag))).toMatchObject({ reason: 'RELEASE_TOO_YOUNG' });
    lab.clock.advance(2 * DAY);
    expect(await read(repo, tag)).toEqual(['newest', 'miss']);
    lab.clock.advance(2 * DAY);
    lab.upstream.put('p/latest', { body: 'newer', headers: { etag: '"t2"' } });
    expect(await read(repo, tag)).toEqual(['newest', 'stale: release-too-young']);
    lab.clock.advance(2 * DAY);
    expect(await read(repo, tag)).toEqual(['newer', 'miss']);
  });

  test('hold a name to the bytes that it meant first, also after they were forgotten', async () => {
    await open({ rules: { pinFirstSeen: true } });
    await read(repo, file('1'));
    await lab.database.transaction((tx) => tx.deleteFrom('file').where('repository_id', '=', id).execute());
    await lab.database.transaction((tx) =>
      tx.deleteFrom('version').where('repository_id', '=', id).execute(),
    );
    lab.upstream.put('p/files/1', { body: 'other' });
    expect(await failureOf(repo.file(file('1')))).toMatchObject({ reason: 'DIGEST_CHANGED' });
    lab.upstream.put('p/files/1', { body: 'one' });
    expect(await read(repo, file('1'))).toEqual(['one', 'miss']);
  });
});

describe('a connector', () => {
  beforeEach(() => open({ noCache: true }));

  test('asks each time and keeps nothing', async () => {
    for (let n = 0; n < 2; n += 1) {
      expect(await read(repo, file('1'))).toEqual(['one', 'asked']);
      expect(await read(repo, tag)).toEqual(['newest', 'asked']);
      expect(await index()).toEqual(['1 2', 'asked']);
    }
    expect(lab.upstream.take()).toHaveLength(8);
    for (const table of ['file', 'version', 'document', 'upstream_state', 'first_seen'] as const)
      expect(
        await lab.database.read.selectFrom(table).selectAll().where('repository_id', '=', id).execute(),
      ).toEqual([]);
  });

  test('passes on what the headers of a file are, and no body', async () => {
    expect(await repo.file(file('1'), 'headers')).toMatchObject({ size: 3 });
    expect(lab.upstream.take()).toEqual(['GET p/index', 'HEAD p/files/1']);
  });

  test('has nothing while the upstream has nothing, or fails', async () => {
    lab.upstream.trouble = failing('UPSTREAM_BROKEN');
    expect(await failureOf(read(repo, file('1')))).toMatchObject({ reason: 'UPSTREAM_BROKEN' });
    lab.upstream.trouble = () => 'missing';
    expect(await failureOf(read(repo, tag))).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('does not hand out whole what is not what was promised', async () => {
    const strict = await lab.repository({ noCache: true, rules: { pinFirstSeen: true } });
    await read(strict.repo, file('1'));
    lab.upstream.put('p/files/1', { body: 'bad' });
    const opened = await strict.repo.file(file('1'));
    expect(await failureOf(new Response(await opened.open()).text())).toMatchObject({
      reason: 'DIGEST_CHANGED',
    });
  });
});

const limit = (quota: object) =>
  lab.database.transaction((tx) => tx.updateTable('repository').set(quota).where('id', '=', id).execute());
const counted = () =>
  lab.database.read
    .selectFrom('repository')
    .select(['size_bytes', 'version_count'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();

describe('a repository that may hold no more', () => {
  test('serves what it cannot keep, each time from the upstream', async () => {
    await limit({ max_bytes: 2 });
    for (let n = 0; n < 2; n += 1) {
      expect(await read(repo, file('1'))).toEqual(['one', 'asked']);
      expect(await read(repo, tag)).toEqual(['newest', 'asked']);
    }
    expect(await counted()).toEqual({ size_bytes: 0, version_count: 0 });
  });

  test('serves what it has, and what the upstream has instead of it by now', async () => {
    expect(await read(repo, tag)).toEqual(['newest', 'miss']);
    await limit({ max_versions: 1 });
    expect(await read(repo, tag)).toEqual(['newest', 'hit']);
    lab.upstream.put('p/latest', { body: 'newer' });
    lab.clock.advance(DAY);
    expect(await read(repo, tag)).toEqual(['newer', 'asked']);
    expect(await counted()).toMatchObject({ version_count: 1 });
  });

  test('keeps again what it serves once it may', async () => {
    await limit({ max_bytes: 2 });
    await read(repo, file('1'));
    await limit({ max_bytes: null });
    expect(await read(repo, file('1'))).toEqual(['one', 'miss']);
    expect(await read(repo, file('1'))).toEqual(['one', 'hit']);
  });
});

test('a full repository lets what was not pulled for long go for what is asked for, where it may', async () => {
  const evicting = lab.at(id, { evict: true });
  expect(await read(evicting, file('1'))).toEqual(['one', 'miss']);
  await limit({ max_bytes: 3 });
  lab.clock.advance(DAY);
  expect(await read(evicting, file('2'))).toEqual(['two', 'miss']);
  expect(await read(evicting, file('2'))).toEqual(['two', 'hit']);
  expect(await counted()).toMatchObject({ size_bytes: 3 });
  lab.clock.advance(DAY);
  expect(await read(evicting, file('1'))).toEqual(['one', 'miss']);
  expect(await read(lab.at(id), file('2'))).toEqual(['two', 'asked']);
});

describe('as much as somebody may see', () => {
  test('is fetched for them, and nothing else', async () => {
    const seen = repo.seenBy(async ({ package: pkg, version }) => pkg === 'p' && version !== '2');
    expect(await failureOf(read(seen, file('2')))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await failureOf(read(seen, file('1', 'q')))).toMatchObject({ code: 'NOT_FOUND' });
    expect(lab.upstream.take()).toEqual([]);
    expect(await read(seen, file('1'))).toEqual(['one', 'miss']);
    const part = await seen.index(names, { of: 'p' });
    expect((await part.value()).lines.map(({ version }) => version)).toEqual(['1']);
    expect([...(await part.listing()).keys()]).toEqual(['p/1']);
    expect(part.source).toBeUndefined();
  });
});

test('a remote repository owns no names, has nothing of its own, and finds what it copied', async () => {
  await read(repo, file('1'));
  expect([await repo.owns(), repo.own()]).toEqual([false, undefined]);
  expect(await repo.search(['p'], { limit: 10, skip: 0 })).toMatchObject({ packages: ['p'] });
});
