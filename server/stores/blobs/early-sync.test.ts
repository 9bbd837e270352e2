import { expect, test } from 'bun:test';
import { EarlySync } from './early-sync.ts';

const MIB = 1024 * 1024;

/** A file whose syncs end when the test says so. */
function heldFile() {
  const held: { end: () => void; fail: (error: Error) => void }[] = [];
  const datasync = () =>
    new Promise<void>((end, fail) => {
      held.push({ end, fail });
    });
  return { held, datasync };
}

test('leaves a small file to the sync at the end', () => {
  const file = heldFile();
  const early = new EarlySync(file);

  early.wrote(31 * MIB);

  expect(file.held).toHaveLength(0);
});

test('syncs once for many writes, and not again before that one is over', async () => {
  const file = heldFile();
  const early = new EarlySync(file);
  for (let piece = 0; piece < 80; piece += 1) early.wrote(MIB);
  const during = file.held.length;
  file.held[0]?.end();
  await early.settled();
  early.wrote(MIB);

  expect([during, file.held.length]).toEqual([1, 2]);
});

test('waits for the sync under way', async () => {
  const file = heldFile();
  const early = new EarlySync(file);
  early.wrote(32 * MIB);
  let over = false;
  const waiting = early.settled().then(() => {
    over = true;
  });
  await Promise.resolve();
  const before = over;
  file.held[0]?.end();
  await waiting;

  expect([before, over]).toEqual([false, true]);
});

test('remembers a failure, since the kernel tells it only once', async () => {
  const file = heldFile();
  const early = new EarlySync(file);
  early.wrote(32 * MIB);
  file.held[0]?.fail(Object.assign(new Error('input/output error'), { code: 'EIO' }));
  await early.settled();
  early.wrote(32 * MIB);
  file.held[1]?.end();
  await early.settled();

  expect(early.failure).toMatchObject({ code: 'UNAVAILABLE', reason: 'STORAGE_FAILED' });
});
