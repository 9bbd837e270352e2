import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { HostedRepo } from '../core/catalog.ts';
import { isNotFound, RegistryError } from '../core/error.ts';
import { bodyOf } from '../testing/contracts/bodies.ts';
import { fileOf } from '../testing/contracts/repo-under-test.ts';
import { DELAY, GarbageLab, GRACE, LEASE, MemoryClockRecord } from '../testing/garbage-lab.ts';
import { ClockWatch } from './clock-watch.ts';
import { COLLECT_STEPS } from './collector.ts';

const PACKAGES = ['a', 'b'];
const TEXTS = ['x', 'yy', 'zzz', 'wwww'];
const VERSIONS = ['1', '2', '3', 'index'];
const BLOBS = [...TEXTS, ...VERSIONS.map((name) => `manifest ${name}`)];

/** One thing that somebody does, or one stretch of time. */
type Step =
  | { readonly do: 'push' | 'unlink' | 'head'; readonly pkg: string; readonly text: string }
  | { readonly do: 'mount'; readonly text: string; readonly from: string; readonly to: string }
  | {
      readonly do: 'publish';
      readonly pkg: string;
      readonly version: string;
      readonly uses: readonly string[];
    }
  | {
      readonly do: 'index' | 'unpublish' | 'undelete' | 'purge';
      readonly pkg: string;
      readonly version: string;
    }
  | { readonly do: 'collect' }
  | { readonly do: 'wait'; readonly ms: number };

const pkg = fc.constantFrom(...PACKAGES);
const text = fc.constantFrom(...TEXTS);
const version = fc.constantFrom('1', '2', '3');
const anyVersion = fc.constantFrom(...VERSIONS);
/** Over within the waits of one test, or not. */
const RETENTION = 2 * LEASE;
const changes: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('push', 'unlink', 'head'), pkg, text }),
  fc.record({ do: fc.constant('mount'), text, from: pkg, to: pkg }),
  fc.record({ do: fc.constant('publish'), pkg, version, uses: fc.uniqueArray(text, { maxLength: 3 }) }),
  fc.record({ do: fc.constantFrom('index', 'unpublish'), pkg, version }),
  fc.record({ do: fc.constantFrom('unpublish', 'undelete', 'purge'), pkg, version: anyVersion }),
);
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: changes },
    { weight: 2, arbitrary: fc.constant<Step>({ do: 'collect' }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.constantFrom(1, DELAY + 1, GRACE + 1, LEASE / 2, LEASE + GRACE + 1),
      }),
    },
  ),
  { minLength: 10, maxLength: 30 },
);
/** What is done in the middle of the collector's work, and where. */
const meanwhile = fc.array(fc.tuple(fc.constantFrom(...COLLECT_STEPS), changes), { maxLength: 12 });

async function push(repo: HostedRepo, where: string, content: string): Promise<void> {
  await repo.link({ ...fileOf(where, content), blob: await repo.store(bodyOf([content])) });
}

async function publishing(
  repo: HostedRepo,
  {
    pkg: where,
    version: name,
    uses,
    children,
  }: { pkg: string; version: string; uses: readonly string[]; children: readonly string[] },
): Promise<void> {
  const blob = await repo.store(bodyOf([`manifest ${name}`]));
  await repo.publish({
    package: where,
    version: name,
    attributes: {},
    size: blob.size,
    files: [{ ...fileOf(where, `manifests/${name}`), blob }],
    uses: uses.map((use) => fileOf(where, use).path),
    links: children.map((target) => ({ kind: 'child', target }) as const),
    onConflict: 'keep',
  });
}

/** That its content is gone is never a reason not to restore what is in the trash. */
const REFUSALS = new Set(['IN_USE', 'HAS_PARENT', 'VERSION_EXISTS', 'PART_GONE']);

/** What a client does; being refused is no failure. */
async function change(lab: GarbageLab, repo: HostedRepo, step: Step): Promise<void> {
  try {
    switch (step.do) {
      case 'push':
        return await push(repo, step.pkg, step.text);
      case 'unlink':
        return await repo.unlink(fileOf(step.pkg, step.text).path);
      case 'head': {
        const file = await repo.file(fileOf(step.pkg, step.text));
        return file && (await repo.renew(file));
      }
      case 'mount': {
        const file = await repo.file(fileOf(step.from, step.text));
        return file && (await repo.link({ ...fileOf(step.to, step.text), blob: file.blob }));
      }
      case 'publish':
        return await publishing(repo, { ...step, children: [] });
      case 'index':
        return await publishing(repo, {
          pkg: step.pkg,
          version: 'index',
          uses: [],
          children: [step.version],
        });
      case 'unpublish':
        return await repo.unpublish(step.pkg, step.version);
      case 'undelete':
      case 'purge':
        return await lab.back(step.pkg, step.version, step.do);
      case 'collect':
      case 'wait':
        return undefined;
      default:
        return step satisfies never;
    }
  } catch (error) {
    if (!(error instanceof RegistryError) || !(isNotFound(error) || REFUSALS.has(error.reason))) throw error;
  }
}

