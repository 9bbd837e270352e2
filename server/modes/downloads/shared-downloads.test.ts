import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { readdir, rm } from 'node:fs/promises';
import type { BlobStore, CommittedBlob } from '../../core/blob.ts';
import type { Download, Fetching } from '../../core/downloads.ts';
import { notFound, RegistryError } from '../../core/error.ts';
import { FilesystemBlobs } from '../../stores/blobs/filesystem.ts';
import { MemoryBlobs } from '../../stores/blobs/memory.ts';
import { noise } from '../../testing/contracts/bodies.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { temporary } from '../../testing/harness.ts';
import {
  expecting,
  readToEnd,
  type Scripted,
  ScriptedUpstream,
  sha256,
  tap,
} from '../../testing/scripted-fetch.ts';
import { SharedDownloads } from './shared-downloads.ts';

const BYTES = noise(300_000);
const OTHER = noise(300_000, 7);
const cut = new Error('the connection broke');
/** Not 404: something was there. */
const INTERRUPTED = { code: 'UNAVAILABLE', reason: 'FETCH_INTERRUPTED' };
const BROKEN = { code: 'UNAVAILABLE', reason: 'UPSTREAM_BROKEN' };

const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd').catch(() => [])).length;

const flipped = (bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> => {
  const copy = bytes.slice();
  copy[at] = 255 - (copy[at] ?? 0);
  return copy;
};

describe.each(['memory', 'files'])('downloads through %s', (kind) => {
  let blobs: BlobStore;
  let downloads: SharedDownloads;
  let dispose: () => Promise<void>;
  let kept: { blob: CommittedBlob; headers: Headers }[];
  let failures: unknown[];
  beforeEach(async () => {
    kept = [];
    failures = [];
    if (kind === 'memory') [blobs, dispose] = [new MemoryBlobs(), async () => undefined];
    else {
      const root = await temporary();
      blobs = await FilesystemBlobs.open({ root });
      dispose = () => rm(root, { recursive: true });
    }
    downloads = sharing(blobs);
  });
  afterEach(async () => {
    await downloads[Symbol.asyncDispose]();
    await dispose();
  });

  const sharing = (store: BlobStore): SharedDownloads =>
    new SharedDownloads({
      blobs: store,
      discard: (blob) => store.delete(blob),
      failed: (cause) => failures.push(cause),
    });
  const wanting = (upstream: ScriptedUpstream, more: Partial<Fetching> = {}): Fetching => ({
    repositoryId: 1,
    what: 'file a/b',
    expected: {},
    limit: 1_000_000,
    isKept: async () => kept.length > 0,
    open: upstream.open,
    keep: async (blob, headers) => void kept.push({ blob, headers }),
    ...more,
  });
  const expectNothingKept = async () => {
    expect(kept).toEqual([]);
    expect(await Array.fromAsync(blobs.list())).toEqual([]);
    expect(await Array.fromAsync(blobs.uploads())).toEqual([]);
  };

  const etag = '"one"';
  const first: Scripted = {
    body: BYTES.slice(0, 150_000),
    size: 300_000,
    failure: cut,
    headers: { etag },
  };
  const rest: Scripted = { body: BYTES.slice(150_000), offset: 150_000, size: 300_000 };

  test.each<[string, readonly (Scripted | Error)[], ScriptedUpstream['asked']]>([
    ['in one go', [{ body: BYTES }], [undefined]],
    ['without a length', [{ body: BYTES, size: 'unknown' }], [undefined]],
    ['broken off and continued', [first, rest], [undefined, { offset: 150_000, ifRange: etag }]],
    [
      'ended too early and continued',
      [{ body: first.body, size: 300_000 }, rest],
      [undefined, { offset: 150_000 }],
    ],
    [
      'broken off again and again',
      [
        first,
        { ...rest, body: BYTES.slice(150_000, 200_000), failure: cut },
        { ...rest, body: BYTES.slice(200_000, 200_001), offset: 200_000, failure: cut },
        { ...rest, body: BYTES.slice(200_001), offset: 200_001 },
      ],
      [undefined, ...[150_000, 200_000, 200_001].map((offset) => ({ offset, ifRange: etag }))],
    ],
    [
      'broken off and sent again from the start',
      [first, { body: BYTES }],
      [undefined, { offset: 150_000, ifRange: etag }],
    ],
    [
      'sent again from the start more than once',
      [first, { ...first, body: BYTES.slice(0, 10_000) }, { body: BYTES }],
      [undefined, { offset: 150_000, ifRange: etag }, { offset: 10_000, ifRange: etag }],
    ],
    [
      'broken off with the date of a change',
      [{ ...first, headers: { 'last-modified': 'Sun, 01 Mar 2026 12:00:00 GMT' } }, rest],
      [undefined, { offset: 150_000, ifRange: 'Sun, 01 Mar 2026 12:00:00 GMT' }],
    ],
  ])('gives all of a body %s', async (_, script, asked) => {
    const upstream = new ScriptedUpstream(...script);
    const download = await downloads.fetch(wanting(upstream, { expected: expecting(BYTES) }));
    const { bytes, failure } = await readToEnd(download?.follow());
    expect(failure).toBeUndefined();
    expect(sha256(bytes)).toBe(sha256(BYTES));
    expect(upstream.asked).toEqual(asked);
    expect(kept.map(({ blob }) => blob.digest)).toEqual([`sha256:${sha256(BYTES)}`]);
    expect(failures).toEqual([]);
  });

  test.each<[string, readonly (Scripted | Error)[], Partial<Fetching>, object]>([
    ['one byte is wrong', [{ body: flipped(BYTES, 200_000) }], {}, BROKEN],
    ['the last byte is wrong', [{ body: flipped(BYTES, 299_999) }], {}, BROKEN],
    ['a byte is wrong and no length was said', [{ body: flipped(BYTES, 9), size: 'unknown' }], {}, BROKEN],
    ['it is longer than was said', [{ body: BYTES, size: 299_999 }], {}, BROKEN],
    [
      'it is shorter than expected',
      [{ body: BYTES, size: 'unknown' }],
      { expected: { size: 300_001 } },
      BROKEN,
    ],
    ['it breaks off and nothing more comes', [first, { ...rest, body: noise(0), failure: cut }], {}, cut],
    ['it breaks off and the upstream is down then', [first, notFound('FILE')], {}, INTERRUPTED],
    ['the rest is of another length', [first, { ...rest, size: 299_000 }], {}, BROKEN],
    ['another part comes than the rest', [first, { ...rest, offset: 149_999 }], {}, BROKEN],
    ['it is another body after it broke off', [first, { body: OTHER }], {}, BROKEN],
    [
      'no length was said and it is longer than the limit',
      [{ body: BYTES, size: 'unknown' }],
      { limit: 299_999 },
      { reason: 'SIZE_LIMIT' },
    ],
    [
      'it cannot be named',
      [{ body: BYTES }],
      { keep: () => Promise.reject(new RegistryError('UNAVAILABLE', 'STORAGE_FULL', 'full')) },
      { reason: 'STORAGE_FULL' },
    ],
  ])('keeps nothing, and gives nobody all, when %s', async (_, script, more, reason) => {
    const upstream = new ScriptedUpstream(...script);
    const download = await downloads.fetch(wanting(upstream, { expected: expecting(BYTES), ...more }));
    const [all, part] = await Promise.all([
      readToEnd(download?.follow()),
      readToEnd(download?.follow({ start: 100, end: 200_100 })),
    ]);
    expect(all.failure).toMatchObject(reason);
    expect(all.bytes.byteLength).toBeLessThan(300_000);
    expect(part.failure).toMatchObject(reason);
    expect(part.bytes.byteLength).toBeLessThan(200_001);
    expect(await failureOf(download?.kept ?? Promise.resolve())).toMatchObject(reason);
    expect((await readToEnd(download?.follow())).failure).toMatchObject(reason);
    expect([upstream.asked.length, failures.length]).toEqual([script.length, 1]);
    await expectNothingKept();
  });

  test.each<[string, Scripted | Error, Partial<Fetching>, object]>([
    ['has another length than is expected', { body: BYTES }, { expected: { size: 5 } }, BROKEN],
    [
      'says that it is longer than the limit',
      { body: BYTES },
      { limit: 9 },
      { reason: 'SIZE_LIMIT', status: 413 },
    ],
    ['is a part', { body: BYTES, offset: 3 }, {}, BROKEN],
    ['is not there', notFound('FILE'), {}, { code: 'NOT_FOUND' }],
  ])('promises nobody anything of what %s', async (_, answer, more, reason) => {
    const upstream = new ScriptedUpstream(answer);
    const asking = [1, 2].map(() => failureOf(downloads.fetch(wanting(upstream, more))));
    for (const failure of await Promise.all(asking)) expect(failure).toMatchObject(reason);
    expect([upstream.asked.length, failures.length]).toEqual([1, 0]);
    await expectNothingKept();
  });

  test('lets go of a body that is refused', async () => {
    const { body, cancelled } = tap();
    const upstream = new ScriptedUpstream({ body, size: 300_000 });
    const asking = downloads.fetch(wanting(upstream, { limit: 299_999 }));
    expect(await failureOf(asking)).toMatchObject({ reason: 'SIZE_LIMIT' });
    await cancelled;
  });

  test('lets what is fetched need something that is fetched', async () => {
    await using single = new SharedDownloads({
      blobs,
      discard: async () => undefined,
      failed: (cause) => failures.push(cause),
      mostAtOnce: 1,
    });
    const inner = wanting(new ScriptedUpstream({ body: noise(5) }), { what: 'file inner' });
    const outer = wanting(new ScriptedUpstream({ body: BYTES }), {
      keep: async () => {
        await (
          await single.fetch(inner)
        )?.kept;
      },
    });
    await (
      await single.fetch(outer)
    )?.kept;
    expect(kept.map(({ blob }) => blob.size)).toEqual([5]);
  });

  test('lets a repository copy another while it fetches as much as it may', async () => {
    await using single = new SharedDownloads({
      blobs,
      discard: async () => undefined,
      failed: (cause) => failures.push(cause),
      mostAtOnce: 1,
    });
    const outer = wanting(new ScriptedUpstream({ body: BYTES }));
    const copied = new ScriptedUpstream({ body: BYTES });
    const behind = wanting(copied, { repositoryId: outer.repositoryId + 1 });
    const open: typeof outer.open = async (from) => {
      await (
        await single.fetch(behind)
      )?.kept;
      return outer.open(from);
    };
    await (
      await single.fetch({ ...outer, open })
    )?.kept;
    expect([copied.asked.length, kept.length]).toEqual([1, 2]);
  });

  test('gives the first bytes as soon as they come, and the last once it is kept', async () => {
    const { body, give, end } = tap();
    const keeping = Promise.withResolvers<void>();
    const named = Promise.withResolvers<void>();
    const download = await downloads.fetch(
      wanting(new ScriptedUpstream({ body, size: 300_000, headers: { etag } }), {
        keep: async (blob, headers) => {
          kept.push({ blob, headers });
          keeping.resolve();
          await named.promise;
        },
      }),
    );
    expect([download?.size, download?.headers.get('etag')]).toEqual([300_000, etag]);
    const reader = download?.follow().getReader();
    give(BYTES.slice(0, 1));
    expect((await reader?.read())?.value).toEqual(BYTES.slice(0, 1));
    give(BYTES.slice(1));
    end();
    await keeping.promise;
    let got = 1;
    while (got < 300_000 - 65_536) got += (await reader?.read())?.value?.byteLength ?? 0;
    expect(got).toBe(300_000 - 65_536);
    const last = reader?.read();
    expect(await Promise.race([last, new Promise((later) => setImmediate(later, 'held'))])).toBe('held');
    named.resolve();
    expect((await last)?.value).toEqual(BYTES.slice(got));
    expect((await reader?.read())?.done).toBe(true);
  });

  test('takes a body without bytes', async () => {
    const download = await downloads.fetch(wanting(new ScriptedUpstream({ body: noise(0) })));
    expect(await readToEnd(download?.follow())).toEqual({ bytes: noise(0), failure: undefined });
    expect(kept).toHaveLength(1);
  });

  test('asks nobody for what was kept meanwhile', async () => {
    const upstream = new ScriptedUpstream();
    expect(await downloads.fetch(wanting(upstream, { isKept: async () => true }))).toBeUndefined();
    expect(upstream.asked).toEqual([]);
    expect(await Array.fromAsync(blobs.uploads())).toEqual([]);
  });

  test('gives nobody less than the range that was promised', async () => {
    const short = { body: OTHER.slice(0, 200_000) };
    const upstream = new ScriptedUpstream({ ...first, body: BYTES.slice(0, 1_000) }, short);
    const download = await downloads.fetch(wanting(upstream));
    const reading = [200_000, 199_999].map((end) => readToEnd(download?.follow({ start: 100_000, end })));
    const [beyond, within] = await Promise.all(reading);
    expect(beyond?.failure).toMatchObject(BROKEN);
    expect(within).toEqual({ bytes: OTHER.slice(100_000, 200_000), failure: undefined });
  });

  test('keeps few of them open, and reads the others from the store', async () => {
    const before = await descriptors();
    const all: Download[] = [];
    for (let n = 0; n < 150; n += 1) {
      const upstream = new ScriptedUpstream({ body: noise(100, n + 1) });
      const unkept = { what: `file ${n}`, isKept: async () => false };
      const download = await downloads.fetch(wanting(upstream, unkept));
      await download?.kept;
      if (download) all.push(download);
    }
    expect((await descriptors()) - before).toBeLessThan(70);
    for (const [n, download] of all.entries())
      expect(await readToEnd(download.follow())).toEqual({ bytes: noise(100, n + 1), failure: undefined });
    expect((await descriptors()) - before).toBeLessThan(70);
  });

  test('goes on when every reader has left', async () => {
    const { body, give, end } = tap();
    const download = await downloads.fetch(wanting(new ScriptedUpstream({ body, size: 300_000 })));
    const reader = download?.follow().getReader();
    give(BYTES.slice(0, 100_000));
    await reader?.read();
    await reader?.cancel();
    give(BYTES.slice(100_000));
    end();
    await download?.kept;
    expect(kept.map(({ blob }) => blob.size)).toEqual([300_000]);
  });

  test('gives all who wait what is good and cannot be kept, and keeps none of it', async () => {
    const full = new RegistryError('PERMISSION_DENIED', 'QUOTA_EXCEEDED', 'full');
    const tight = wanting(new ScriptedUpstream({ body: BYTES }), {
      keep: () => Promise.reject(full),
      isGoodUnkept: (cause) => cause === full,
    });

    const all = await Promise.all([downloads.fetch(tight), downloads.fetch(tight)]);

    for (const download of all)
      expect(await readToEnd(download?.follow())).toEqual({ bytes: BYTES, failure: undefined });
    expect(all[0]?.digest).toBe(`sha256:${sha256(BYTES)}`);
    await expectNothingKept();
  });

  test('keeps nothing when the upstream dies after every reader has left', async () => {
    const { body, give, fail } = tap();
    const upstream = new ScriptedUpstream({ body, size: 300_000 }, notFound('FILE'));
    const download = await downloads.fetch(wanting(upstream));
    const reader = download?.follow().getReader();
    give(BYTES.slice(0, 100_000));
    await reader?.read();
    await reader?.cancel();
    fail(cut);
    expect(await failureOf(download?.kept ?? Promise.resolve())).toMatchObject(INTERRUPTED);
    await expectNothingKept();
  });

  test('gives the new content to who has nothing of the old yet', async () => {
    const { body, give, fail } = tap();
    const upstream = new ScriptedUpstream({ body, size: 300_000 }, { body: OTHER });
    const download = await downloads.fetch(wanting(upstream));
    const begun = download?.follow();
    const early = begun?.getReader();
    give(BYTES.slice(0, 150_000));
    await early?.read();
    early?.releaseLock();
    const late = readToEnd(download?.follow({ start: 250_000, end: 299_999 }));
    fail(cut);
    expect((await readToEnd(begun)).failure).toMatchObject(BROKEN);
    expect((await late).bytes).toEqual(OTHER.slice(250_000));
    expect(kept.map(({ blob }) => blob.digest)).toEqual([`sha256:${sha256(OTHER)}`]);
  });

  test('forgets a fetch that is over, so that the next is a new one', async () => {
    const upstream = new ScriptedUpstream(new Error('down'), { body: BYTES });
    expect(await failureOf(downloads.fetch(wanting(upstream)))).toMatchObject({ message: 'down' });
    const download = await downloads.fetch(wanting(upstream));
    expect((await readToEnd(download?.follow())).bytes).toEqual(BYTES);
  });

  test('breaks off what is under way when it is closed', async () => {
    const { body, give, cancelled } = tap();
    const download = await downloads.fetch(wanting(new ScriptedUpstream({ body, size: 300_000 })));
    const reading = readToEnd(download?.follow());
    give(BYTES.slice(0, 100_000));
    await downloads[Symbol.asyncDispose]();
    await cancelled;
    expect((await reading).failure).toMatchObject({ reason: 'STOPPING' });
    expect(await failureOf(downloads.fetch(wanting(new ScriptedUpstream())))).toMatchObject({
      reason: 'STOPPING',
    });
    await expectNothingKept();
  });

  test('fetches no more at a time than it may', async () => {
    await using few = new SharedDownloads({
      blobs,
      discard: async () => undefined,
      failed: (cause) => failures.push(cause),
      mostAtOnce: 2,
    });
    const taps = [1, 2, 3].map(() => tap());
    const upstreams = taps.map(({ body }) => new ScriptedUpstream({ body, size: 10 }));
    const asking = upstreams.map((upstream, n) =>
      few.fetch(wanting(upstream, { what: `file ${n}`, isKept: async () => false })),
    );
    await Promise.all(asking.slice(0, 2));
    expect(upstreams.map(({ asked }) => asked.length)).toEqual([1, 1, 0]);
    for (const { give, end } of taps) {
      give(noise(10));
      end();
    }
    for (const download of await Promise.all(asking)) await download?.kept;
    expect(upstreams.map(({ asked }) => asked.length)).toEqual([1, 1, 1]);
  });

  test('gives equal bytes to fifty who come at any moment, and asks once', async () => {
    const { body, give, end } = tap();
    const upstream = new ScriptedUpstream({ body, size: 300_000 });
    const reading: ReturnType<typeof readToEnd>[] = [];
    const arrive = async () => {
      const download = await downloads.fetch(wanting(upstream));
      reading.push(readToEnd(download?.follow()));
    };
    const watcher = (await downloads.fetch(wanting(upstream)))?.follow().getReader();
    for (let n = 0; n < 50; n += 1) {
      await arrive();
      give(BYTES.slice(n * 6_000, (n + 1) * 6_000));
      if (n < 39) await watcher?.read();
    }
    end();
    await watcher?.cancel();
    const digests = (await Promise.all(reading)).map(({ bytes }) => sha256(bytes));
    expect(digests).toEqual(Array.from({ length: 50 }, () => sha256(BYTES)));
    expect(upstream.asked).toHaveLength(1);
  });

  test('gives every reader its part, however the body comes and whenever the reader does', async () => {
    const moment = fc.nat(20);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 250_000 }),
        fc.array(fc.nat(250_000), { maxLength: 12 }),
        fc.array(fc.record({ moment, from: fc.nat(250_000), to: fc.nat(250_000), ranged: fc.boolean() }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.boolean(),
        async (length, cuts, readers, announced) => {
          const bytes = noise(length);
          const { body, give, end } = tap();
          const upstream = new ScriptedUpstream({ body, size: announced ? length : 'unknown' });
          kept = [];
          const fetching = wanting(upstream);
          const download = await downloads.fetch(fetching);
          const reading: Promise<void>[] = [];
          const arrive = (now: number) => {
            for (const reader of readers.filter((each) => each.moment === now)) {
              const [start = 0, last = 0] = [reader.from, reader.to].toSorted((a, b) => a - b);
              const range = reader.ranged && last < length ? { start, end: last } : undefined;
              const wanted = range ? bytes.slice(start, last + 1) : bytes;
              reading.push(
                readToEnd(download?.follow(range)).then((read) => {
                  expect(read.failure).toBeUndefined();
                  expect(sha256(read.bytes)).toBe(sha256(wanted));
                }),
              );
            }
          };
          const ends = [...cuts.filter((at) => at < length).toSorted((a, b) => a - b), length];
          for (const [n, at] of ends.entries()) {
            arrive(n);
            give(bytes.slice(ends[n - 1] ?? 0, at));
            await new Promise(setImmediate);
          }
          end();
          for (let n = ends.length; n <= 20; n += 1) arrive(n);
          await download?.kept;
          await Promise.all(reading);
          expect(upstream.asked).toHaveLength(1);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('tells of a disk that is full, and lets the upstream go', async () => {
  const root = await temporary();
  try {
    await using blobs = await FilesystemBlobs.open({ root, reserveBytes: Number.MAX_SAFE_INTEGER });
    const { body, give, cancelled } = tap();
    await using downloads = new SharedDownloads({
      blobs,
      discard: (blob) => blobs.delete(blob),
      failed: () => undefined,
    });
    const download = await downloads.fetch({
      repositoryId: 1,
      what: 'file a',
      expected: {},
      limit: 1_000_000,
      isKept: async () => false,
      open: new ScriptedUpstream({ body, size: 300_000 }).open,
      keep: async () => undefined,
    });
    const reading = readToEnd(download?.follow());
    give(BYTES.slice(0, 100_000));
    expect((await reading).failure).toMatchObject({ reason: 'STORAGE_FULL' });
    await cancelled;
    expect(await Array.fromAsync(blobs.uploads())).toEqual([]);
  } finally {
    await rm(root, { recursive: true });
  }
});
