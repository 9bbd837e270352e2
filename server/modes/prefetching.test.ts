import { describe, expect, test } from 'bun:test';
import type { Act } from '../core/audit.ts';
import type { LeftPrefetch, PrefetchReport, PrefetchStart, PrefetchStore } from '../core/prefetch.ts';
import type { Warmed } from '../core/remote-caches.ts';
import { failureOf } from '../testing/failure-of.ts';
import { Prefetching } from './prefetching.ts';

const ADDRESS = { project: 'p', location: 'us', repository: 'r' };
const WARMED: Warmed = { files: 1, fetched: 1, bytes: 1 };
const asking = (...artifacts: readonly string[]): PrefetchStart => ({
  artifacts,
  act: {} as Act,
  draft: { id: 'x', account: '', body: (report) => ({ ...report }) },
});

function lab(
  warm: (artifact: string) => Promise<Warmed>,
  left: LeftPrefetch[] = [],
  noting: (report: PrefetchReport) => Promise<void> = async () => undefined,
) {
  let isTaken = false;
  const released: string[] = [];
  const notes: PrefetchReport[] = [];
  const reported: unknown[] = [];
  const done = Promise.withResolvers<PrefetchReport>();
  const ended = Promise.withResolvers<void>();
  const store: PrefetchStore = {
    begin: async (_, { draft }, report) => draft.body(report),
    note: async (_, report) => {
      await noting(report);
      notes.push(report);
      if (report.done) done.resolve(report);
      return !isTaken;
    },
    renew: async () => !isTaken,
    release: async ({ id }) => {
      ended.resolve();
      if (!isTaken) released.push(id);
      return !isTaken;
    },
    takeUp: async () => left.shift(),
  };
  let at = 0;
  const work = new Prefetching({
    caches: { warm: (_, artifact) => warm(artifact) },
    store,
    body: (report) => ({ ...report }),
    now: () => (at += 10_000),
    report: (cause) => void reported.push(cause),
  });
  const take = () => (isTaken = true);
  return { work, notes, released, reported, take, ended: ended.promise, done: done.promise };
}

test('few are copied at a time, and each is counted', async () => {
  let [busy, most] = [0, 0];
  const { work, notes, done } = lab(async () => {
    busy += 1;
    most = Math.max(most, busy);
    await Promise.resolve();
    busy -= 1;
    return WARMED;
  });
  const all = Array.from({ length: 50 }, (_, at) => `a:${at}`);
  expect(await work.start(ADDRESS, asking(...all))).toMatchObject({ done: false, total: 50, fetched: 0 });
  expect(await done).toMatchObject({ done: true, total: 50, fetched: 50, interrupted: false });
  expect(most).toBe(6);
  const counts = notes.map(({ fetched }) => fetched);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(counts.length).toBeGreaterThan(10);
});

test('ends after what it is at where another took it up meanwhile', async () => {
  const asked: string[] = [];
  const { work, released, take, ended } = lab(async (artifact) => {
    asked.push(artifact);
    if (asked.length === 12) take();
    await new Promise(setImmediate);
    return WARMED;
  });
  const all = Array.from({ length: 1_000 }, (_, at) => `a:${at}`);
  await work.start(ADDRESS, asking(...all));
  await ended;
  expect(asked.length).toBeLessThan(all.length);
  expect(released).toEqual([]);
});

test('goes on where it cannot be noted for a while how far it is', async () => {
  const full = new Error('full');
  const { work, reported, done } = lab(
    async () => {
      await new Promise(setImmediate);
      return WARMED;
    },
    [],
    (report) => (report.done || report.fetched > 20 ? Promise.resolve() : Promise.reject(full)),
  );
  await work.start(ADDRESS, asking(...Array.from({ length: 50 }, (_, at) => `a:${at}`)));
  expect(await done).toMatchObject({ done: true, fetched: 50 });
  expect(new Set(reported)).toEqual(new Set([full]));
});

test('a failure that is ours tells nobody but the log what it was', async () => {
  const { work, reported, done } = lab(() => Promise.reject(new Error('the password is 5')));
  await work.start(ADDRESS, asking('a:1'));
  expect(await done).toMatchObject({
    failed: 1,
    failures: [{ artifact: 'a:1', message: expect.stringMatching(/^internal error/) }],
  });
  expect(reported).toEqual([expect.objectContaining({ message: 'the password is 5' })]);
});

test('only so many failures are told of', async () => {
  const { work, done } = lab(() => Promise.reject(new Error('no')));
  await work.start(ADDRESS, asking(...Array.from({ length: 150 }, (_, at) => `a:${at}`)));
  const report = await done;
  expect({ failed: report.failed, told: report.failures.length }).toEqual({ failed: 150, told: 100 });
});

test('a server that stops leaves the rest to others', async () => {
  const gate = Promise.withResolvers<Warmed>();
  const { work, notes, released } = lab(() => gate.promise);
  await work.start(ADDRESS, asking(...Array.from({ length: 20 }, (_, at) => `a:${at}`)));
  const stopped = work.stop();
  gate.resolve(WARMED);
  await stopped;
  expect(released).toEqual(['x']);
  expect(notes.at(-1)).toMatchObject({ done: false, fetched: 6 });
});

const left = (begun: number): LeftPrefetch => ({
  id: 'left',
  account: 'user:a',
  address: ADDRESS,
  artifacts: ['a:1', 'a:2'],
  begun,
});

describe('what another left', () => {
  test('is taken up', async () => {
    const { work, done } = lab(async () => WARMED, [left(2)]);
    await work.takeUp();
    expect(await done).toMatchObject({ done: true, total: 2, fetched: 2, interrupted: false });
  });

  test('waits while as much as possible is worked on', async () => {
    const gate = Promise.withResolvers<Warmed>();
    const waiting = [left(2)];
    const { work } = lab(() => gate.promise, waiting);
    for (let at = 0; at < 4; at += 1) await work.start(ADDRESS, asking('a:1'));
    await work.takeUp();
    expect(waiting).toHaveLength(1);
    gate.resolve(WARMED);
    await work.stop();
  });

  test('is given up when it was begun too often', async () => {
    const { work, done } = lab(() => Promise.reject(new Error('never asked')), [left(4)]);
    await work.takeUp();
    expect(await done).toMatchObject({ done: true, fetched: 0, failed: 0, interrupted: true });
  });
});

test('whoever asks while others are worked on is asked to wait', async () => {
  const gate = Promise.withResolvers<Warmed>();
  const { work } = lab(() => gate.promise);
  for (let at = 0; at < 4; at += 1) await work.start(ADDRESS, asking('a:1'));
  expect(await failureOf(work.start(ADDRESS, asking('a:1')))).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    reason: 'PREFETCH_BUSY',
  });
  gate.resolve(WARMED);
  await work.stop();
  expect(await work.start(ADDRESS, asking('a:1'))).toMatchObject({ done: false });
});
