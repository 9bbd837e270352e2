import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { HostedRepo } from '../../core/catalog.ts';
import type { Page } from '../../core/page.ts';
import { everyPage, type HostedRepoUnderTest, inBytes, publish } from './repo-under-test.ts';

// Names whose byte order is not that of their letters, and some that begin others.
const piece = fc.oneof(
  fc.constantFrom('a', 'ab', 'B', '_', '-', '.', '0', '10', 'é', '\u{fffd}', '🔑'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
);
const name = fc
  .array(piece, { minLength: 1, maxLength: 3 })
  .map((pieces) => pieces.join('').replaceAll(/[/\0]/g, '~'));
const some = fc.uniqueArray(name, { minLength: 1, maxLength: 12 });
const limit = fc.integer({ min: 1, max: 5 });
const runs = { numRuns: 15 };

/** What every CatalogReader promises of its lists: complete, in byte order, whatever the names and the page size. */
export function catalogReaderContract(subjectName: string, make: () => Promise<HostedRepoUnderTest>): void {
  describe(`${subjectName} is a CatalogReader: its lists`, () => {
    let subject: HostedRepoUnderTest;
    let repo: HostedRepo;
    beforeEach(async () => {
      subject = await make();
      repo = await subject.repo();
    });
    afterEach(() => subject.dispose());

    test('of tags and versions are complete and in byte order, whatever the names and the page', async () => {
      await fc.assert(
        fc.asyncProperty(some, limit, async (given, most) => {
          const fresh = await subject.repo();
          for (const each of given) await publish(fresh, 'pkg', each, { tags: [`t${each}`] });

          expect(
            await everyPage(
              most,
              (page) => fresh.versions('pkg', page),
              ({ version }) => version,
            ),
          ).toEqual(given.toSorted(inBytes));
          const tags = await everyPage(
            most,
            (page) => fresh.tags('pkg', page),
            ({ tag }) => tag,
          );
          expect(tags).toEqual(given.map((each) => `t${each}`).sort(inBytes));
        }),
        runs,
      );
    });

    test('of files below a prefix are too', async () => {
      await fc.assert(
        fc.asyncProperty(some, limit, async (given, most) => {
          const fresh = await subject.repo();
          for (const each of given) await publish(fresh, 'pkg', each);
          await publish(fresh, 'other', 'version');

          const paths = await everyPage(
            most,
            (page) => fresh.files('pkg/files/', page),
            ({ path }) => path,
          );
          expect(paths).toEqual(given.map((each) => `pkg/files/${each}`).sort(inBytes));
        }),
        runs,
      );
    });

    test('of untagged versions, and of those that link, are too', async () => {
      await fc.assert(
        fc.asyncProperty(some, limit, async (given, most) => {
          const fresh = await subject.repo();
          const links = [{ kind: 'subject', target: 'subject' }] as const;
          for (const [index, each] of given.entries())
            await publish(fresh, 'pkg', each, { links, ...(index % 2 === 0 && { tags: [each] }) });

          const untagged = await everyPage(
            most,
            (page) => fresh.untagged('pkg', page),
            ({ version }) => version,
          );
          expect(untagged).toEqual(given.filter((_, index) => index % 2 === 1).sort(inBytes));
          const linking = (page: Page) => fresh.linking('pkg', { kind: 'subject', target: 'subject' }, page);
          expect(await everyPage(most, linking, ({ version }) => version)).toEqual(given.toSorted(inBytes));
        }),
        runs,
      );
    });

    test('of packages and of folders are too, under any prefix', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(
            fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
            { minLength: 1, maxLength: 10 },
          ),
          limit,
          async (given, most) => {
            const fresh = await subject.repo();
            for (const each of given) await publish(fresh, each, '1');

            for (const prefix of ['', `${given[0]?.split('/')[0]}/`]) {
              const below = given.filter((each) => each.startsWith(prefix));
              expect(await everyPage(most, (page) => fresh.packages(prefix, page), String)).toEqual(
                below.toSorted(inBytes),
              );
              const folders = new Set(below.map((each) => each.slice(prefix.length).split('/')[0] ?? ''));
              expect(new Set(await fresh.folders(prefix, 1_000))).toEqual(folders);
            }
          },
        ),
        runs,
      );
    });

    test('of what is not there, and of nothing, are empty', async () => {
      await publish(repo, 'pkg', '1.0', { tags: ['a'] });
      const nothing = { rows: [], more: false };

      expect(await repo.tags('absent', { limit: 5 })).toEqual(nothing);
      expect(await repo.tags('pkg', { limit: 0 })).toEqual(nothing);
      expect(await repo.versions('pkg', { limit: 5, after: '9' })).toEqual(nothing);
      expect(await repo.tagged('pkg', [])).toEqual([]);
      expect(await repo.folders('absent/', 5)).toEqual([]);
    });

    test('of folders are no longer than was asked', async () => {
      for (const each of ['a/x', 'a/y', 'b', 'c/z']) await publish(repo, each, '1');

      expect(await repo.folders('', 2)).toEqual(['a', 'b']);
    });
  });
}
