import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ByteStream } from '../../core/blob.ts';
import type { Fetching } from '../../core/downloads.ts';
import { RegistryError } from '../../core/error.ts';
import { noise } from '../../testing/contracts/bodies.ts';
import { DownloadProcess } from '../../testing/download-lab.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { Clock, temporary } from '../../testing/harness.ts';
import { expecting, readToEnd, ScriptedUpstream, sha256, tap } from '../../testing/scripted-fetch.ts';
import { LEASE_MS } from './sharing.ts';

const BYTES = noise(2_000_000);
const HALF = 1_000_000;
const size = BYTES.byteLength;
const BROKEN = { code: 'UNAVAILABLE', reason: 'UPSTREAM_BROKEN' };

let root: string;
let clock: Clock;
beforeEach(async () => {
  root = await temporary();
  clock = new Clock();
});
afterEach(() => rm(root, { recursive: true }));

/** A body that leaves others a turn before each of its pieces. */
function inTurns(bytes: Uint8Array<ArrayBuffer>): ByteStream {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await setImmediate();
      if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, (at += 100_000)));
      else controller.close();
    },
  });
}

/** Reads a first piece, and then goes on for as long as there is more. */
async function begun(stream: ByteStream | undefined) {
  const reader = stream?.getReader();
  const first = (await reader?.read())?.value ?? noise(0);
  reader?.releaseLock();
  const rest = readToEnd(stream).then(({ bytes, failure }) => ({
    bytes: Buffer.concat([first, bytes]),
    failure,
  }));
  return { rest };
}

