import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { failureOf } from '../testing/failure-of.ts';
import { type ZipFile, zipped } from '../testing/zip.ts';
import { type RandomAccess, readZip, readZipEntry, ZIP_LIMITS } from './zip-archive.ts';

const access = (bytes: Uint8Array<ArrayBuffer>): RandomAccess => ({
  size: bytes.byteLength,
  async read(start, length) {
    if (start < 0 || start + length > bytes.byteLength) throw new RangeError(`${start}+${length}`);
    return bytes.slice(start, start + length);
  },
});

const name = fc.stringMatching(/^[a-z]{1,8}(?:\/[a-z]{1,8}){0,2}$/);

test('what was packed comes back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 2_000 })), {
        selector: ([path]) => path,
        minLength: 1,
      }),
      fc.boolean(),
      fc.string({ maxLength: 20 }),
      async (files, stored, comment) => {
        const ascii = comment.replaceAll(/[^ -~]|P/g, '');
        const archive = access(
          zipped(
            files.map(([path, content]) => ({ name: path, content })),
            { stored, comment: ascii },
          ),
        );
        const entries = await readZip(archive);
        expect([...entries.keys()]).toEqual(files.map(([path]) => path));
        for (const [path, content] of files) {
          const entry = entries.get(path);
          expect(entry && (await readZipEntry(archive, entry, 10_000))).toEqual(new Uint8Array(content));
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('bytes of any kind are read or refused, and never half', async () => {
  const whole = zipped([
    { name: 'a/b', content: 'text' },
    { name: 'c', content: 'more' },
  ]);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.byteLength - 1), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
      const bytes = whole.slice();
      bytes[at] = byte;
      const reading = (async () => {
        const archive = access(bytes);
        for (const entry of (await readZip(archive)).values()) await readZipEntry(archive, entry, 1_000);
      })();
      const failure = await reading.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure !== undefined) expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }),
    { numRuns: 1_000 },
  );
});

const one: ZipFile = { name: 'a', content: 'text' };

describe('an archive', () => {
  test.each([
    ['that is none', new Uint8Array(100), 'no zip archive'],
    ['that is empty', new Uint8Array(), 'no zip archive'],
    ['with something before it', zipped([one], { before: 'MZ' }), 'before its beginning'],
    ['with something behind it', zipped([one], { behind: 'x' }), 'behind its end'],
    ['with a name twice', zipped([one, one]), 'twice'],
    ['with another name in its own header', zipped([{ ...one, localName: 'b' }]), 'another entry'],
    ['that is encrypted', zipped([{ ...one, flags: 1 }]), 'encrypted'],
    ['in another compression', zipped([{ ...one, method: 14 }]), 'another way than deflate'],
    ['with a name that leads up', zipped([{ ...one, name: '../a' }]), 'not a path'],
    ['with an absolute name', zipped([{ ...one, name: '/a' }]), 'not a path'],
    ['with a backslash in a name', zipped([{ ...one, name: 'a\\b' }]), 'not a path'],
  ])('%s is refused', async (_, bytes, words) => {
    const failure = await failureOf(readZip(access(bytes)));
    expect(failure).toMatchObject({ reason: 'ARCHIVE_INVALID', message: expect.stringContaining(words) });
  });

  test.each([
    ['entries', { ...ZIP_LIMITS, entries: 1 }],
    ['bytes of its list', { ...ZIP_LIMITS, directory: 50 }],
    ['bytes', { ...ZIP_LIMITS, inflated: 100 }],
    ['bytes for its size', { ...ZIP_LIMITS, ratioAbove: 10, ratio: 2 }],
  ])('of too many %s is refused', async (_, limits) => {
    const bytes = zipped([{ name: 'b', content: 'x'.repeat(10_000) }, one]);
    expect(await failureOf(readZip(access(bytes), limits))).toMatchObject({ reason: 'SIZE_LIMIT' });
  });

  test('an entry larger than is wanted is not read', async () => {
    const archive = access(zipped([{ name: 'a', content: 'x'.repeat(10_000) }]));
    const entry = (await readZip(archive)).get('a');
    expect(entry && (await failureOf(readZipEntry(archive, entry, 100)))).toMatchObject({
      reason: 'SIZE_LIMIT',
    });
  });
});
