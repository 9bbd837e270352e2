import { afterEach, beforeEach, describe, expect, it } from 'bun:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { RegistryError } from '../core/error.ts';
import { failureOf } from '../testing/failure-of.ts';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import {
  atFirst,
  dripping,
  Gate,
  lyingLength,
  redirected,
  reset,
  slow,
  Tap,
  truncated,
} from '../testing/upstream-faults.ts';
import type { OpenRequest } from './answer.ts';
import { OutboundClient } from './outbound-client.ts';
import { Turns } from './turns.ts';

const MIB = 2 ** 20;
/** For what will not come. */
const IMPATIENCE = { connectMs: 5000, headersMs: 150, idleMs: 150 };

const allowed = [{ hostname: '127.0.0.1' }];

let upstream: FakeUpstream;
let client: OutboundClient;
beforeEach(async () => {
  upstream = await FakeUpstream.start();
  client = new OutboundClient({ allowed }, new Turns({ atOnce: 2 }));
});
afterEach(async () => {
  client[Symbol.dispose]();
  await upstream[Symbol.asyncDispose]();
});

const open = (path: string, request: Partial<OpenRequest> = {}) =>
  client.open(new URL(path, upstream.url), { maxBytes: 64 * MIB, ...request });
const read = async (path: string, request: Partial<OpenRequest> = {}): Promise<string> =>
  new Response((await open(path, request)).body).text();

