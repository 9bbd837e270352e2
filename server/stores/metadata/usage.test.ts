import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { HostedRepo } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import { bodyOf } from '../../testing/contracts/bodies.ts';
import { fileOf, linked } from '../../testing/contracts/repo-under-test.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { GarbageLab, LEASE } from '../../testing/garbage-lab.ts';
import type { MetadataDatabase } from './database.ts';
import { COUNTED, miscounts, MISPLACED } from './usage-recount.ts';

/** What was counted and is not so. */
const wrong = ({ reading }: Pick<MetadataDatabase, 'reading'>): readonly unknown[] =>
  [...COUNTED.map(miscounts), MISPLACED].flatMap((sql) => reading.query(sql).all());

const BYTES = ['', 'a', 'bb', 'cccc', 'dddddddd'];
const REPOSITORIES = 3;
/** Of a trash: over after two collections. */
const RETENTION = 6 * LEASE;
const isRefusal = (thrown: unknown) => thrown instanceof RegistryError && thrown.status < 500;

interface World {
  readonly lab: GarbageLab;
  readonly repos: readonly HostedRepo[];
}
type Step = (world: World) => Promise<unknown>;

const within = {
  repo: fc.nat(REPOSITORIES - 1),
  pkg: fc.constantFrom('p', 'q'),
  bytes: fc.constantFrom(...BYTES),
};
const repoAt = ({ repos }: World, at: number): HostedRepo => repos[at] as HostedRepo;

const link = fc.record(within).map(
  ({ repo, pkg, bytes }): Step =>
    (world) =>
      linked(repoAt(world, repo), pkg, `loose-${bytes}`, bytes),
);
/** The bytes of another place, by name alone. */
const mount = fc
  .record({ ...within, from: fc.nat(REPOSITORIES - 1) })
  .map(({ repo, pkg, bytes, from }): Step => async (world) => {
    const found = await repoAt(world, from).file(fileOf('p', `loose-${bytes}`));
    if (found) await repoAt(world, repo).link({ ...fileOf(pkg, `loose-${bytes}`), blob: found.blob });
  });
const publish = fc
  .record({
    ...within,
    version: fc.constantFrom('1', '2', '3'),
    also: fc.constantFrom(...BYTES),
    onConflict: fc.constantFrom('reject', 'replace', 'keep', 'extend'),
  })
  .map(({ repo: at, pkg, bytes, version, also, onConflict }): Step => async (world) => {
    const repo = repoAt(world, at);
    const used = await repo.file(fileOf(pkg, `loose-${also}`));
    const blob = await repo.store(bodyOf([bytes]));
    const file = { ...fileOf(pkg, `file-${version}`), coordinates: { package: pkg, version }, blob };
    await repo.publish({
      package: pkg,
      version,
      attributes: {},
      size: blob.size,
      files: [file],
      uses: used ? [used.path] : [],
      tags: ['latest'],
      onConflict,
    });
  });
const unpublish = fc.record({ ...within, version: fc.constantFrom('1', '2', '3') }).map(
  ({ repo, pkg, version }): Step =>
    (world) =>
      repoAt(world, repo).unpublish(pkg, version),
);
const back = fc
  .record({
    pkg: within.pkg,
    version: fc.constantFrom('1', '2', '3'),
    what: fc.constantFrom('undelete', 'purge'),
  })
  .map(
    ({ pkg, version, what }): Step =>
      ({ lab }) =>
        lab.back(pkg, version, what),
  );
const unlink = fc.record(within).map(
  ({ repo, pkg, bytes }): Step =>
    (world) =>
      repoAt(world, repo).unlink(`${pkg}/loose-${bytes}`),
);
const retag = fc.record({ ...within, version: fc.constantFrom('1', '2', '3') }).map(
  ({ repo, pkg, version }): Step =>
    (world) =>
      repoAt(world, repo).tag(pkg, [{ tag: 'latest', version }]),
);
const collect = fc.constant<Step>(({ lab }) => lab.settle());
const together = (step: fc.Arbitrary<Step>) =>
  fc.array(step, { minLength: 2, maxLength: 4 }).map(
    (steps): Step =>
      (world) =>
        Promise.all(steps.map((each) => each(world).catch(refused))),
  );
/** What was refused changed nothing; all else is a failure of ours. */
function refused(thrown: unknown): void {
  if (!isRefusal(thrown)) throw thrown;
}
const steps = fc.oneof(link, mount, publish, unpublish, back, unlink, retag, collect);

