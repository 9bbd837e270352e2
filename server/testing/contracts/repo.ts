import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { MaySee } from '../../core/iam.ts';
import { defineIndex } from '../../core/index-kind.ts';
import type { Repo } from '../../core/repo.ts';
import { failureOf } from '../failure-of.ts';
import { fileOf } from './repo-under-test.ts';

export interface RepoUnderTest extends AsyncDisposable {
  /** Has `left-pad` 1 and 2 and `right-pad` 1: a file `files/VERSION` of each, whose bytes are the version. */
  readonly repo: Repo;
  /** Whether what it has was published in it, or in a member of it. */
  readonly isOwn: boolean;
  /** Gives `left-pad` a version 3, which whoever asks next is to see. */
  grow(): Promise<void>;
}

const PAGE = { limit: 100 } as const;

/** The versions of a package, a line each. */
const versionsIndex = defineIndex<readonly string[]>({
  name: 'versions',
  build: async (catalog, { of }) => {
    const { rows } = await catalog.versions(of, PAGE);
    return rows.length === 0 ? undefined : rows.map(({ version }) => version);
  },
  upstream: {
    target: ({ of }) => ({ target: `${of}/versions` }),
    package: ({ of }) => of,
    maxBytes: 1_000,
    maxAge: 300,
    parse: (body) => new TextDecoder().decode(body).split('\n'),
  },
  merge: (parts) => [...new Set(parts.flat())].sort(),
  versions: (value) => value.map((version) => ({ version })),
  prune: (value, keep) => value.filter(keep),
  render: (value) => ({ contentType: 'text/plain', body: value.join('\n') }),
});

const LEFT = { of: 'left-pad' } as const;
const file = (version: string, pkg: string = LEFT.of) => ({
  ...fileOf(pkg, `files/${version}`),
  coordinates: { package: pkg, version },
  contentType: 'text/plain',
});
const all: MaySee = async () => true;
const allBut =
  (version: string): MaySee =>
  async (within) =>
    within.version !== version;
const noneOf =
  (pkg: string): MaySee =>
  async (within) =>
    within.package !== pkg;

const bytes = async (from: Repo, version: string): Promise<string> =>
  new Response(await (await from.file(file(version))).open()).text();
const versions = async (from: Repo): Promise<readonly string[]> =>
  (await from.index(versionsIndex, LEFT)).value();
const source = async (from: Repo): Promise<string | undefined> =>
  (await from.index(versionsIndex, LEFT)).source;
const found = async (from: Repo): Promise<Set<string>> =>
  new Set((await from.search(['pad'], { limit: 10, skip: 0 })).packages);

/** What every Repo promises, whatever its mode. */
export function repoContract(subjectName: string, make: () => Promise<RepoUnderTest>): void {
  describe(subjectName, () => {
    let subject: RepoUnderTest;
    let repo: Repo;
    beforeEach(async () => {
      subject = await make();
      ({ repo } = subject);
    });
    afterEach(() => subject[Symbol.asyncDispose]());

    test('has files, and says of others that they are not there', async () => {
      expect([await bytes(repo, '1'), await bytes(repo, '2')]).toEqual(['1', '2']);
      const absent = { code: 'NOT_FOUND', reason: 'FILE_UNKNOWN' };
      expect(await failureOf(repo.file(file('9')))).toMatchObject(absent);
      expect(await failureOf(repo.file(file('1', 'absent')))).toMatchObject(absent);
      const nothing = failureOf(repo.index(versionsIndex, { of: 'absent' }));
      expect(await nothing).toMatchObject({ code: 'NOT_FOUND', reason: 'INDEX_UNKNOWN' });
    });

    test('is the same to who may see all of it', async () => {
      const seen = repo.seenBy(all);
      expect(seen.name).toBe(repo.name);
      expect(await bytes(seen, '1')).toBe('1');
      expect(await versions(seen)).toEqual(['1', '2']);
      expect(await found(seen)).toEqual(new Set(['left-pad', 'right-pad']));
    });

    test('says of what may not be seen what it says of what is not there', async () => {
      const seen = repo.seenBy(allBut('2'));
      expect(await bytes(seen, '1')).toBe('1');
      expect(await failureOf(seen.file(file('2')))).toMatchObject({
        code: 'NOT_FOUND',
        reason: 'FILE_UNKNOWN',
        details: { path: file('2').path },
      });
      expect(await versions(seen)).toEqual(['1']);
      expect(await found(repo.seenBy(noneOf('left-pad')))).toEqual(new Set(['right-pad']));
    });

    test('is seen by who is seen by another as far as both may', async () => {
      const seen = repo.seenBy(allBut('1')).seenBy(allBut('2'));
      for (const version of ['1', '2'])
        expect(await failureOf(seen.file(file(version)))).toMatchObject({ code: 'NOT_FOUND' });
      expect(await bytes(repo, '1')).toBe('1');
    });

    test('names the source of an index, the same until it changes, to nobody who sees less of it', async () => {
      const before = await source(repo);
      expect(before).toBeString();
      await versions(repo);
      await bytes(repo, '1');
      await repo.touch(file('1'));
      expect(await source(repo)).toBe(before);
      expect(await source(repo.seenBy(allBut('2')))).toBeUndefined();

      await subject.grow();

      expect(await versions(repo)).toEqual(['1', '2', '3']);
      const after = await source(repo);
      expect(after).toBeString();
      expect(after).not.toBe(before);
    });

    test('announces no files in an index that lists none', async () => {
      const part = await repo.index(versionsIndex, LEFT);
      expect(await part.listing()).toEqual(new Map());
    });

    test('owns what was published in it, whoever asks, and nothing else', async () => {
      for (const each of [repo, repo.seenBy(noneOf('left-pad'))]) {
        expect(await each.owns('left-pad')).toBe(subject.isOwn);
        expect(await each.owns('absent')).toBe(false);
      }
    });

    test('has of its own what did not come from elsewhere', async () => {
      const own = repo.own();
      const has = own && (await bytes(own, '1').catch(() => undefined));
      expect(has).toBe(subject.isOwn ? '1' : undefined);
      expect(own?.own()?.name).toBe(own?.name);
    });

    test('is searched in pages, of which each says how many there are', async () => {
      const pages = [0, 1, 2].map((skip) => repo.search(['pad'], { limit: 1, skip }));
      const [first, second, third] = await Promise.all(pages);
      expect([first?.total, second?.total]).toEqual([2, 2]);
      expect(new Set<string>([first, second].flatMap((page) => page?.packages ?? []))).toEqual(
        await found(repo),
      );
      expect(third?.packages).toEqual([]);
      expect(await repo.search(['nothing'], { limit: 1, skip: 0 })).toEqual({ packages: [], total: 0 });
    });

    test('is told that a writer relies on something, also on what is not there', async () => {
      await repo.touch(file('1'));
      await repo.touch(file('9'));
      await repo.touch(file('1', 'absent'));
    });
  });
}
