import { expect, test } from 'bun:test';
import type { Act } from '../core/audit.ts';
import type { PrefetchReport, PrefetchStart, PrefetchStore } from '../core/prefetch.ts';
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

function lab(warm: (artifact: string) => Promise<Warmed>) {
  const notes: PrefetchReport[] = [];
  const reported: unknown[] = [];
  const done = Promise.withResolvers<PrefetchReport>();
  const store: PrefetchStore = {
    begin: async (_, { draft }, report) => draft.body(report),
    note: async (_, report) => {
      notes.push(report);
      if (report.done) done.resolve(report);
    },
  };
  let at = 0;
  const work = new Prefetching({
    caches: { warm: (_, artifact) => warm(artifact) },
    store,
    now: () => (at += 10_000),
    report: (cause) => void reported.push(cause),
  });
  return { work, notes, reported, done: done.promise };
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

test('a server that stops says that it was not done', async () => {
  const gate = Promise.withResolvers<Warmed>();
  const { work, done } = lab(() => gate.promise);
  await work.start(ADDRESS, asking(...Array.from({ length: 20 }, (_, at) => `a:${at}`)));
  const stopped = work.stop();
  gate.resolve(WARMED);
  await stopped;
  expect(await done).toMatchObject({ done: true, fetched: 6, interrupted: true });
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
