import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { HostedRepo } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import { COLLECT_STEPS } from '../../retain/collector.ts';
import { bodyOf } from '../../testing/contracts/bodies.ts';
import { fileOf, linked, publish, textOf } from '../../testing/contracts/repo-under-test.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { DELAY, GarbageLab, GRACE, LEASE } from '../../testing/garbage-lab.ts';
import { GarbageQueue } from './gc-tables.ts';

let lab: GarbageLab;
let repo: HostedRepo;
beforeEach(async () => {
  lab = await GarbageLab.open();
  repo = await lab.repo();
});
afterEach(() => lab[Symbol.asyncDispose]());

/** A loose file whose lease is over and whose blob is condemned. */
async function condemned(text = 'layer') {
  const ref = await linked(repo, 'pkg', text);
  const file = await repo.file(ref);
  if (!file) throw new Error('not linked');
  lab.advance(LEASE + GRACE + 1);
  // The triggers go by the real time, so the grace that begins with the loss of the last name is over at once.
  await lab.collector().turn();
  expect((await lab.states())[file.blob.digest]).toBe('condemned');
  return { ref, file };
}
/** A transaction with all the time there is. */
const AMPLE = { limit: 10, budgetMs: 1, elapsed: () => 0 };

const count = async (table: 'gc_queue' | 'blob' | 'file' | 'package' | 'audit_entry') =>
  (await lab.database.read.selectFrom(table).selectAll().execute()).length;