describe('two processes', () => {
  let one: DownloadProcess;
  let two: DownloadProcess;
  let never: ScriptedUpstream;
  beforeEach(async () => {
    one = await DownloadProcess.open(root, clock.now);
    two = await DownloadProcess.open(root, clock.now);
    never = new ScriptedUpstream();
  });
  afterEach(async () => {
    await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
  });

  /** The first half of a fetch of the one, read by a client of the other. */
  const halfway = async (more: Partial<Fetching> = {}, again = never, ofTwo: Partial<Fetching> = {}) => {
    const { body, give, end, fail } = tap();
    // The other looks now and then, and must have seen that it begins anew before that is over.
    const upstream = new ScriptedUpstream({ body, size }, { body: inTurns(BYTES), size });
    const download = await one.downloads.fetch(one.wanting(upstream, more));
    give(BYTES.slice(0, HALF));
    const other = await two.downloads.fetch(two.wanting(again, { ...more, ...ofTwo }));
    const { rest } = await begun(other?.follow());
    return { upstream, download, other, rest, give, end, fail };
  };

  test('fetch once, and both give all of it', async () => {
    const { download, other, rest, give, end } = await halfway({ expected: expecting(BYTES) });
    give(BYTES.slice(HALF));
    end();
    await Promise.all([download?.kept, other?.kept]);
    expect(sha256((await rest).bytes)).toBe(sha256(BYTES));
    expect([other?.size, [...(other?.headers ?? [])]]).toEqual([size, []]);
    expect((await readToEnd(other?.follow({ start: 5, end: 9 }))).bytes).toEqual(BYTES.slice(5, 10));
    expect([await one.kept(), never.asked]).toEqual([[`sha256:${sha256(BYTES)}`], []]);
  });

  test('ask once, however many ask both at the same time', async () => {
    const upstream = new ScriptedUpstream({ body: BYTES });
    const asking = Array.from({ length: 20 }, (_, n) => {
      const process = n % 2 === 0 ? one : two;
      return process.downloads.fetch(process.wanting(upstream));
    });
    const digests = (await Promise.all(asking))
      .flatMap((download) => download ?? [])
      .map(async (download) => {
        const { bytes } = await readToEnd(download.follow());
        return sha256(bytes);
      });
    expect(new Set(await Promise.all(digests))).toEqual(new Set([sha256(BYTES)]));
    expect(upstream.asked).toHaveLength(1);
  });

  test('tell each other of what was kept before they asked', async () => {
    const upstream = new ScriptedUpstream({ body: BYTES });
    await (
      await one.downloads.fetch(one.wanting(upstream))
    )?.kept;
    expect(await two.downloads.fetch(two.wanting(never))).toBeUndefined();
  });

  test('fetch each for itself what the first may not keep, where the second came too late to read it', async () => {
    const full = new RegistryError('RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED', 'no room');
    const upstream = new ScriptedUpstream({ body: noise(5) }, { body: noise(5) });
    const wanting = (process: DownloadProcess) =>
      process.wanting(upstream, {
        isKept: async () => false,
        keep: async () => {
          throw full;
        },
        isGoodUnkept: (cause) => cause === full,
      });
    const first = await one.downloads.fetch(wanting(one));
    await first?.kept;
    // The first has not yet said in the database that it is over.
    const second = await two.downloads.fetch(wanting(two));
    expect((await readToEnd(second?.follow())).bytes).toEqual(noise(5));
    expect(upstream.asked).toHaveLength(2);
  });

  test('give nobody all of a body that is wrong', async () => {
    const { download, other, rest, give, end } = await halfway({ expected: expecting(noise(5)) });
    give(BYTES.slice(HALF));
    end();
    const { bytes, failure } = await rest;
    expect(failure).toMatchObject(BROKEN);
    expect(bytes.byteLength).toBeLessThan(size);
    for (const each of [download, other])
      expect(await failureOf(each?.kept ?? Promise.resolve())).toMatchObject(BROKEN);
    expect([await one.kept(), await Array.fromAsync(one.blobs.list())]).toEqual([[], []]);
  });

  test('ask each for itself when the upstream refuses the first', async () => {
    const refusing = Promise.withResolvers<never>();
    const asked = Promise.withResolvers<void>();
    const first = one.downloads.fetch(
      one.wanting(never, {
        open: () => {
          asked.resolve();
          return refusing.promise;
        },
      }),
    );
    await asked.promise;
    const upstream = new ScriptedUpstream({ body: BYTES });
    const second = two.downloads.fetch(two.wanting(upstream));
    refusing.reject(new RegistryError('UNAVAILABLE', 'UPSTREAM_REFUSED', 'no'));
    expect(await failureOf(first)).toMatchObject({ reason: 'UPSTREAM_REFUSED' });
    expect((await readToEnd((await second)?.follow())).bytes).toEqual(BYTES);
    expect(upstream.asked).toHaveLength(1);
  });

  test('go on together when the body begins anew', async () => {
    const { download, upstream, other, rest, fail } = await halfway();
    fail(new Error('the connection broke'));
    await Promise.all([download?.kept, other?.kept]);
    expect(sha256((await rest).bytes)).toBe(sha256(BYTES));
    expect(upstream.asked).toEqual([undefined, undefined]);
  });

  test('leave a fetch to a process that lives, however long it takes', async () => {
    const { other, rest, give, end } = await halfway();
    for (let n = 0; n < 3; n += 1) {
      clock.advance(LEASE_MS - 1);
      await one.renew();
    }
    give(BYTES.slice(HALF));
    end();
    await other?.kept;
    expect(sha256((await rest).bytes)).toBe(sha256(BYTES));
    expect(never.asked).toEqual([]);
  });

  test('take a fetch over from one that gives no sign of life', async () => {
    const again = new ScriptedUpstream({ body: BYTES });
    const { download, other, rest, give, end } = await halfway({}, again);
    clock.advance(LEASE_MS + 1);
    await other?.kept;
    expect(sha256((await rest).bytes)).toBe(sha256(BYTES));
    expect(again.asked).toEqual([undefined]);
    give(BYTES.slice(HALF));
    end();
    expect(await failureOf(download?.kept ?? Promise.resolve())).toMatchObject({
      reason: 'FETCH_INTERRUPTED',
    });
    expect(await one.kept()).toEqual([`sha256:${sha256(BYTES)}`]);
    expect(await Array.fromAsync(one.blobs.uploads())).toEqual([]);
  });

  test('go on with a client though a dead process may have kept what it fetched', async () => {
    const again = new ScriptedUpstream({ body: BYTES });
    const { other, rest } = await halfway({}, again, { isKept: async () => true });
    clock.advance(LEASE_MS + 1);
    await other?.kept;
    expect(sha256((await rest).bytes)).toBe(sha256(BYTES));
  });

  test('fetch again what is to be newer than what was kept a moment ago', async () => {
    const upstream = new ScriptedUpstream({ body: BYTES }, { body: noise(5) });
    await (
      await one.downloads.fetch(one.wanting(upstream))
    )?.kept;
    await one.downloads[Symbol.asyncDispose]();
    const newer = await two.downloads.fetch(two.wanting(upstream, { isKept: async () => false }));
    expect((await readToEnd(newer?.follow())).bytes).toEqual(noise(5));
  });

  test('give a client no mixture of two bodies when one takes over from the other', async () => {
    const { rest, other } = await halfway({}, new ScriptedUpstream({ body: noise(size, 7) }));
    clock.advance(LEASE_MS + 1);
    await other?.kept;
    const { bytes, failure } = await rest;
    expect(failure).toMatchObject(BROKEN);
    expect(bytes).toEqual(Buffer.from(BYTES.subarray(0, bytes.byteLength)));
  });

  test('leave no rows behind', async () => {
    const kept = new ScriptedUpstream({ body: BYTES });
    await (
      await one.downloads.fetch(one.wanting(kept))
    )?.kept;
    await failureOf(two.downloads.fetch(two.wanting(never, { what: 'file c', isKept: async () => false })));
    clock.advance(60_000);
    await failureOf(two.downloads.fetch(two.wanting(never, { what: 'file d', isKept: async () => false })));
    expect(await one.rows()).toBe(0);
    expect([one.renewing, two.renewing]).toEqual([0, 0]);
  });
});