/** What is reachable can be read, byte for byte: every version, and every file that it uses. */
async function expectReachable(lab: GarbageLab, repo: HostedRepo): Promise<void> {
  expect((await lab.faults()).filter((fault) => !fault.endsWith('orphan'))).toEqual([]);
  const uses = await lab.database.read
    .selectFrom('version_use')
    .innerJoin('file', 'file.id', 'version_use.file_id')
    .select('file.path')
    .execute();
  const owned = await lab.database.read
    .selectFrom('file')
    .select('path')
    .where('version_id', 'is not', null)
    .execute();
  for (const { path } of [...uses, ...owned]) {
    const file = await repo.file({ path, freshness: 'immutable' });
    if (!file) throw new Error(`${path} cannot be found`);
    const bytes = await repo.read(file, 100);
    expect(BLOBS).toContain(new TextDecoder().decode(bytes));
    expect(`sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`).toBe(file.blob.digest);
  }
}

test('whatever is done and whenever, what is reachable stays and everything else goes', async () => {
  await fc.assert(
    fc.asyncProperty(steps, meanwhile, async (work, interruptions) => {
      await using lab = await GarbageLab.open();
      const repo = await lab.repo('p', RETENTION);
      const waiting = [...interruptions];
      const collector = lab.collector({
        onStep: async (at) => {
          const next = waiting.findIndex(([when]) => when === at);
          const [taken] = next === -1 ? [] : waiting.splice(next, 1);
          if (taken) await change(lab, repo, taken[1]);
        },
      });
      for (const step of work) {
        if (step.do === 'wait') lab.advance(step.ms);
        else if (step.do === 'collect') await collector.turn();
        else await change(lab, repo, step);
        expect((await lab.faults()).filter((fault) => !fault.endsWith('orphan'))).toEqual([]);
      }
      await expectReachable(lab, repo);

      await lab.settle();

      await expectReachable(lab, repo);
      const named = await lab.database.read.selectFrom('file').select(['blob_digest', 'path']).execute();
      const digests = [...new Set(named.map(({ blob_digest: digest }) => digest))].sort();
      expect(Object.keys(await lab.states()).sort()).toEqual(digests);
      expect([...(await lab.objects())].map(({ digest }) => digest).sort()).toEqual(digests as never);
      const loose = await lab.database.read
        .selectFrom('file')
        .leftJoin('version_use', 'version_use.file_id', 'file.id')
        .select('file.path')
        .where('file.version_id', 'is', null)
        .where('version_use.version_id', 'is', null)
        .execute();
      expect(loose).toEqual([]);
      expect(await lab.database.read.selectFrom('deleted_version').select('id').execute()).toEqual([]);
      expect(await lab.database.read.selectFrom('gc_queue').select('key').execute()).toEqual([]);
    }),
    { numRuns: Number(process.env['GARBAGE_RUNS'] ?? 40) },
  );
}, 60_000);

describe('a clock that is set', () => {
  test.each([-24, 24])('by %d hours makes it wait for a grace, and lose nothing', async (hours) => {
    await using lab = await GarbageLab.open();
    const repo = await lab.repo();
    await push(repo, 'a', 'x');
    let steady = 0;
    const clock = new ClockWatch({
      now: lab.now,
      monotonic: () => steady,
      pauseMs: GRACE,
      record: new MemoryClockRecord(),
    });
    const collector = lab.collector({ clock });
    await collector.turn();

    lab.advance(hours * LEASE);
    expect((await collector.turn()).report).toMatchObject({
      refusal: expect.stringMatching(/the clock was set/),
    });
    lab.advance(GRACE - 1_000);
    steady += GRACE - 1_000;
    expect((await collector.turn()).report.refusal).toBeDefined();
    expect(await repo.file(fileOf('a', 'x'))).toBeDefined();
    // Whoever still needs it has had the time to say so.
    const file = await repo.file(fileOf('a', 'x'));
    if (file) await repo.renew(file);

    lab.advance(2_000);
    steady += 2_000;
    expect((await collector.turn()).report.refusal).toBeUndefined();
    expect(await repo.file(fileOf('a', 'x'))).toBeDefined();
  });
});

test('a clock that is set in the middle of a turn ends that turn', async () => {
  await using lab = await GarbageLab.open();
  await push(await lab.repo(), 'a', 'x');
  let jumped = 0;
  const clock = new ClockWatch({
    now: lab.now,
    monotonic: () => lab.now() - jumped,
    pauseMs: GRACE,
    record: new MemoryClockRecord(),
  });
  const collector = lab.collector({
    clock,
    onStep: (step) => {
      if (step !== 'condemned') return;
      jumped += LEASE;
      lab.advance(LEASE);
    },
  });
  await collector.turn();
  lab.advance(LEASE + GRACE);

  const { report } = await collector.turn();

  expect(report).toMatchObject({
    blobsCondemned: 1,
    blobsFreed: 0,
    refusal: expect.stringMatching(/clock was set/),
  });
  expect(Object.values(await lab.states())).toEqual(['condemned']);
  lab.advance(GRACE);
  expect((await collector.turn()).report).toMatchObject({ blobsFreed: 1 });
});

