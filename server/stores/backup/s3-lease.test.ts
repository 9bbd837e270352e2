import { expect, test } from 'bun:test';
import { failureOf } from '../../testing/failure-of.ts';
import type { S3Bucket } from '../s3/s3-bucket.ts';
import { BackupError } from './backup-error.ts';
import { S3Lease } from './s3-lease.ts';

/** Storage with a clock of its own, which writes when it is let to. */
function storage() {
  const objects = new Map<string, number>();
  const state = { at: 1_000_000, wait: Promise.resolve(), writing: Promise.withResolvers<void>() };
  const bucket = {
    async put(key: string) {
      state.writing.resolve();
      await state.wait;
      objects.set(key, state.at);
    },
    remove: async (key: string) => void objects.delete(key),
    page: async () => ({
      at: state.at,
      objects: Array.from(objects, ([key, writtenAt]) => ({ key, size: 0, writtenAt })),
    }),
  };
  const take = (id: string) =>
    S3Lease.take({
      bucket: bucket as unknown as S3Bucket,
      address: 's3://bucket',
      folder: 'locks/',
      id,
      leaseMs: 20,
      pause: Bun.sleep,
    });
  return { objects, state, take };
}

test('is lost by who was so slow to say again that they are there that another may have begun', async () => {
  const { objects, state, take } = storage();
  await using held = await take('slow');
  await held.check();

  const stalled = Promise.withResolvers<void>();
  state.wait = stalled.promise;
  state.writing = Promise.withResolvers();
  await state.writing.promise;
  state.at += 1_000;
  objects.delete('locks/slow');
  stalled.resolve();
  while (!objects.has('locks/slow')) await Bun.sleep(1);

  expect(await failureOf(held.check())).toBeInstanceOf(BackupError);
  expect(await failureOf(held.check())).toBeInstanceOf(BackupError);
});