describe('an answer', () => {
  it('is there before its body is', async () => {
    const tap = new Tap();
    upstream.put('/a', { body: 'hello' });
    upstream.misbehave('/a', dripping(tap));

    const { status, size, body } = await open('/a');
    tap.release();

    expect([status, size, await new Response(body).text()]).toEqual([200, 5, 'hello']);
  });

  it('is read no faster than somebody reads it', async () => {
    const whole = 64 * MIB;
    let sent = 0;
    upstream.put('/a', { body: new Uint8Array(whole) });
    upstream.misbehave('/a', async (reply, wire) => {
      await wire.head(reply);
      for (; sent < whole; sent += MIB) await wire.write(reply.body.subarray(sent, sent + MIB));
    });

    const { body } = await open('/a');
    const reader = body.getReader();
    await reader.read();
    let before = -1;
    while (before !== sent) {
      before = sent;
      await Bun.sleep(50);
    }

    expect(sent).toBeLessThan(whole / 2);
    await reader.cancel();
  });

  it.each([
    ['is whole, though the connection is closed by then', 5, 'hello'],
    ['is known to be cut off', 9, 'UPSTREAM_BROKEN'],
  ])('that nobody reads at first %s', async (_, says, outcome) => {
    upstream.put('/a', { body: 'hello' });
    upstream.misbehave('/a', lyingLength(says));

    const { body } = await open('/a');
    while (upstream.connections > 0) await Bun.sleep(1);

    const text = await new Response(body).text().catch((failure: RegistryError) => failure.reason);
    expect(text).toBe(outcome);
  });

  it('that refuses may be as long, and coded, as it likes', async () => {
    const body = new Uint8Array(gzipSync('not found'.repeat(99)));
    upstream.put('/a', { status: 404, body, headers: { 'content-encoding': 'gzip' } });

    const { status, body: unread } = await open('/a', { maxBytes: 3 });

    expect(status).toBe(404);
    await unread.cancel();
  });

  it('of a HEAD has a size and no body', async () => {
    upstream.put('/a', { body: 'hello' });

    const { size, body } = await open('/a', { method: 'HEAD', maxBytes: 1 });

    expect([size, await new Response(body).text()]).toEqual([5, '']);
  });

  it.each([
    ['gzip', gzipSync('hello'.repeat(1000))],
    ['br', brotliCompressSync('hello'.repeat(1000))],
  ])('may come in %s, and is decoded', async (coding, body) => {
    upstream.put('/a', { body: new Uint8Array(body), headers: { 'content-encoding': coding } });

    const answer = await open('/a', { compressed: true });

    expect([...answer.headers.keys()]).toEqual(['content-type', 'etag']);
    expect(await new Response(answer.body).text()).toBe('hello'.repeat(1000));
    expect(upstream.asked()[0]?.headers['accept-encoding']).toBe('gzip, br');
  });

  it('may become much more than was sent', async () => {
    const text = 'hello'.repeat(MIB);
    upstream.put('/a', { body: new Uint8Array(gzipSync(text)), headers: { 'content-encoding': 'gzip' } });

    expect(await read('/a', { compressed: true })).toBe(text);
  });

  it('that is short, compressed and ends early is a failure', async () => {
    const body = new Uint8Array(gzipSync('hello'.repeat(1000)));
    upstream.put('/a', { body, headers: { 'content-encoding': 'gzip' } });
    upstream.misbehave('/a', truncated(0.5));

    expect(await failureOf(read('/a', { compressed: true }))).toMatchObject({ reason: 'UPSTREAM_BROKEN' });
  });

  it.each([
    ['is a bomb', gzipSync(new Uint8Array(MIB)), 'its answer is longer than 1000 bytes'],
    ['is cut off', gzipSync('hello'.repeat(99)).subarray(0, 20), 'its answer cannot be decoded'],
    ['is none', Buffer.from('hello'), 'its answer cannot be decoded'],
  ])('that is said to be gzip and %s is a failure', async (_, body, why) => {
    upstream.put('/a', { body: new Uint8Array(body), headers: { 'content-encoding': 'gzip' } });

    expect(await failureOf(read('/a', { compressed: true, maxBytes: 1000 }))).toMatchObject({
      reason: 'UPSTREAM_BROKEN',
      message: `${upstream.host} does not answer well: ${why}`,
    });
  });

  it.each([
    ['ends early', truncated(0.5), 'UPSTREAM_BROKEN'],
    ['is shorter than it said', lyingLength(9), 'UPSTREAM_BROKEN'],
    ['is a closed connection', reset, 'UPSTREAM_BROKEN'],
  ])('that %s is a failure', async (_, fault, reason) => {
    upstream.put('/a', { body: 'hello' });
    upstream.misbehave('/a', fault);

    expect(await failureOf(read('/a'))).toMatchObject({ reason });
  });

  it('that is longer than it said is no longer than it said, and spoils none after it', async () => {
    upstream.put('/a', { body: 'hello' });
    upstream.misbehave('/a', atFirst(lyingLength(3)));

    const longer = await read('/a').catch(() => 'a failure');

    expect(['hel', 'a failure']).toContain(longer);
    expect(await read('/a')).toBe('hello');
  });

  it.each([
    ['that stops', dripping(new Tap()), {}],
    ['that stops, compressed,', dripping(new Tap()), { 'content-encoding': 'gzip' }],
    ['whose headers do not come', slow(new Gate()), {}],
  ])('%s is given up', async (_, fault, headers) => {
    upstream.put('/a', { body: 'hello', headers });
    upstream.misbehave('/a', fault);
    using impatient = new OutboundClient({ allowed, patience: IMPATIENCE });

    const answer = impatient
      .open(new URL('/a', upstream.url), { maxBytes: 10, compressed: true })
      .then(({ body: bytes }) => new Response(bytes).text());

    expect(await failureOf(answer)).toMatchObject({ code: 'DEADLINE_EXCEEDED', reason: 'UPSTREAM_SLOW' });
  });

  it('tells once how it ended', async () => {
    upstream.put('/a', { body: 'hello' });
    upstream.put('/b', { body: 'hello' });
    upstream.misbehave('/b', truncated(2));
    upstream.misbehave('/to', redirected('/a'));
    const ends: unknown[] = [];
    const ended = (failure?: unknown): void => void ends.push(failure);

    await read('/to', { ended });
    const failure = await failureOf(read('/b', { ended }));

    expect(ends).toEqual([undefined, failure]);
  });
});