const losing = async (lab: GarbageLab) => {
  const repo = await lab.repo();
  for (let at = 0; at < 30; at += 1) await push(repo, 'a', `text ${at}`);
  lab.advance(25 * LEASE);
  await lab.database.transaction((tx) => tx.deleteFrom('file').execute());
};

describe('an implausible share', () => {
  test('is left alone until somebody insists', async () => {
    await using lab = await GarbageLab.open();
    await losing(lab);
    const collector = lab.collector();
    const { report } = await collector.turn();
    expect(report).toMatchObject({ blobsCondemned: 0, refusal: expect.stringMatching(/force a run/) });
    expect(new Set(Object.values(await lab.states()))).toEqual(new Set(['live']));

    await lab.database.transaction((tx) =>
      tx.insertInto('gc_run').values({ id: 'r', requested_at: 1, forced: 1, report: '{}' }).execute(),
    );
    expect(await collector.requested()).toMatchObject({ blobsCondemned: 30 });
    expect(await collector.requested()).toBeUndefined();
  });

  test('is no matter in a small store, nor of what is new', async () => {
    await using lab = await GarbageLab.open();
    await losing(lab);
    expect((await lab.collector({ most: { share: 0.5, atLeast: 30 } }).turn()).report.blobsCondemned).toBe(
      30,
    );
    const repo = await lab.repo();
    for (let at = 0; at < 30; at += 1) await push(repo, 'a', `new ${at}`);
    lab.advance(LEASE + GRACE + 1);
    expect((await lab.collector({ most: { share: 0, atLeast: 0 } }).turn()).report.blobsCondemned).toBe(30);
  });
});

describe('a dry run', () => {
  test('says what would be done and changes nothing', async () => {
    await using lab = await GarbageLab.open();
    const repo = await lab.repo();
    await push(repo, 'a', 'gone');
    lab.advance(LEASE + GRACE + 1);
    await lab.collector().turn();
    await push(repo, 'a', 'loose');
    lab.advance(LEASE + GRACE + 1);
    await repo.store(bodyOf(['orphan']));
    lab.advance(GRACE + 1);
    const dump = async () => {
      const { read } = lab.database;
      return [
        await read.selectFrom('gc_queue').selectAll().execute(),
        await read.selectFrom('blob').selectAll().execute(),
        await read.selectFrom('gc_state').selectAll().execute(),
        await read.selectFrom('gc_run').selectAll().execute(),
        await lab.objects(),
      ];
    };
    const before = await dump();

    const preview = await lab.collector().preview();

    expect(preview).toMatchObject({
      filesRemoved: 1,
      blobsFreed: 1,
      freedBytes: 4,
      quarantined: 1,
      quarantinedBytes: 6,
    });
    expect(await dump()).toEqual(before);
  });
});

describe('objects that no row has', () => {
  test('are set aside once they are settled, kept for a time, and then deleted', async () => {
    await using lab = await GarbageLab.open();
    const repo = await lab.repo();
    await push(repo, 'a', 'kept');
    await repo.store(bodyOf(['orphan']));
    const reconciler = lab.reconciler();
    expect(await reconciler.run({})).toEqual({ quarantined: 0, quarantinedBytes: 0 });

    lab.advance(GRACE + 1);
    expect(await reconciler.run({})).toEqual({ quarantined: 1, quarantinedBytes: 6 });
    expect(await lab.objects()).toHaveLength(1);
    expect(await reconciler.run({})).toEqual({ quarantined: 0, quarantinedBytes: 0 });
    expect(await reconciler.quarantined()).toEqual({ blobs: 1, bytes: 6 });
    expect(await reconciler.purge()).toEqual({ purged: 0, purgedBytes: 0 });

    lab.advance(7 * 24 * LEASE + 1);
    expect(await reconciler.purge()).toEqual({ purged: 1, purgedBytes: 6 });
    expect(await reconciler.quarantined()).toEqual({ blobs: 0, bytes: 0 });
  });

  test('are left alone when they are most of the store: the database may be another one’s', async () => {
    await using lab = await GarbageLab.open();
    const repo = await lab.repo();
    for (let at = 0; at < 11; at += 1) await repo.store(bodyOf([`orphan ${at}`]));
    lab.advance(GRACE + 1);
    const reconciler = lab.reconciler();
    expect(await reconciler.run({})).toMatchObject({
      quarantined: 0,
      refusal: expect.stringMatching(/^11 of 11 /),
    });
    expect(await lab.objects()).toHaveLength(11);
    expect(await reconciler.run({ forced: true })).toMatchObject({ quarantined: 11 });
  });
});
