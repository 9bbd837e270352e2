import { afterEach, beforeEach, describe, expect, it } from 'bun:test';
import type { UpstreamAnswer, UpstreamRequest } from '../core/upstream.ts';
import { OutboundClient } from '../outbound/outbound-client.ts';
import { failureOf } from '../testing/failure-of.ts';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { dripping, Tap, truncated } from '../testing/upstream-faults.ts';
import { Upstreams, type UpstreamSettings } from './upstreams.ts';

let server: FakeUpstream;
let outbound: OutboundClient;
beforeEach(async () => {
  server = await FakeUpstream.start();
  outbound = new OutboundClient({ allowed: [{ hostname: '127.0.0.1' }], patience: { idleMs: 200 } });
});
afterEach(async () => {
  outbound[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const open = (settings: Partial<UpstreamSettings> = {}) =>
  new Upstreams({ outbound, now: () => 0, random: () => 0, sleep: async () => undefined }).open({
    uri: `${server.url}/npm`,
    ...settings,
  });
const asking = (target: string, request: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  target,
  maxBytes: 2 ** 20,
  ...request,
});
const textOf = (answer: UpstreamAnswer): Promise<string> | string =>
  answer.kind === 'found' ? new Response(answer.body).text() : answer.kind;

describe('what an upstream has', () => {
  it('is found, with its size and where it came from', async () => {
    server.put('/npm/left', { body: 'hello' });

    const answer = await open().fetch(asking('left'));

    expect(answer).toMatchObject({ kind: 'found', size: 5, offset: 0 });
    expect(answer.kind === 'found' && answer.url.href).toBe(`${server.url}/npm/left`);
    expect(await textOf(answer)).toBe('hello');
  });

  it('is unchanged when it has the validators that are known', async () => {
    server.put('/npm/left', { body: 'hello', headers: { etag: '"1"' } });

    const answer = await open().fetch(asking('left', { validators: { etag: '"1"' } }));

    expect(answer.kind).toBe('unchanged');
  });

  it.each([404, 410])('is missing when it says %d', async (status) => {
    server.put('/npm/left', { status, body: 'gone' });

    expect(await open().fetch(asking('left'))).toEqual({ kind: 'missing' });
  });

  it('comes over one connection, however much it is', async () => {
    server.put('/npm/left', { body: 'hello' });
    const upstream = open();

    for (const target of ['left', 'absent', 'left', 'left'])
      await textOf(await upstream.fetch(asking(target)));

    expect(server.connections).toBe(1);
  });

  it('breaks off when the connection does', async () => {
    server.put('/npm/left', { body: 'hello'.repeat(1000) });
    server.misbehave('/npm/left', truncated(0.5));

    const answer = await open().fetch(asking('left'));

    expect(await failureOf(Promise.resolve(textOf(answer)))).toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'UPSTREAM_BROKEN',
      message: `${server.host} does not answer well: its answer is cut off`,
    });
  });

  it('breaks off when nothing comes for too long', async () => {
    server.put('/npm/left', { body: 'hello' });
    const tap = new Tap();
    server.misbehave('/npm/left', dripping(tap));
    tap.release(2);

    const answer = await open().fetch(asking('left'));

    expect(await failureOf(Promise.resolve(textOf(answer)))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      reason: 'UPSTREAM_SLOW',
    });
    tap.release();
  });
});

describe('credentials', () => {
  it.each([
    [{ kind: 'basic', username: 'jo', password: 'pa:ss' }, `Basic ${btoa('jo:pa:ss')}`],
    [{ kind: 'bearer', token: 'abc' }, 'Bearer abc'],
  ] as const)('%j are shown with the request', async (credentials, header) => {
    server.put('/npm/left', { body: 'hello' });

    await textOf(await open({ credentials }).fetch(asking('left')));

    expect(server.asked().map(({ headers }) => headers['authorization'])).toEqual([header]);
  });
});
