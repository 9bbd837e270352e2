import { afterEach, beforeEach, describe, expect, it } from 'bun:test';
import { failureOf } from '../testing/failure-of.ts';
import { dripping, Gate, reset, slow, status, Tap, truncated, atFirst } from '../testing/upstream-faults.ts';
import { asking, textOf, UpstreamLab } from '../testing/upstream-lab.ts';

let lab: UpstreamLab;
const get = (target = 'left'): Promise<string> => textOf(lab.open().fetch(asking(target)));
const health = () => lab.open().health();
beforeEach(async () => {
  lab = await UpstreamLab.start({ failures: 2, openMs: 10_000, retryMs: 400 });
  lab.server.put('/npm/left', { body: 'hello' });
});
afterEach(() => lab[Symbol.asyncDispose]());

describe('a request that may be repeated', () => {
  it.each([
    ['503', status(503)],
    ['502', status(502)],
    ['504', status(504)],
    ['a closed connection', reset],
  ])('is, after %s', async (_, fault) => {
    lab.server.misbehave('/npm/left', atFirst(fault, 2));

    expect(await get()).toBe('hello');
    expect(lab.slept).toEqual([200, 400]);
    expect(health()).toMatchObject({ circuit: 'closed', failures: 0, lastSuccess: lab.now });
  });

  it('is given up after three times', async () => {
    lab.server.misbehave('/npm/left', status(503));

    expect(await failureOf(get())).toMatchObject({
      reason: 'UPSTREAM_BROKEN',
      message: `${lab.server.host} does not answer well: it answers 503`,
    });
    expect(lab.server.asked()).toHaveLength(3);
    expect(health()).toMatchObject({ circuit: 'closed', failures: 1 });
  });

  it('is not when that takes too long', async () => {
    await using hurried = await UpstreamLab.start({ retryMs: 60_000, retryWithinMs: 1000 });
    hurried.server.misbehave('/npm/left', status(503));

    await failureOf(hurried.open().fetch(asking('left')));

    expect(hurried.server.asked()).toHaveLength(2);
  });

  it.each([
    ['it posts something', { method: 'POST' } as const, status(503)],
    ['the answer is one', {}, status(500)],
  ])('is not when %s', async (_, request, fault) => {
    lab.server.misbehave('/npm/left', fault);

    await failureOf(lab.open().fetch(asking('left', request)));

    expect(lab.server.asked()).toHaveLength(1);
  });
});

describe('a server that asks to be left alone', () => {
  const LATER = 'Thu, 01 Jan 2026 00:00:30 GMT';

  it.each([
    [429, { 'retry-after': '30' }, 30],
    [429, { 'retry-after': LATER }, 30],
    [503, { 'retry-after': '30' }, 30],
    [503, { 'retry-after': LATER }, 30],
    [429, {}, 10],
    [429, { 'retry-after': 'soon' }, 10],
    [429, { 'retry-after': '999999' }, 900],
    [429, { 'retry-after': '0' }, 1],
  ])('with %d and %j is, for %d more seconds, by all repositories', async (code, headers, seconds) => {
    lab.server.misbehave('/npm/left', atFirst(status(code, headers)));

    const failure = await failureOf(get());
    lab.now += seconds * 1000 - 1;
    const other = lab.open({ uri: `${lab.server.url}/other`, credentials: { kind: 'bearer', token: 'x' } });
    const meanwhile = await failureOf(other.fetch(asking('left')));

    const busy = { code: 'UNAVAILABLE', reason: 'UPSTREAM_BUSY' };
    expect(failure).toMatchObject({ ...busy, headers: { 'retry-after': String(seconds) } });
    expect(meanwhile).toMatchObject({ ...busy, headers: { 'retry-after': '1' } });
    expect(lab.server.asked()).toHaveLength(1);
    lab.now += 1;
    expect(await get()).toBe('hello');
  });

  it('is still answered by, to those who asked before', async () => {
    const gate = new Gate();
    lab.server.put('/npm/other', { body: 'hello' });
    lab.server.misbehave('/npm/other', slow(gate));
    lab.server.misbehave('/npm/left', status(429));

    const before = get('other');
    await lab.server.hasBeenAsked('/npm/other');
    await failureOf(get());
    gate.open();

    expect(await before).toBe('hello');
  });

  it('is not what a 503 without a time says', async () => {
    lab.server.misbehave('/npm/left', atFirst(status(503), 3));
    await failureOf(get());

    expect(await get()).toBe('hello');
  });
});