describe('a connection', () => {
  it('is kept for the next request, whatever its answer was', async () => {
    upstream.put('/a', { body: 'hello' });
    upstream.misbehave('/to', redirected('/a'));
    let made = 0;
    let before = 0;

    for (const path of ['/a', '/absent', '/to', '/a']) {
      await read(path);
      if (upstream.connections !== before) made += 1;
      before = upstream.connections;
    }

    expect([made, before]).toEqual([1, 1]);
  });

  it('that was closed meanwhile is made again', async () => {
    upstream.put('/a', { body: 'hello' });
    await read('/a');
    await read('/a');
    upstream.misbehave('/a', atFirst(reset));

    expect(await read('/a')).toBe('hello');
    expect(upstream.asked('/a')).toHaveLength(4);
  });

  it('that was closed meanwhile is not made again for what changes something', async () => {
    upstream.put('/a', { body: 'hello' });
    await read('/a');
    upstream.misbehave('/a', atFirst(reset));

    expect(await failureOf(read('/a', { method: 'POST', body: 'x' }))).toMatchObject({
      reason: 'UPSTREAM_BROKEN',
    });
    expect(upstream.asked('/a')).toHaveLength(2);
  });

  it('is made only to addresses that were checked then, not to those of the connection before', async () => {
    let addresses = [{ address: '127.0.0.1', family: 4 }];
    using rebinding = new OutboundClient({
      allowed: [{ hostname: 'upstream.test' }],
      resolve: async () => addresses,
    });
    upstream.put('/a', { body: 'hello' });
    const url = new URL(`http://upstream.test:${upstream.host.split(':')[1]}/a`);
    await rebinding.fetch(url, { maxBytes: 10 });
    addresses = [{ address: '169.254.169.254', family: 4 }];

    // Over the one that is there, and then over a new one.
    await rebinding.fetch(url, { maxBytes: 10 });
    await upstream.down();
    await upstream.up();
    const failure = await failureOf(rebinding.fetch(url, { maxBytes: 10 }));

    expect(failure).toMatchObject({ reason: 'UPSTREAM_FORBIDDEN' });
  });

  it('of one client is not used by another, which may not make it', async () => {
    upstream.put('/a', { body: 'hello' });
    const strict = new OutboundClient({ allowed: [] });
    const url = new URL(`${upstream.url}/a`);
    await strict.allowing(url).fetch(url, { maxBytes: 10 });

    expect(await failureOf(strict.fetch(url, { maxBytes: 10 }))).toMatchObject({
      reason: 'UPSTREAM_FORBIDDEN',
    });
  });
});

describe('a turn', () => {
  beforeEach(() => {
    upstream.put('/a', { body: 'hello' });
    upstream.put('/slow', { body: 'hello' });
    upstream.misbehave('/slow', dripping(new Tap()));
  });

  it('lasts as long as the body, and is not waited for for ever', async () => {
    using impatient = new OutboundClient({ allowed }, new Turns({ atOnce: 2, patienceMs: 150 }));
    const asked = (path: string) => impatient.open(new URL(path, upstream.url), { maxBytes: 9 });
    await Promise.all([asked('/slow'), asked('/slow')]);

    expect(await failureOf(asked('/a'))).toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'UPSTREAM_BUSY',
    });
  });

  it.each([
    ['is read', (body: ReadableStream) => new Response(body).text()],
    ['is cancelled', (body: ReadableStream) => body.cancel()],
  ])('ends when the body %s', async (_, end) => {
    const held = await open('/slow');
    for (let times = 0; times < 4; times += 1) await end((await open('/a')).body);

    expect(await read('/a')).toBe('hello');
    await held.body.cancel();
  });

  it('ends when the body of a slow server is cancelled, and so does the connection', async () => {
    const held = await Promise.all([open('/slow'), open('/slow')]);
    for (const { body } of held) await body.cancel();

    expect(await read('/a')).toBe('hello');
    expect(upstream.connections).toBe(1);
  });
});
