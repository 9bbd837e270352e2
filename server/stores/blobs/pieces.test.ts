import { expect, test } from 'bun:test';
import { bodyOf, endlessBody, noise } from '../../testing/contracts/bodies.ts';
import { Pieces } from './pieces.ts';

const MIB = 1024 * 1024;

/** Sizes of the pieces, and their bytes as they were while each might still be in use: until the next but one. */
async function consume(
  pieces: Pieces,
): Promise<{ readonly sizes: readonly number[]; readonly bytes: Uint8Array }> {
  const sizes: number[] = [];
  const copies: Uint8Array[] = [];
  let held: Uint8Array | undefined;
  for await (const piece of pieces) {
    sizes.push(piece.byteLength);
    if (held) copies.push(held.slice());
    held = piece;
  }
  if (held) copies.push(held.slice());
  return { sizes, bytes: Buffer.concat(copies) };
}

test('small chunks are joined', async () => {
  const bytes = noise(3 * MIB);
  const chunks = Array.from({ length: 3 * 1024 }, (_, n) => bytes.slice(n * 1024, (n + 1) * 1024));
  const { sizes, bytes: seen } = await consume(new Pieces(bodyOf(chunks)));
  expect(Buffer.compare(seen, bytes)).toBe(0);
  expect(sizes.length).toBeLessThan(10);
});

test('large chunks are cut', async () => {
  const bytes = noise(5 * MIB + 1);
  const { sizes, bytes: seen } = await consume(new Pieces(bodyOf([bytes])));
  expect(Buffer.compare(seen, bytes)).toBe(0);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MIB);
});

test('the order holds where small and large chunks alternate', async () => {
  const bytes = noise(4 * MIB);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += 300_000)
    chunks.push(
      bytes.slice(at, at + 100),
      bytes.slice(at + 100, at + 120),
      bytes.slice(at + 120, at + 300_000),
    );
  expect(Buffer.compare((await consume(new Pieces(bodyOf(chunks)))).bytes, bytes)).toBe(0);
});

test('a chunk that stays alone is not copied', async () => {
  const chunk = noise(100);
  const [piece] = await Array.fromAsync(new Pieces(bodyOf([chunk])));
  expect(piece).toBe(chunk);
});

test('a body that breaks off gives every byte it had, and then its reason', async () => {
  const failure = new Error('gone');
  const pieces = new Pieces(bodyOf(['all', ' of', ' this'], failure));
  expect(Buffer.from((await consume(pieces)).bytes).toString()).toBe('all of this');
  expect(() => pieces.rethrow()).toThrow(failure);
});

test('a body is read no faster than its pieces are used, and cancelled when they are not', async () => {
  const { body, cancelled, given } = endlessBody(noise(100_000));
  let used = 0;
  for await (const piece of new Pieces(body)) {
    used += piece.byteLength;
    expect(given() - used).toBeLessThan(2 * MIB);
    if (used > 8 * MIB) break;
  }
  await cancelled;
});

test('chunks are not kept waiting for more where it is to be prompt', async () => {
  const { sizes } = await consume(new Pieces(bodyOf(['one', 'three', '', 'x']), { prompt: true }));
  expect(sizes).toEqual([3, 5, 1]);
});
