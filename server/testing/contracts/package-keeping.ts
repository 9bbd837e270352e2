import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { HostedRepo } from '../../core/catalog.ts';
import { failureOf } from '../failure-of.ts';
import { type HostedRepoUnderTest, linked, publish, tagsOf, textOf } from './repo-under-test.ts';

/** What every HostedRepo promises of packages as a whole: what is remembered of them, found by, owned, and used up. */
export function packageKeepingContract(subjectName: string, make: () => Promise<HostedRepoUnderTest>): void {
  describe(`${subjectName} keeps packages`, () => {
    let subject: HostedRepoUnderTest;
    let repo: HostedRepo;
    beforeEach(async () => {
      subject = await make();
      repo = await subject.repo();
    });
    afterEach(() => subject.dispose());

    test('knows whether names came or went', async () => {
      const before = await repo.namesRevision('');
      await linked(repo, 'loose', 'layer');
      expect(await repo.namesRevision('')).toBe(before);
      const seen = [before];
      for (const change of [
        () => publish(repo, 'loose', '1.0'),
        () => publish(repo, 'other', '1.0'),
        () => repo.unpublish('other', '1.0'),
      ]) {
        await change();
        seen.push(await repo.namesRevision(''));
      }
      expect(await repo.namesRevision('absent')).toBeUndefined();
      expect(await repo.namesRevision('oth')).toBe(seen.at(-1));
      await publish(repo, 'loose', '2.0');
      expect(await repo.namesRevision('')).toBe(seen.at(-1));
      expect(seen.slice(0, 3)).toEqual([...new Set(seen.slice(0, 3))]);
    });

    const revision = async (): Promise<number> => (await repo.packageState('pkg'))?.revision ?? -1;
    const find = async (...words: string[]) => (await repo.search(words, { limit: 10, skip: 0 })).packages;

    describe('the state of a package', () => {
      test('is nothing until something is published', async () => {
        expect(await repo.packageState('pkg')).toBeUndefined();
        await linked(repo, 'pkg', 'layer');
        expect(await repo.packageState('pkg')).toBeUndefined();
      });

      test('moves with every change that others may see', async () => {
        await publish(repo, 'pkg', '1.0');
        await publish(repo, 'pkg', '2.0');
        const changes: readonly (() => Promise<void>)[] = [
          () => publish(repo, 'pkg', '3.0', { tags: ['latest'] }),
          () => repo.tag('pkg', [{ tag: 'latest', version: '1.0' }]),
          () => repo.amend('pkg', '1.0', () => ({ deprecated: 'old' })),
          () => repo.describe('pkg', () => ({ readme: 'words' })),
          () => repo.untag('pkg', 'latest'),
          () => repo.unpublish('pkg', '2.0'),
        ];
        for (const change of changes) {
          const before = await revision();
          await change();
          expect(await revision()).toBeGreaterThan(before);
        }
      });

      test('stays with what changes nothing of it, and with other packages', async () => {
        await publish(repo, 'pkg', '1.0', { tags: ['latest'] });
        const before = await revision();

        await publish(repo, 'other', '1.0');
        await repo.tag('pkg', [{ tag: 'latest', version: '1.0' }]);
        await repo.describe('pkg', (attributes) => attributes);
        await linked(repo, 'pkg', 'layer');

        expect(await revision()).toBe(before);
      });

      test('has what the format remembers of it, made of what it was', async () => {
        await publish(repo, 'pkg', '1.0', { describe: () => ({ count: 1 }) });
        await publish(repo, 'pkg', '2.0', { describe: (before) => ({ count: Number(before['count']) + 1 }) });

        expect((await repo.packageState('pkg'))?.attributes).toEqual({ count: 2 });
        expect(await failureOf(repo.describe('absent', () => ({})))).toMatchObject({
          reason: 'PACKAGE_UNKNOWN',
        });
      });
    });

    describe('a name', () => {
      test('is owned from its first version on, also when nothing is left of it', async () => {
        expect(await repo.owns('pkg')).toBe(false);
        await linked(repo, 'pkg', 'layer');
        expect(await repo.owns('pkg')).toBe(false);
        await publish(repo, 'pkg', '1.0');
        await repo.unpublish('pkg', '1.0');

        expect(await repo.owns('pkg')).toBe(true);
        expect(await (await subject.repo()).owns('pkg')).toBe(false);
      });
    });

    describe('a version that counts once', () => {
      test('is refused for good, also when it was deleted, and only where that was asked', async () => {
        await publish(repo, 'pkg', '1.0', { once: true });
        await repo.unpublish('pkg', '1.0');

        expect(await failureOf(publish(repo, 'pkg', '1.0', { once: true }))).toMatchObject({
          code: 'ALREADY_EXISTS',
          reason: 'VERSION_BURNT',
        });
        expect(await repo.version('pkg', '1.0')).toBeUndefined();
        await publish(repo, 'other', '1.0', { once: true });
        await publish(repo, 'pkg', '1.0');
      });

      test('is not used up by a publish that failed', async () => {
        const lacking = publish(repo, 'pkg', '1.0', { once: true, uses: ['pkg/absent'] });
        expect(await failureOf(lacking)).toMatchObject({ code: 'NOT_FOUND' });

        await publish(repo, 'pkg', '1.0', { once: true });

        expect(await repo.version('pkg', '1.0')).toBeDefined();
      });

      test('goes to one of two who publish it at once', async () => {
        const both = await Promise.allSettled([
          publish(repo, 'pkg', '1.0', { once: true, attributes: { by: 'a' } }),
          publish(repo, 'pkg', '1.0', { once: true, attributes: { by: 'b' } }),
        ]);

        expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      });
    });

    describe('tags by themselves', () => {
      test('are set together, or none of them', async () => {
        await publish(repo, 'pkg', '1.0');
        const wanted = [
          { tag: 'a', version: '1.0' },
          { tag: 'b', version: '9.9' },
        ];

        expect(await failureOf(repo.tag('pkg', wanted))).toMatchObject({ reason: 'VERSION_UNKNOWN' });
        expect(await tagsOf(repo, 'pkg')).toEqual([]);
        await repo.tag('pkg', wanted.slice(0, 1));
        expect(await tagsOf(repo, 'pkg')).toEqual(['a=1.0']);
      });
    });

    describe('a version of which parts are still to come', () => {
      test('has them when they come, and until then is there without them', async () => {
        const layer = await linked(repo, 'pkg', 'here');
        await publish(repo, 'pkg', '1.0', { awaits: [layer.path, 'pkg/later'], partial: true });
        expect(await failureOf(repo.unlink(layer.path))).toMatchObject({ reason: 'IN_USE' });

        const later = await linked(repo, 'pkg', 'later');

        expect(await textOf(repo, later)).toBe('later');
        expect(await failureOf(repo.unlink(later.path))).toMatchObject({ reason: 'IN_USE' });
        await repo.unpublish('pkg', '1.0');
        await repo.unlink(later.path);
      });

      test('may lack children, where that was said', async () => {
        const links = [{ kind: 'child', target: 'absent' } as const];

        expect(await failureOf(publish(repo, 'pkg', '1.0', { links }))).toMatchObject({ code: 'NOT_FOUND' });
        await publish(repo, 'pkg', '1.0', { links, partial: true });

        expect(
          (await repo.linking('pkg', { kind: 'child', target: 'absent' }, { limit: 9 })).rows,
        ).toHaveLength(1);
      });
    });

    describe('a search', () => {
      beforeEach(async () => {
        await publish(repo, 'left-pad', '1.0', { searchText: 'pads strings on the left' });
        await publish(repo, 'right-pad', '1.0', { searchText: 'pads strings, but not on the left' });
        await publish(repo, '@acme/strings', '1.0', { searchText: 'everything of ours' });
        await publish(await subject.repo(), 'elsewhere', '1.0', { searchText: 'pads strings' });
      });

      test('finds packages of the repository by all words, or their beginnings, names first', async () => {
        expect(new Set(await find('pad'))).toEqual(new Set(['left-pad', 'right-pad']));
        expect((await find('left'))[0]).toBe('left-pad');
        expect(await find('strings', 'ours')).toEqual(['@acme/strings']);
        expect(await find('STRING', 'pads', 'not')).toEqual(['right-pad']);
        expect(await find('nothing')).toEqual([]);
      });

      test('finds nothing by the number of its repository', async () => {
        for (let number = 0; number < 20; number += 1) expect(await find(String(number))).toEqual([]);
        expect(await find('"')).toEqual([]);
      });

      test('without words is a list, in pages', async () => {
        expect(await repo.search([], { limit: 2, skip: 0 })).toEqual({
          packages: ['@acme/strings', 'left-pad'],
          total: 3,
        });
        expect(await repo.search([], { limit: 2, skip: 2 })).toEqual({ packages: ['right-pad'], total: 3 });
      });

      test.each(['"', '*', 'a"b', 'NEAR(', 'name:x', '-', '^', "'; DROP TABLE package; --", '(', '\u0000'])(
        'takes %j for a word and nothing else',
        async (word) => {
          expect(Array.isArray(await find(word))).toBe(true);
          expect(await find('left')).not.toEqual([]);
        },
      );

      test('follows what is said of a package, and forgets nothing else', async () => {
        await repo.describe('left-pad', (before) => before, 'deprecated');

        expect(await find('deprecated')).toEqual(['left-pad']);
        expect(await find('strings', 'left')).toEqual(['right-pad']);
      });
    });
  });
}