describe('what packages, repositories and projects are said to hold', () => {
  test('is what a look at everything finds, after whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(steps, together(steps)), { maxLength: 25 }), async (all) => {
        await using lab = await GarbageLab.open();
        const repos = [
          await lab.repo('first', RETENTION),
          await lab.repo('first'),
          await lab.repo('second', RETENTION),
        ];
        for (const step of all) {
          await step({ lab, repos }).catch(refused);
          expect(wrong(lab.database)).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('is counted once where it is shared, and alone where it is not', async () => {
    await using lab = await GarbageLab.open();
    const [first, second] = [await lab.repo('p'), await lab.repo('p')];
    await linked(first, 'a', 'shared', '12345');
    await linked(first, 'b', 'shared', '12345');
    await linked(second, 'a', 'shared', '12345');
    await linked(second, 'a', 'own', '678');

    const held = (table: 'repository' | 'project') =>
      lab.database.read.selectFrom(table).select(['size_bytes', 'unique_bytes']).orderBy('id').execute();
    expect(await held('repository')).toEqual([
      { size_bytes: 5, unique_bytes: 0 },
      { size_bytes: 8, unique_bytes: 3 },
    ]);
    expect(await held('project')).toEqual([{ size_bytes: 8, unique_bytes: 8 }]);
    await first.unlink('a/shared');
    await first.unlink('b/shared');
    expect((await held('repository')).at(-1)).toEqual({ size_bytes: 8, unique_bytes: 8 });
  });
});

const limit = (lab: GarbageLab, table: 'repository' | 'project', limits: object) =>
  lab.database.transaction((tx) => tx.updateTable(table).set(limits).execute());
const used = async (lab: GarbageLab) =>
  lab.database.read
    .selectFrom('repository')
    .select(['size_bytes', 'version_count'])
    .executeTakeFirstOrThrow();

describe('a quota', () => {
  for (const table of ['repository', 'project'] as const)
    test(`of a ${table} is never exceeded, by whoever and however many`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(20),
          fc.nat(4),
          fc.array(fc.oneof(steps, together(steps)), { maxLength: 20 }),
          async (maxBytes, maxVersions, all) => {
            await using lab = await GarbageLab.open();
            const repos = [await lab.repo('p'), await lab.repo('p', RETENTION), await lab.repo('p')];
            await limit(lab, table, { max_bytes: maxBytes, max_versions: maxVersions });
            for (const step of all) {
              await step({ lab, repos }).catch(refused);
              const rows = await lab.database.read
                .selectFrom(table)
                .select(['size_bytes', 'version_count'])
                .execute();
              for (const row of rows) {
                expect(row.size_bytes).toBeLessThanOrEqual(maxBytes);
                expect(row.version_count).toBeLessThanOrEqual(maxVersions);
              }
            }
            expect(wrong(lab.database)).toEqual([]);
          },
        ),
        { numRuns: 30 },
      );
    }, 60_000);

  test('lets exactly those in that there is room for, of many at once', async () => {
    await using lab = await GarbageLab.open();
    const repo = await lab.repo();
    await limit(lab, 'repository', { max_bytes: 50 });

    const all = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) => linked(repo, 'p', `f${at}`, String(at).padStart(10, '0'))),
    );

    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect((await used(lab)).size_bytes).toBe(50);
  });

  test('says what is full, how much it may hold, and what to do', async () => {
    await using lab = await GarbageLab.open();
    const repo = await lab.repo('p');
    await limit(lab, 'repository', { max_bytes: 4 });

    const refusal = await failureOf(linked(repo, 'p', 'x', '12345'));

    expect(refusal).toMatchObject({
      code: 'PERMISSION_DENIED',
      reason: 'QUOTA_EXCEEDED',
      details: { quota: 'bytes', limit: '4', of: 'projects/p/locations/us/repositories/r1' },
    });
    expect(String(refusal)).toMatch(/r1 may hold 4 bytes in all, and holds 0 bytes.*Delete/);
  });

  test('that is lowered below what is there lets nothing in, and everything out', async () => {
    await using lab = await GarbageLab.open();
    const repo = await lab.repo();
    await linked(repo, 'p', 'a', '12345');
    await linked(repo, 'p', 'b', '678');
    await limit(lab, 'repository', { max_bytes: 1 });

    expect(await failureOf(linked(repo, 'p', 'c', '9'))).toMatchObject({ reason: 'QUOTA_EXCEEDED' });
    await linked(repo, 'q', 'a', '12345');
    await repo.unlink('p/b');
    expect((await used(lab)).size_bytes).toBe(5);
  });

  test('of a project is told without what others of it hold', async () => {
    await using lab = await GarbageLab.open();
    const [first, second] = [await lab.repo('p'), await lab.repo('p')];
    await linked(first, 'p', 'a', '12345');
    await limit(lab, 'project', { max_bytes: 6 });

    const refusal = await failureOf(linked(second, 'p', 'b', '67'));

    expect(refusal).toMatchObject({ details: { quota: 'bytes', limit: '6', of: 'projects/p' } });
    expect(String(refusal)).not.toContain('5');
  });
});
