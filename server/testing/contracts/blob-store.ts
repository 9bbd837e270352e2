import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type {
  BlobInfo,
  BlobStore,
  Body,
  ByteRange,
  ChecksumAlgorithm,
  GrowingBlob,
} from '../../core/blob.ts';
import { bodyOf, bytesOf, endlessBody, noise, pausedBody } from './bodies.ts';
import { failureOf } from '../failure-of.ts';

export interface BlobStoreUnderTest {
  readonly store: BlobStore;
  dispose(): Promise<void>;
}

const ABSENT: BlobInfo = { digest: `sha256:${'0'.repeat(64)}`, size: 1, generation: '0'.repeat(32) };
const UNKNOWN_UPLOAD = { code: 'NOT_FOUND', reason: 'BLOB_UPLOAD_UNKNOWN' };

const hash = (algorithm: ChecksumAlgorithm, bytes: Uint8Array): string =>
  new Bun.CryptoHasher(algorithm).update(bytes).digest('hex');

const byName = (a: BlobInfo, b: BlobInfo): number => (a.digest < b.digest ? -1 : 1);

const textOf = (body: Body): Promise<string> => new Response(body).text();

const whole = async (growing: GrowingBlob): Promise<string> => {
  const pieces: Uint8Array[] = [];
  const size = await growing.size();
  for (let at = 0; at < size;) {
    const piece = await growing.read(at, 1_000);
    pieces.push(piece);
    at += piece.byteLength;
  }
  return Buffer.concat(pieces).toString();
};

