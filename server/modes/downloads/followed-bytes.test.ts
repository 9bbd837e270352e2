import { expect, test } from 'bun:test';
import type { GrowingBlob } from '../../core/blob.ts';
import { bytesOf, noise } from '../../testing/contracts/bodies.ts';
import { readToEnd } from '../../testing/scripted-fetch.ts';
import { FollowedBytes } from './followed-bytes.ts';

/** Bytes in memory; `reading` is waited for by each read. */
const growing = (bytes: Uint8Array<ArrayBuffer>, reading: () => Promise<void> = async () => undefined) => {
  let closed = false;
  const blob: GrowingBlob = {
    size: async () => bytes.byteLength,
    read: async (start, most) => {
      await reading();
      if (closed) throw new Error('read after it was closed');
      return bytes.slice(start, start + most);
    },
    close: async () => {
      closed = true;
    },
  };
  return { blob, closed: () => closed };
};

test('what was read when the bytes began anew goes to nobody', async () => {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const { blob } = growing(bytesOf('old old'), () => {
    asked.resolve();
    return answered.promise;
  });
  const followed = new FollowedBytes();
  followed.begin({ ...blob, close: async () => undefined });
  followed.grew(7);
  const reading = readToEnd(followed.follow());
  await asked.promise;
  followed.begin(growing(bytesOf('new')).blob);
  answered.resolve();
  followed.grew(3);
  followed.finished();
  expect((await reading).bytes).toEqual(bytesOf('new'));
});

test('bytes that began anew more than once are held to what somebody has got', async () => {
  const old = noise(200_000);
  const [first, second, third] = [growing(old), growing(old), growing(old.slice())];
  const followed = new FollowedBytes();
  followed.begin(first.blob);
  followed.grew(100_000);
  const stream = followed.follow();
  const reader = stream.getReader();
  expect((await reader.read()).value?.byteLength).toBe(99_999);
  reader.releaseLock();
  const rest = readToEnd(stream);
  followed.begin(second.blob);
  followed.grew(10);
  followed.begin(third.blob);
  followed.grew(200_000);
  followed.finished();
  expect((await rest).bytes).toEqual(old.slice(99_999));
  expect([first, second, third].map(({ closed }) => closed())).toEqual([true, true, false]);
  await followed.letGo();
  expect(third.closed()).toBe(true);
});

test('bytes are let go of when the last reader has left, and at once when they are wrong', async () => {
  const { blob, closed } = growing(noise(10));
  const followed = new FollowedBytes();
  followed.begin(blob);
  followed.grew(10);
  const reader = followed.follow().getReader();
  await reader.read();
  followed.finished();
  const gone = followed.letGo();
  expect([closed(), followed.open]).toEqual([false, true]);
  await reader.cancel();
  await gone;
  expect([closed(), followed.open]).toEqual([true, false]);

  const wrong = growing(noise(10));
  const other = new FollowedBytes();
  other.begin(wrong.blob);
  other.grew(10);
  const stalled = other.follow().getReader();
  await stalled.read();
  other.failed(new Error('wrong'));
  await other.letGo();
  expect(wrong.closed()).toBe(true);
  expect(await stalled.read().catch(String)).toBe('Error: wrong');
});