describe('a loose file', () => {
  test('stays for its lease and the grace, and then goes with its bytes and its package', async () => {
    await linked(repo, 'pkg', 'layer');
    lab.advance(LEASE + GRACE - 1_000);
    await lab.collector().turn();
    expect(await count('file')).toBe(1);

    lab.advance(2_000);
    expect((await lab.collector().turn()).report.filesRemoved).toBe(1);
    expect([await count('file'), await count('package'), await count('blob')]).toEqual([0, 0, 1]);

    await lab.settle();
    expect([await count('blob'), await count('gc_queue'), await lab.objects()]).toEqual([0, 0, []]);
  });

  test('stays while a version is made of it, and goes once none is', async () => {
    const { path } = await linked(repo, 'pkg', 'layer');
    await publish(repo, 'pkg', '1', { uses: [path] });
    await lab.settle();
    expect(await textOf(repo, fileOf('pkg', 'layer'))).toBe('layer');
    expect(await count('gc_queue')).toBe(0);

    await repo.unpublish('pkg', '1');
    await lab.settle();
    expect([await count('file'), await count('blob'), await lab.objects()]).toEqual([0, 0, []]);
  });

  test('that is renewed gets a whole lease', async () => {
    const ref = await linked(repo, 'pkg', 'layer');
    lab.advance(LEASE * 0.9);
    const file = await repo.file(ref);
    if (file) await repo.renew(file);
    lab.advance(LEASE * 0.9 + GRACE);
    await lab.collector().turn();
    expect(await textOf(repo, ref)).toBe('layer');
  });

  test('that is gone cannot be renewed, so nobody is told that it need not be sent', async () => {
    const ref = await linked(repo, 'pkg', 'layer');
    const file = await repo.file(ref);
    if (!file) throw new Error('not linked');
    lab.advance(LEASE + GRACE + 1);
    await lab.collector().turn();
    expect(await failureOf(repo.renew(file))).toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('a version without a tag stays', async () => {
  await publish(repo, 'pkg', '1');
  await lab.settle();
  expect(await repo.version('pkg', '1')).toBeDefined();
  expect(await count('gc_queue')).toBe(0);
});

/** Everything that may rely on a digest, while its blob is on the way out. `fresh` says that it brings the bytes. */
const WAYS: readonly (readonly [
  string,
  { fresh: boolean; use: (c: Awaited<ReturnType<typeof condemned>>) => Promise<void> },
])[] = [
  [
    'a push of the same bytes',
    {
      fresh: true,
      use: async ({ ref }) => {
        await repo.link({ ...ref, blob: await repo.store(bodyOf(['layer'])) });
      },
    },
  ],
  [
    'a mount',
    { fresh: false, use: async ({ file }) => repo.link({ ...fileOf('other', 'layer'), blob: file.blob }) },
  ],
  [
    'a version of the same bytes',
    {
      fresh: true,
      use: async () => {
        const blob = await repo.store(bodyOf(['layer']));
        const files = [{ ...fileOf('pkg', 'files/1'), blob }];
        const { size } = blob;
        await repo.publish({
          package: 'pkg',
          version: '1',
          attributes: {},
          size,
          files,
          onConflict: 'reject',
        });
      },
    },
  ],
];

describe.each(WAYS)('%s', (_, { fresh, use }) => {
  test('revives what is condemned', async () => {
    const was = await condemned();
    await use(was);
    expect((await lab.states())[was.file.blob.digest]).toBe('live');
    lab.advance(DELAY + 1);
    await lab.collector().turn();
    expect(await lab.faults()).toEqual([]);
    expect((await lab.states())[was.file.blob.digest]).toBe('live');
  });

  test.each(COLLECT_STEPS.slice(1))('at a blob that is %s leaves nothing dangling', async (at) => {
    const was = await condemned();
    lab.advance(DELAY + 1);
    let outcome: unknown = 'not asked';
    const onStep = async (step: string) => {
      if (step === at)
        outcome = await use(was).then(
          () => 'done',
          (error: unknown) => error,
        );
    };

    await lab.collector({ onStep }).turn();

    if (fresh) expect(outcome).toBe('done');
    else expect(outcome).toMatchObject({ code: 'NOT_FOUND', reason: 'BLOB_UNKNOWN' });
    expect(await lab.faults()).toEqual([]);
    expect((await lab.states())[was.file.blob.digest]).toBe(fresh ? 'live' : undefined);
  });
});

test('what was pushed again while it was deleted waits, once let go, for no lease of that deletion', async () => {
  const { ref, file } = await condemned();
  lab.advance(DELAY + 1);
  const onStep = async (step: string) => {
    if (step === 'marked') await repo.link({ ...ref, blob: await repo.store(bodyOf(['layer'])) });
  };
  await lab.collector({ onStep, times: { graceMs: 0, sweepDelayMs: 0 } }).turn();
  expect((await lab.states())[file.blob.digest]).toBe('live');

  await repo.unlink(ref.path);
  const { report } = await lab.collector({ times: { graceMs: 0, sweepDelayMs: 0 } }).turn();

  expect(report).toMatchObject({ blobsCondemned: 1, blobsFreed: 1 });
  expect([await count('blob'), await count('gc_queue'), await lab.objects()]).toEqual([0, 0, []]);
});

describe('a collector that is killed', () => {
  test.each(COLLECT_STEPS)('when blobs are %s leaves the rest to the next', async (at) => {
    await condemned();
    lab.advance(DELAY + 1);
    if (at === 'condemned') {
      await linked(repo, 'pkg', 'second');
      lab.advance(LEASE + GRACE + 1);
    }
    const killed = new Error('killed');
    const onStep = (step: string) => {
      if (step === at) throw killed;
    };
    expect(await failureOf(lab.collector({ onStep }).turn())).toBe(killed);
    expect((await lab.faults()).filter((fault) => !fault.endsWith('orphan'))).toEqual([]);

    await lab.settle();
    expect([await count('blob'), await count('gc_queue'), await lab.objects()]).toEqual([0, 0, []]);
    const { report } = await lab.collector().turn();
    expect(Object.values(report).every((value) => value === 0)).toBe(true);
  });
});

describe('two collectors', () => {
  test('do not delete one blob twice, and one takes over when the other is gone', async () => {
    await condemned();
    lab.advance(DELAY + 1);
    const tables = new GarbageQueue(lab.database);
    const batch = { ...AMPLE, now: lab.now(), graceMs: GRACE, sweepDelayMs: DELAY };
    expect(await tables.markDeleting(batch, LEASE)).toHaveLength(1);
    expect(await tables.markDeleting(batch, LEASE)).toEqual([]);
    const later = { ...batch, now: lab.now() + LEASE };
    expect(await tables.markDeleting(later, LEASE)).toMatchObject([{ attempts: 2 }]);
  });

  test('at once free everything once', async () => {
    for (let at = 0; at < 60; at += 1) await linked(repo, 'pkg', `layer ${at}`);
    lab.advance(LEASE + GRACE + 1);
    await lab.collector({ most: { share: 1, atLeast: 0 } }).turn();
    lab.advance(DELAY + 1);
    const turns = await Promise.all([lab.collector().turn(), lab.collector().turn()]);
    expect(turns.reduce((sum, { report }) => sum + report.blobsFreed, 0)).toBe(60);
    expect([await count('blob'), await lab.objects(), await lab.faults()]).toEqual([0, [], []]);
  });
});

test('where the time of a transaction is over at once, several do what one cannot', async () => {
  for (let at = 0; at < 60; at += 1) await linked(repo, 'pkg', `layer ${at}`);
  let milliseconds = 0;
  const elapsed = () => (milliseconds += 1_000);
  const pace = { elapsed, pause: async () => undefined, checkpoint: () => undefined };
  const hurried = () => lab.collector({ pace, most: { share: 1, atLeast: 0 } });
  lab.advance(LEASE + GRACE + 1);
  expect((await hurried().turn()).report).toMatchObject({ filesRemoved: 60, blobsCondemned: 60 });
  lab.advance(DELAY + 1);
  expect((await hurried().turn()).report).toMatchObject({ blobsFreed: 60, failures: 0 });
  expect([await count('blob'), await count('gc_queue'), await lab.objects()]).toEqual([0, 0, []]);
});

test('an object that cannot be deleted is no object that is not there', async () => {
  const { file } = await condemned();
  lab.advance(DELAY + 1);
  const broken = new RegistryError('UNAVAILABLE', 'STORAGE_FAILED', 'the storage failed');
  const blobs = { delete: () => Promise.reject(broken) };
  const { report } = await lab.collector({ blobs }).turn();
  expect(report).toMatchObject({ blobsFreed: 0, failures: 1 });
  expect((await lab.states())[file.blob.digest]).toBe('deleting');
  expect((await lab.collector().turn()).report.blobsFreed).toBe(0);

  lab.advance(2_100);
  expect((await lab.collector().turn()).report.blobsFreed).toBe(1);
});

describe('the audit log', () => {
  test('has one entry for each run that freed something', async () => {
    await condemned('a');
    expect(await count('audit_entry')).toBe(0);
    lab.advance(DELAY + 1);
    await lab.collector().turn();
    await lab.settle();
    const entries = await lab.database.read.selectFrom('audit_entry').selectAll().execute();
    expect(entries).toMatchObject([
      {
        method: 'entrepot.v1.Storage.CollectGarbage',
        subject: 'system:garbage-collector',
        resource: 'organizations/entrepot',
        code: 0,
        response: '{"blobsFreed":"1","freedBytes":"1"}',
      },
    ]);
  });

  test('says unfinished of a run that was broken off', async () => {
    await condemned();
    lab.advance(DELAY + 1);
    const tables = new (class extends GarbageQueue {
      override endRun = () => Promise.reject(new Error('killed'));
    })(lab.database);
    await failureOf(lab.collector({ tables }).turn());
    const entries = await lab.database.read.selectFrom('audit_entry').select('code').execute();
    expect(entries).toEqual([{ code: 2 }]);
  });
});