/** The promises every BlobStore makes. A store keeps all of them or is not a BlobStore. */
export function blobStoreContract(name: string, make: () => Promise<BlobStoreUnderTest>): void {
  describe(`${name} is a BlobStore`, () => {
    let subject: BlobStoreUnderTest;
    let store: BlobStore;
    beforeEach(async () => {
      subject = await make();
      ({ store } = subject);
    });
    afterEach(() => subject.dispose());

    const commit = async (text: string) => {
      const writer = await store.begin();
      await writer.append(bodyOf([text]));
      return writer.commit();
    };
    const objects = () => Array.fromAsync(store.list());
    const uploads = () => Array.fromAsync(store.uploads());
    const expectNothingKept = async (id: string) => {
      expect(await objects()).toEqual([]);
      expect(await uploads()).toEqual([]);
      expect(await failureOf(store.resume(id))).toMatchObject(UNKNOWN_UPLOAD);
    };

    describe('writing', () => {
      test('hides bytes until they are committed', async () => {
        const writer = await store.begin();
        await writer.append(bodyOf(['half']));
        expect(await objects()).toEqual([]);
        const { digest, size, generation } = await writer.commit();
        expect(await objects()).toEqual([{ digest, size, generation }]);
        expect(await uploads()).toEqual([]);
      });

      test('names bytes by their sha256 and counts them', async () => {
        const committed = await commit('bytes');
        expect(committed).toMatchObject({ digest: `sha256:${hash('sha256', bytesOf('bytes'))}`, size: 5 });
        expect(committed.checksums).toEqual([{ algorithm: 'sha256', hex: hash('sha256', bytesOf('bytes')) }]);
      });

      test('takes a blob without bytes', async () => {
        const writer = await store.begin();
        const committed = await writer.commit({ size: 0 });
        expect(await textOf(await store.open(committed))).toBe('');
      });

      test.each([
        ['one byte at a time', [1], 4_000],
        ['small ones', [700, 3, 0, 65_535], 300_000],
        ['large ones', [3_000_000], 7_000_001],
        ['small and large ones mixed', [10, 1_500_000, 1, 262_144, 90_000, 524_288, 5], 6_000_000],
      ])('takes chunks of any size: %s', async (_, sizes, total) => {
        const bytes = noise(total);
        const chunks: Uint8Array<ArrayBuffer>[] = [];
        for (let at = 0; at < total;) {
          const end = at + (sizes[chunks.length % sizes.length] ?? 1);
          chunks.push(bytes.slice(at, end));
          at = end;
        }
        const writer = await store.begin();
        expect(await writer.append(bodyOf(chunks))).toBe(total);
        const committed = await writer.commit();
        expect(committed).toMatchObject({ digest: `sha256:${hash('sha256', bytes)}`, size: total });
        expect(hash('sha256', await new Response(await store.open(committed)).bytes())).toBe(
          committed.digest.slice(7),
        );
      });

      test('adds one append to the other', async () => {
        const writer = await store.begin();
        expect(writer.offset).toBe(0);
        expect(await writer.append(bodyOf(['one ']))).toBe(4);
        expect(await writer.append(bodyOf([]))).toBe(4);
        expect(await writer.append(bodyOf(['two']))).toBe(7);
        expect(writer.offset).toBe(7);
        expect(await textOf(await store.open(await writer.commit()))).toBe('one two');
      });

      test('computes the other checksums that were asked for', async () => {
        const writer = await store.begin({ algorithms: ['md5', 'sha1', 'sha512'] });
        await writer.append(bodyOf(['by', 'tes']));
        const { checksums } = await writer.commit();
        const found = Object.fromEntries(checksums.map(({ algorithm, hex }) => [algorithm, hex]));
        const bytes = bytesOf('bytes');
        expect(found).toEqual({
          md5: hash('md5', bytes),
          sha1: hash('sha1', bytes),
          sha256: hash('sha256', bytes),
          sha512: hash('sha512', bytes),
        });
      });

      test('checks a checksum that only the commit asks for', async () => {
        const right = { algorithm: 'sha512', hex: hash('sha512', bytesOf('bytes')) } as const;
        const writer = await store.begin();
        await writer.append(bodyOf(['bytes']));
        expect((await writer.commit({ checksums: [right], size: 5 })).checksums).toContainEqual(right);

        const other = await store.begin();
        await other.append(bodyOf(['bytez']));
        expect(await failureOf(other.commit({ checksums: [right] }))).toMatchObject({
          reason: 'DIGEST_INVALID',
        });
      });

      test('gives the same bytes a new generation each time', async () => {
        const [one, two] = [await commit('same'), await commit('same')];
        expect(one.digest).toBe(two.digest);
        expect(one.generation).not.toBe(two.generation);
      });
    });

    describe('refusing', () => {
      test('keeps nothing when a checksum differs, and says which', async () => {
        const writer = await store.begin();
        await writer.append(bodyOf(['tampered']));
        const hex = 'f'.repeat(64);
        expect(await failureOf(writer.commit({ checksums: [{ algorithm: 'sha256', hex }] }))).toMatchObject({
          code: 'INVALID_ARGUMENT',
          reason: 'DIGEST_INVALID',
          message: `expected sha256:${hex}, received sha256:${hash('sha256', bytesOf('tampered'))}`,
        });
        await expectNothingKept(writer.id);
      });

      test('keeps nothing when the size differs', async () => {
        const writer = await store.begin();
        await writer.append(bodyOf(['four']));
        expect(await failureOf(writer.commit({ size: 5 }))).toMatchObject({
          code: 'INVALID_ARGUMENT',
          reason: 'SIZE_INVALID',
        });
        await expectNothingKept(writer.id);
      });

      test('stops a body at the limit, without waiting for its end, and keeps nothing', async () => {
        const writer = await store.begin({ limit: 2_000_000 });
        const { body, cancelled, given } = endlessBody(noise(100_000));
        expect(await failureOf(writer.append(body))).toMatchObject({
          code: 'INVALID_ARGUMENT',
          reason: 'SIZE_LIMIT',
          status: 413,
        });
        await cancelled;
        expect(given()).toBeLessThan(6_000_000);
        await expectNothingKept(writer.id);
      });

      test('takes as many bytes as the limit says, over all appends', async () => {
        const writer = await store.begin({ limit: 6 });
        await writer.append(bodyOf(['123', '456']));
        expect(await failureOf(writer.append(bodyOf(['7'])))).toMatchObject({ reason: 'SIZE_LIMIT' });
        await expectNothingKept(writer.id);
      });

      test('gives a place to one of two bodies that were made for it', async () => {
        const first = await store.begin();
        const second = await store.resume(first.id);
        expect(await first.append(bodyOf(['first']), 0)).toBe(5);

        expect(await failureOf(second.append(bodyOf(['other']), 0))).toMatchObject({
          code: 'OUT_OF_RANGE',
          reason: 'RANGE_INVALID',
        });
        expect(second.offset).toBe(5);
        expect(await second.append(bodyOf([' next']), 5)).toBe(10);
        expect(await first.commit({ size: 10 })).toMatchObject({ size: 10 });
      });

      test('lets only one append in at a time', async () => {
        const first = await store.begin();
        const { body, waiting, finish } = pausedBody(['first']);
        const appending = first.append(body);
        await waiting;
        const second = await store.resume(first.id);
        for (const writer of [first, second])
          expect(await failureOf(writer.append(bodyOf(['second'])))).toMatchObject({
            code: 'ABORTED',
            status: 409,
          });
        expect(await failureOf(second.commit())).toMatchObject({ code: 'ABORTED' });
        finish();
        expect(await appending).toBe(5);
        expect(await textOf(await store.open(await second.commit()))).toBe('first');
      });
    });

    describe('coming back', () => {
      test('keeps what had arrived when a body breaks off', async () => {
        const writer = await store.begin();
        const failure = new Error('client gone');
        expect(await failureOf(writer.append(bodyOf(['arri', 'ved'], failure)))).toBe(failure);
        expect(writer.offset).toBe(7);
        const resumed = await store.resume(writer.id);
        expect(resumed.offset).toBe(7);
        expect(await resumed.append(bodyOf([' and went on']))).toBe(19);
        expect(await textOf(await store.open(await resumed.commit()))).toBe('arrived and went on');
      });

      test('continues a released upload', async () => {
        const writer = await store.begin({ algorithms: ['md5'] });
        await writer.append(bodyOf(['one ']));
        await writer.release();
        const resumed = await store.resume(writer.id, { algorithms: ['md5'] });
        await resumed.append(bodyOf(['two']));
        await resumed.release();
        const { digest, checksums } = await (await store.resume(writer.id, { algorithms: ['md5'] })).commit();
        expect(digest).toBe(`sha256:${hash('sha256', bytesOf('one two'))}`);
        expect(checksums).toContainEqual({ algorithm: 'md5', hex: hash('md5', bytesOf('one two')) });
      });

      test('lists uploads with the time they last grew', async () => {
        const writer = await store.begin();
        const before = Date.now();
        await writer.append(bodyOf(['x']));
        const [upload, ...others] = await uploads();
        expect(others).toEqual([]);
        expect(upload?.id).toBe(writer.id);
        // File systems stamp with the last tick of a coarse clock.
        expect(upload?.touchedAt).toBeGreaterThan(before - 100);
        expect(upload?.touchedAt).toBeLessThanOrEqual(Date.now());
      });

      test('forgets an aborted upload, however often', async () => {
        const writer = await store.begin();
        await writer.append(bodyOf(['never mind']));
        await writer.abort();
        await writer.abort();
        await expectNothingKept(writer.id);
        expect(await failureOf(writer.append(bodyOf(['more'])))).toMatchObject(UNKNOWN_UPLOAD);
        expect(await failureOf(writer.commit())).toMatchObject(UNKNOWN_UPLOAD);
      });

      test('does not go on with a finished upload', async () => {
        const writer = await store.begin();
        const other = await store.resume(writer.id);
        await writer.commit();
        expect(await failureOf(store.resume(writer.id))).toMatchObject(UNKNOWN_UPLOAD);
        for (const late of [writer, other]) {
          expect(await failureOf(late.append(bodyOf(['late'])))).toMatchObject(UNKNOWN_UPLOAD);
          expect(await failureOf(late.commit())).toMatchObject(UNKNOWN_UPLOAD);
        }
      });

      test.each(['', '.', '..', '../layout', 'f'.repeat(32), 'é', `${'0'.repeat(31)}/`])(
        'knows no upload called %p',
        async (id) => {
          expect(await failureOf(store.resume(id))).toMatchObject(UNKNOWN_UPLOAD);
        },
      );
    });

    describe('following', () => {
      test('gives bytes as they come, and tells when', async () => {
        const writer = await store.begin();
        const growing = await store.follow(writer.id);
        expect([await growing.size(), (await growing.read(0, 10)).byteLength]).toEqual([0, 0]);
        const grown: number[] = [];
        const arrived = Promise.withResolvers<void>();
        const { body, waiting, finish } = pausedBody(['one ', 'two']);
        const appending = writer.append(body, 0, (offset) => {
          grown.push(offset);
          if (offset === 7) arrived.resolve();
        });
        await waiting;
        await arrived.promise;
        expect(grown).toEqual([4, 7]);
        expect(await whole(growing)).toBe('one two');
        expect(new TextDecoder().decode(await growing.read(4, 1))).toBe('t');
        finish();
        await appending;
        await growing.close();
      });

      test.each(['committed', 'aborted'])('keeps what there was when the upload is %s', async (fate) => {
        const writer = await store.begin();
        const growing = await store.follow(writer.id);
        await writer.append(bodyOf(['whatever', ' becomes of it']));
        if (fate === 'committed') await store.delete(await writer.commit());
        else await writer.abort();
        expect(await whole(growing)).toBe('whatever becomes of it');
        await growing.close();
        await growing.close();
      });

      test('takes no part in writing', async () => {
        const writer = await store.begin();
        const growing = await store.follow(writer.id);
        await writer.append(bodyOf(['mine']));
        await growing.close();
        expect(await textOf(await store.open(await writer.commit()))).toBe('mine');
        expect(await uploads()).toEqual([]);
      });

      test('knows no upload that is over or never was', async () => {
        const writer = await store.begin();
        await writer.commit();
        for (const id of [writer.id, 'f'.repeat(32), '../layout'])
          expect(await failureOf(store.follow(id))).toMatchObject(UNKNOWN_UPLOAD);
      });
    });

    describe('reading', () => {
      test.each<[string, ByteRange | undefined, string]>([
        ['everything', undefined, '0123456789'],
        ['the first byte', { start: 0, end: 0 }, '0'],
        ['the last byte', { start: 9, end: 9 }, '9'],
        ['a middle part', { start: 3, end: 6 }, '3456'],
        ['all of it as a range', { start: 0, end: 9 }, '0123456789'],
      ])('gives %s', async (_, range, text) => {
        const blob = await commit('0123456789');
        expect(await textOf(await store.open(blob, range))).toBe(text);
      });

      test('says NOT_FOUND for an object it lacks', async () => {
        expect(await failureOf(store.open(ABSENT))).toMatchObject({
          code: 'NOT_FOUND',
          reason: 'BLOB_UNKNOWN',
        });
        expect(await store.has(ABSENT)).toBe(false);
      });

      test('does not give out an object of another size', async () => {
        const blob = await commit('four');
        const wrong = { ...blob, size: 5 };
        expect([await store.has(blob), await store.has(wrong)]).toEqual([true, false]);
        expect(await failureOf(store.open(wrong))).toMatchObject({ code: 'NOT_FOUND' });
      });

      test('lists every object', async () => {
        const texts = Array.from({ length: 20 }, (_, n) => `object ${n}`);
        const committed = await Promise.all(texts.map(commit));
        const expected = committed.map(({ digest, size, generation }) => ({ digest, size, generation }));
        expect((await objects()).toSorted(byName)).toEqual(expected.toSorted(byName));
      });
    });

    describe('deleting', () => {
      test('removes one generation and leaves the others', async () => {
        const [one, two] = [await commit('same'), await commit('same')];
        await store.delete(one);
        expect([await store.has(one), await store.has(two)]).toEqual([false, true]);
        expect(await textOf(await store.open(two))).toBe('same');
      });

      test('counts absence as done', async () => {
        const blob = await commit('gone');
        await store.delete(blob);
        await store.delete(blob);
        await store.delete(ABSENT);
        expect(await objects()).toEqual([]);
      });
    });

    test('knows how much more it can take', async () => {
      expect(await store.freeBytes()).toBeGreaterThan(0);
    });
  });
}
