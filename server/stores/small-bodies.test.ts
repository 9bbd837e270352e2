import { beforeEach, describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { BlobInfo, Body } from '../core/blob.ts';
import { notFound } from '../core/error.ts';
import { bodyOf } from '../testing/contracts/bodies.ts';
import { failureOf } from '../testing/failure-of.ts';
import { MemoryBlobs } from './blobs/memory.ts';
import { SmallBodies } from './small-bodies.ts';

const textOf = async (body: Body | Promise<Body>): Promise<string> => new Response(await body).text();

/** A store that counts how often it is read. */
class Counted extends MemoryBlobs {
  readonly reads: string[] = [];

  override open(...[blob, range]: Parameters<MemoryBlobs['open']>) {
    this.reads.push(blob.generation);
    return super.open(blob, range);
  }
}

let blobs: Counted;
beforeEach(() => {
  blobs = new Counted();
});
async function stored(text: string): Promise<BlobInfo> {
  const writer = await blobs.begin();
  await writer.append(bodyOf([text]));
  const { digest, size, generation } = await writer.commit();
  return { digest, size, generation };
}

describe('small bodies', () => {
  test('are read from the store once', async () => {
    const bodies = new SmallBodies(blobs, { largest: 10, capacity: 100 });
    const blob = await stored('small');

    for (let time = 0; time < 3; time += 1) expect(await textOf(bodies.open(blob))).toBe('small');

    expect(blobs.reads).toEqual([blob.generation]);
  });

  test('are those up to a size, read whole', async () => {
    const bodies = new SmallBodies(blobs, { largest: 5, capacity: 100 });
    const [small, large] = [await stored('12345'), await stored('123456')];

    for (let time = 0; time < 2; time += 1) {
      expect(await textOf(bodies.open(large))).toBe('123456');
      expect(await textOf(bodies.open(small, { start: 1, end: 2 }))).toBe('23');
    }

    expect(blobs.reads).toHaveLength(4);
  });

  test('answer ranges from memory once they are there', async () => {
    const bodies = new SmallBodies(blobs, { largest: 10, capacity: 100 });
    const blob = await stored('small');
    await bodies.open(blob);
    blobs.reads.length = 0;

    expect(await textOf(bodies.open(blob, { start: 1, end: 3 }))).toBe('mal');
    expect(await textOf(bodies.open(blob, { start: 4, end: 4 }))).toBe('l');
    expect(blobs.reads).toEqual([]);
  });

  test('of another generation are another body', async () => {
    const bodies = new SmallBodies(blobs, { largest: 10, capacity: 100 });
    const first = await stored('same');
    const second = await stored('same');
    await bodies.open(first);
    await blobs.delete(first);

    expect(await textOf(bodies.open(second))).toBe('same');
    expect(blobs.reads).toEqual([first.generation, second.generation]);
  });

  test('that cannot be read are not remembered as anything', async () => {
    const bodies = new SmallBodies(blobs, { largest: 10, capacity: 100 });
    const blob = await stored('small');
    await blobs.delete(blob);

    for (let time = 0; time < 2; time += 1)
      expect(await failureOf(Promise.resolve(bodies.open(blob)))).toMatchObject({
        code: notFound('BLOB').code,
      });
  });

  test('give up the one that was asked for the longest ago', async () => {
    const bodies = new SmallBodies(blobs, { largest: 10, capacity: 12 });
    const [a, b, c] = [await stored('aaaa'), await stored('bbbb'), await stored('cccc')];
    for (const blob of [a, b, c, a]) await bodies.open(blob);

    await bodies.open(await stored('dddd'));
    blobs.reads.length = 0;
    for (const blob of [a, c, b]) await bodies.open(blob);

    expect(blobs.reads).toEqual([b.generation]);
  });

  test('take no more memory than was said, whatever is asked for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 60 }), async (order) => {
        const bodies = new SmallBodies(blobs, { largest: 6, capacity: 20 });
        const all = await Promise.all(Array.from({ length: 10 }, (_, n) => stored(`${n}`.repeat(n))));
        for (const index of order) await textOf(bodies.open(all[index] as BlobInfo));

        // What is answered without a read is what is kept.
        let kept = 0;
        for (const blob of all) {
          const before = blobs.reads.length;
          const probe = bodies.open(blob);
          await probe;
          if (blobs.reads.length === before) kept += blob.size;
          else break;
        }
        expect(kept).toBeLessThanOrEqual(20);
      }),
      { numRuns: 50 },
    );
  });

  test('are read once for everyone who asks at once', async () => {
    const bodies = new SmallBodies(blobs, { largest: 10, capacity: 100 });
    const blob = await stored('small');

    const answers = await Promise.all(Array.from({ length: 5 }, () => textOf(bodies.open(blob))));

    expect(new Set(answers)).toEqual(new Set(['small']));
    expect(blobs.reads).toEqual([blob.generation]);
  });

  test('that could not be read for one of many are read again for the next', async () => {
    const bodies = new SmallBodies(blobs, { largest: 10, capacity: 100 });
    const blob = await stored('small');
    const open = blobs.open.bind(blobs);
    blobs.open = async () => {
      throw new Error('the disk is gone');
    };
    const asked = Array.from({ length: 3 }, () => failureOf(Promise.resolve(bodies.open(blob))));
    for (const failure of await Promise.all(asked))
      expect(failure).toMatchObject({ message: 'the disk is gone' });
    blobs.open = open;

    expect(await textOf(bodies.open(blob))).toBe('small');
  });
});
