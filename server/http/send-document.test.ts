import { describe, expect, test } from 'bun:test';
import type { OpenedDocument } from '../core/documents.ts';
import { sendDocument } from './send-document.ts';

const MODIFIED = Date.parse('2026-01-02T03:04:05.678Z');
const body = (text: string) => ({ size: text.length, open: async () => new TextEncoder().encode(text) });
const opened: OpenedDocument = {
  contentType: 'application/json',
  etag: 'abc',
  bodies: { identity: body('plain'), gzip: body('zipped'), br: body('brotli') },
  modifiedAt: MODIFIED,
};
const NOW = MODIFIED + 10_000;

async function ask(headers: Record<string, string>, document = opened, method = 'GET') {
  const trace = { sent: 0 };
  const request = new Request('http://here/', { method, headers });
  const answer = await sendDocument(request, document, trace, { now: NOW });
  return { answer, text: await answer.text(), sent: trace.sent };
}

describe('the coding of a document', () => {
  test.each([
    [undefined, 'plain'],
    ['identity', 'plain'],
    ['gzip', 'zipped'],
    ['gzip, deflate, br', 'brotli'],
    ['br;q=0.5, gzip', 'zipped'],
    ['gzip;q=0', 'plain'],
    ['*', 'brotli'],
    ['br;q=0, *', 'zipped'],
    ['GZIP', 'zipped'],
    ['zstd', 'plain'],
  ])('for %s is %s', async (accepted, expected) => {
    const { answer, text, sent } = await ask(accepted === undefined ? {} : { 'accept-encoding': accepted });

    expect(text).toBe(expected);
    const codings: Record<string, string | null> = { plain: null, zipped: 'gzip', brotli: 'br' };
    expect(answer.headers.get('content-encoding')).toBe(codings[expected] ?? null);
    expect(answer.headers.get('vary')).toBe('accept, accept-encoding');
    expect(sent).toBe(expected.length);
  });

  test('is the plain one while the others are in the making', async () => {
    const { text } = await ask(
      { 'accept-encoding': 'br' },
      { ...opened, bodies: { identity: body('plain') } },
    );

    expect(text).toBe('plain');
  });

  test.each([
    [undefined, 0],
    ['identity', 0],
    ['gzip', 1],
    ['br, gzip;q=0', 1],
    ['zstd', 0],
  ])('is made for %s where there is none: %i', async (accepted, wishes) => {
    let wished = 0;
    const coded = async () => {
      wished += 1;
      return opened;
    };
    const document = { ...opened, bodies: { identity: body('plain') }, coded };
    const headers = accepted === undefined ? {} : { 'accept-encoding': accepted };
    await ask({ ...headers, 'if-none-match': '"abc"' }, document);
    await ask(headers, { ...document, bodies: opened.bodies });
    expect(wished).toBe(0);

    await ask(headers, document);
    expect(wished).toBe(wishes);
  });
});

describe('a document that the client has', () => {
  test.each([
    [{ 'if-none-match': '"abc"' }, 304],
    [{ 'if-none-match': '"abc-gzip"' }, 304],
    [{ 'if-none-match': 'W/"abc-br", "x"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"other"' }, 200],
    [{ 'if-modified-since': 'Fri, 02 Jan 2026 03:04:06 GMT' }, 304],
    // In that second it was another one before.
    [{ 'if-modified-since': 'Fri, 02 Jan 2026 03:04:05 GMT' }, 200],
    [{ 'if-modified-since': 'yesterday' }, 200],
    [{ 'if-none-match': '"other"', 'if-modified-since': 'Fri, 02 Jan 2026 03:04:06 GMT' }, 200],
  ])('by %j is answered with %i', async (headers, status) => {
    expect((await ask(headers)).answer.status).toBe(status);
  });

  test('is known by its tag alone where it has no date', async () => {
    const { modifiedAt: _, ...undated } = opened;
    const { answer } = await ask({ 'if-modified-since': 'Fri, 02 Jan 2026 03:04:09 GMT' }, undated);

    expect([answer.status, answer.headers.get('last-modified')]).toEqual([200, null]);
    expect((await ask({ 'if-none-match': '"abc"' }, undated)).answer.status).toBe(304);
  });
});

test('HEAD answers what GET would, without the body', async () => {
  const { answer, text } = await ask({ 'accept-encoding': 'gzip' }, opened, 'HEAD');

  expect(text).toBe('');
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-encoding': 'gzip',
    'content-length': '6',
    etag: '"abc-gzip"',
    'last-modified': 'Fri, 02 Jan 2026 03:04:06 GMT',
  });
});

test('a document has no date before the second is over in which it was made', async () => {
  const { answer } = await ask({}, { ...opened, modifiedAt: NOW - 1 });

  expect(answer.headers.get('last-modified')).toBeNull();
});

describe('a copy', () => {
  test.each([
    [{ outcome: 'hit', validatedAt: NOW - 100_000, maxAge: 300 } as const, 'entrepot; hit; ttl=200', '100'],
    [{ outcome: 'hit', validatedAt: NOW - 100_000 } as const, 'entrepot; hit', '100'],
    [
      { outcome: 'miss', validatedAt: NOW, maxAge: 300 } as const,
      'entrepot; fwd=miss; fwd-status=200; stored; ttl=300',
      '0',
    ],
    [
      { outcome: 'revalidated', validatedAt: NOW, maxAge: 300 } as const,
      'entrepot; fwd=stale; fwd-status=304; ttl=300',
      '0',
    ],
    [
      { outcome: 'stale', validatedAt: NOW - 400_000, maxAge: 300, detail: 'upstream-broken' } as const,
      'entrepot; hit; ttl=-100; detail=upstream-broken',
      '400',
    ],
  ])('says how it came about: %j', async (cache, status, age) => {
    const { answer } = await ask({}, { ...opened, cache });

    expect(answer.headers.get('cache-status')).toBe(status);
    expect(answer.headers.get('age')).toBe(age);
  });

  test('made without a member says so, and may be kept by nobody', async () => {
    const { answer } = await ask({}, { ...opened, without: ['projects/p/locations/us/repositories/r'] });

    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('entrepot-without')).toBe('projects/p/locations/us/repositories/r');
  });
});