const fail = async (times: number): Promise<void> => {
  lab.server.misbehave('/npm/left', status(503));
  for (let each = 0; each < times; each += 1) await failureOf(get());
  lab.server.behave();
  lab.server.forget();
};

describe('a circuit', () => {
  it('opens after failures in a row, and then nothing is asked', async () => {
    await fail(2);

    expect(await failureOf(get())).toMatchObject({
      reason: 'UPSTREAM_BROKEN',
      message: `${lab.server.host} is left alone for a moment after 2 failures in a row; the last: ${lab.server.host} does not answer well: it answers 503`,
      headers: { 'retry-after': '10' },
    });
    expect(lab.server.asked()).toEqual([]);
    expect(health()).toMatchObject({
      circuit: 'open',
      failures: 2,
      retryAt: lab.now + 10_000,
      lastFailure: { at: lab.now },
    });
  });

  it('does not open when successes come between', async () => {
    await fail(1);
    await get();
    await fail(1);

    expect(health()).toMatchObject({ circuit: 'closed', failures: 1 });
  });

  it.each([404, 401, 500, 429])('does not open for answers such as %d', async (code) => {
    lab.server.misbehave('/npm/left', status(code, { 'retry-after': '0' }));
    for (let each = 0; each < 3; each += 1) await get().catch(() => undefined);

    expect(health()).toMatchObject({ circuit: 'closed', failures: 0 });
  });

  it('opens for bodies that break off', async () => {
    lab.server.misbehave('/npm/left', truncated(2));
    for (let each = 0; each < 2; each += 1) await failureOf(get());

    expect(health()).toMatchObject({ circuit: 'open', failures: 2 });
  });

  it('closes when one request finds out that the server works, which the others do not wait for', async () => {
    await fail(2);
    lab.now += 10_000;
    expect(health().circuit).toBe('half-open');
    const gate = new Gate();
    lab.server.misbehave('/npm/left', slow(gate));

    const probe = get();
    await lab.server.hasBeenAsked('/npm/left');
    const other = await failureOf(get());
    gate.open();

    expect(other).toMatchObject({ reason: 'UPSTREAM_BROKEN' });
    expect(await probe).toBe('hello');
    expect(health()).toMatchObject({ circuit: 'closed', failures: 0 });
  });

  it('closes before the body of that request is there', async () => {
    await fail(2);
    lab.now += 10_000;
    const tap = new Tap();
    lab.server.misbehave('/npm/left', atFirst(dripping(tap)));

    const probe = await lab.open().fetch(asking('left'));

    expect(await get()).toBe('hello');
    tap.release();
    expect(await textOf(probe)).toBe('hello');
  });

  it('stays open twice as long when the server still fails', async () => {
    await fail(2);
    lab.now += 10_000;
    await fail(1);

    expect(health()).toMatchObject({ circuit: 'open', failures: 3, retryAt: lab.now + 20_000 });
  });

  it('lets the next request find out when the first says nothing of the server', async () => {
    await fail(2);
    lab.now += 10_000;
    await failureOf(lab.open().fetch(asking('left', { maxBytes: 1 })));

    expect(await get()).toBe('hello');
  });
});

describe('a rate', () => {
  it('is kept by waiting, and by refusing when that would be long', async () => {
    await using rationed = await UpstreamLab.start({ perSecond: 0.1, burst: 1 });
    rationed.server.put('/npm/left', { body: 'hello' });
    const ask = () => textOf(rationed.open().fetch(asking('left')));

    await ask();
    await ask();

    expect(rationed.slept).toEqual([10_000]);
    rationed.now -= 5000;
    expect(await failureOf(ask())).toMatchObject({ reason: 'UPSTREAM_BUSY' });
  });
});