/** Half way through a fetch on the same data. */
const child = () =>
  Bun.spawn(
    [
      process.execPath,
      fileURLToPath(import.meta.resolve('../../testing/fetch-crash-child.ts')),
      root,
      String(size),
    ],
    { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit', timeout: 120_000 },
  );
const said = async (lines: { read(): Promise<{ readonly value?: Uint8Array | undefined }> }) =>
  new TextDecoder().decode((await lines.read()).value);

describe('a process that really is another', () => {
  test('fetches for this one too', async () => {
    await using other = child();
    const lines = other.stdout.getReader();
    expect(await said(lines)).toBe('half\n');
    await using here = await DownloadProcess.open(root, Date.now);
    const never = new ScriptedUpstream();
    const download = await here.downloads.fetch(here.wanting(never));
    const reading = readToEnd(download?.follow());
    void other.stdin.write('go\n');
    await other.stdin.end();
    expect(sha256((await reading).bytes)).toBe(sha256(BYTES));
    expect(await said(lines)).toBe('kept\n');
    expect(never.asked).toEqual([]);
  });

  test('is replaced when it is killed, and a client that follows it goes on', async () => {
    await using other = child();
    expect(await said(other.stdout.getReader())).toBe('half\n');
    let ahead = 0;
    await using here = await DownloadProcess.open(root, () => Date.now() + ahead);
    const upstream = new ScriptedUpstream({ body: BYTES });
    const download = await here.downloads.fetch(here.wanting(upstream, { expected: expecting(BYTES) }));
    const stream = download?.follow();
    const reader = stream?.getReader();
    const first = (await reader?.read())?.value?.byteLength ?? 0;
    reader?.releaseLock();
    other.kill('SIGKILL');
    await other.exited;
    expect([first > 0, upstream.asked]).toEqual([true, []]);
    ahead = LEASE_MS + 1;
    const { bytes, failure } = await readToEnd(stream);
    expect([failure, sha256(bytes)]).toEqual([undefined, sha256(BYTES.subarray(first))]);
    expect(upstream.asked).toHaveLength(1);
    expect(await Array.fromAsync(here.blobs.uploads())).toEqual([]);
  });
});
