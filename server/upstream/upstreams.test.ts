import { afterEach, beforeEach, describe, expect, it } from 'bun:test';
import { failureOf } from '../testing/failure-of.ts';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { atFirst, redirected, status, truncated } from '../testing/upstream-faults.ts';
import { asking, textOf, UpstreamLab } from '../testing/upstream-lab.ts';

let lab: UpstreamLab;
let server: FakeUpstream;
beforeEach(async () => {
  lab = await UpstreamLab.start();
  server = lab.server;
  server.put('/npm/left', { body: 'hello', headers: { etag: '"1"' } });
});
afterEach(() => lab[Symbol.asyncDispose]());

describe('what an upstream has', () => {
  it('is found, with its size and where it came from', async () => {
    const answer = await lab.open().fetch(asking('left'));

    expect(answer).toMatchObject({ kind: 'found', size: 5, offset: 0 });
    expect(answer.kind === 'found' && answer.url.href).toBe(`${server.url}/npm/left`);
    expect(await textOf(answer)).toBe('hello');
  });

  it('has a size without its body', async () => {
    expect(await lab.open().fetch(asking('left', { method: 'HEAD' }))).toMatchObject({
      kind: 'found',
      size: 5,
    });
  });

  it('is unchanged when it has the validators that are known', async () => {
    const lastModified = 'Thu, 01 Jan 2026 00:00:00 GMT';

    const answer = await lab.open().fetch(asking('left', { validators: { etag: '"1"', lastModified } }));

    expect(answer.kind).toBe('unchanged');
    expect(server.asked()[0]?.headers['if-modified-since']).toBe(lastModified);
  });

  it.each([404, 410])('is missing when it says %d, however long it talks of it', async (code) => {
    server.put('/npm/left', { status: code, body: 'gone'.repeat(1000) });

    expect(await lab.open().fetch(asking('left', { maxBytes: 10 }))).toEqual({ kind: 'missing' });
  });

  it('may be an answer to what is posted', async () => {
    server.put('/npm/audit', ({ method, body }) => ({ status: 201, body: `${method} ${body.length}` }));

    const answer = lab.open().fetch(asking('audit', { method: 'POST', body: new Uint8Array(7) }));

    expect(await textOf(answer)).toBe('POST 7');
  });

  it('may come compressed where that was said, and never when it is continued', async () => {
    const upstream = lab.open();
    await textOf(upstream.fetch(asking('left')));
    await textOf(upstream.fetch(asking('left', { compressed: true })));
    await textOf(upstream.fetch(asking('left', { compressed: true, from: { offset: 3 } })));

    expect(server.asked().map(({ headers }) => headers['accept-encoding'])).toEqual([
      'identity',
      'gzip, br',
      'identity',
    ]);
  });

  it('comes over one connection, however much it is', async () => {
    const upstream = lab.open();

    for (const target of ['left', 'absent', 'left', 'left']) await textOf(upstream.fetch(asking(target)));

    expect(server.connections).toBe(1);
  });

  it.each([
    [400, 'UPSTREAM_BROKEN'],
    [401, 'UPSTREAM_REFUSED'],
    [403, 'UPSTREAM_REFUSED'],
    [304, 'UPSTREAM_BROKEN'],
    [206, 'UPSTREAM_BROKEN'],
    [500, 'UPSTREAM_BROKEN'],
  ])('is a failure when it says %d, and none of its words are passed on', async (code, reason) => {
    server.misbehave('/npm/left', status(code, { 'x-secret': 'secret' }));

    const failure = await failureOf(lab.open().fetch(asking('left')));

    expect(failure).toMatchObject({ code: 'UNAVAILABLE', reason, headers: {} });
    expect((failure as Error).message).toContain(server.host);
    expect((failure as Error).message).not.toContain('doctype');
  });

  it('is a failure when it is more than is wanted', async () => {
    expect(await failureOf(lab.open().fetch(asking('left', { maxBytes: 4 })))).toMatchObject({
      reason: 'UPSTREAM_BROKEN',
      message: `${server.host} does not answer well: its answer is longer than 4 bytes`,
    });
  });
});

describe('a target', () => {
  it.each([
    ['@scope%2fname', '/npm/@scope%2fname'],
    ['-/v1/search?text=a%20b', '/npm/-/v1/search?text=a%20b'],
    ['sha256:abc', '/npm/sha256:abc'],
    ['/x', '/npm//x'],
  ])('%s is below the address', async (target, path) => {
    await lab.open().fetch(asking(target));

    expect(server.asked().map((one) => one.target)).toEqual([path]);
  });

  it.each(['../secret', '%2e%2e/secret', 'a/../../secret', '..\\secret', 'https://'])(
    '%s is not followed',
    async (target) => {
      expect(await failureOf(lab.open().fetch(asking(target)))).toMatchObject({
        code: 'FAILED_PRECONDITION',
        reason: 'UPSTREAM_FORBIDDEN',
      });
    },
  );

  it('at another address is asked without credentials and with few headers', async () => {
    await using other = await FakeUpstream.start();
    other.put('/left.tgz', { body: 'bytes' });
    const upstream = lab.open({ credentials: { kind: 'bearer', token: 'abc' } });
    const headers = { accept: 'a/b', 'npm-session': '1' };

    const text = await textOf(upstream.fetch(asking(`${other.url}/left.tgz`, { headers })));
    await textOf(upstream.fetch(asking(`${server.url}/npm/left`, { headers })));

    expect(text).toBe('bytes');
    const sent = [other, server].map((one) => one.asked()[0]?.headers);
    expect(sent).toMatchObject([{ accept: 'a/b' }, { ...headers, authorization: 'Bearer abc' }]);
    expect(Object.keys(sent[0] ?? {})).not.toContain('npm-session');
    expect(Object.keys(sent[0] ?? {})).not.toContain('authorization');
  });

  it.each(['ftp://example.com', 'nonsense', ''])('below %p is refused', (uri) => {
    expect(() => lab.open({ uri })).toThrow('cannot be asked: write a URL');
  });

  it('below an address with a password is refused, and the password not repeated', () => {
    expect(() => lab.open({ uri: 'https://jo:secret@r.example.com/' })).toThrow(
      /^r\.example\.com is not asked: a user name or password does not belong in a URL/,
    );
  });

  it('that needs a token of impossible characters is refused', () => {
    expect(() => lab.open({ credentials: { kind: 'bearer', token: 'a\nb' } })).toThrow(
      /^127\.0\.0\.1:\d+ is not asked: the token that is set for it has characters that no token has$/,
    );
  });
});

describe('a redirect', () => {
  it('to another server brings the bytes and no credentials', async () => {
    await using other = await FakeUpstream.start();
    other.put('/left.tgz', { body: '0123456789' });
    server.misbehave('/npm/left', redirected(`${other.url}/left.tgz`));
    const credentials = { kind: 'basic', username: 'jo', password: 'pass' } as const;

    const answer = await lab.open({ credentials }).fetch(asking('left', { from: { offset: 8 } }));

    expect(await textOf(answer)).toBe('89');
    expect(server.asked()[0]?.headers['authorization']).toStartWith('Basic ');
    expect(other.asked()[0]?.headers['authorization']).toBeUndefined();
  });

  it.each([
    ['to an address that is not public', 'http://10.0.0.1/', 'UPSTREAM_FORBIDDEN'],
    ['to a metadata service', 'http://169.254.169.254/latest', 'UPSTREAM_FORBIDDEN'],
    ['to itself, for ever', '/npm/left', 'UPSTREAM_BROKEN'],
  ])('%s is not followed', async (_, location, reason) => {
    server.misbehave('/npm/left', redirected(location));

    expect(await failureOf(lab.open().fetch(asking('left')))).toMatchObject({ reason });
  });

  it('elsewhere that asks for credentials gets none', async () => {
    await using other = await FakeUpstream.start();
    const realm = `Bearer realm="${other.url}/token"`;
    other.misbehave('/left', status(401, { 'www-authenticate': realm }));
    server.misbehave('/npm/left', redirected(`${other.url}/left`));

    expect(await failureOf(lab.open().fetch(asking('left')))).toMatchObject({ reason: 'UPSTREAM_REFUSED' });
    expect(other.asked('/token')).toEqual([]);
  });
});

describe('a body that broke off', () => {
  const from = { offset: 3, ifRange: '"1"' };

  it('is continued where it was', async () => {
    server.misbehave('/npm/left', atFirst(truncated(3)));
    const upstream = lab.open();
    await failureOf(textOf(upstream.fetch(asking('left'))));

    const answer = await upstream.fetch(asking('left', { from }));

    expect(answer).toMatchObject({ kind: 'found', offset: 3, size: 5 });
    expect(await textOf(answer)).toBe('lo');
    expect(server.asked()[1]?.headers).toMatchObject({ range: 'bytes=3-', 'if-range': '"1"' });
  });

  it.each([
    ['changed', { from: { offset: 3, ifRange: '"2"' } }],
    ['has a validator that cannot promise bytes', { from: { offset: 3, ifRange: 'W/"1"' } }],
    ['is shorter now', { from: { offset: 9, ifRange: '"1"' } }],
    ['had not begun', { from: { offset: 0 } }],
  ])('comes from the beginning when it %s', async (_, request) => {
    const answer = await lab.open().fetch(asking('left', request));

    expect(answer).toMatchObject({ kind: 'found', offset: 0, size: 5 });
    expect(await textOf(answer)).toBe('hello');
  });

  it('comes from the beginning when the other side overlooks that it changed', async () => {
    const part = { etag: '"2"', 'content-range': 'bytes 3-4/5' };
    server.misbehave('/npm/left', atFirst(status(206, part)));

    expect(await lab.open().fetch(asking('left', { from }))).toMatchObject({ kind: 'found', offset: 0 });
  });

  it.each([
    ['no part', {}],
    ['another part', { 'content-range': 'bytes 2-4/5' }],
    ['less than was left', { 'content-range': 'bytes 3-26/100' }],
    ['another length', { 'content-range': 'bytes 3-4/5' }],
    ['several parts', { 'content-type': 'multipart/byteranges; boundary=x' }],
    ['more than is wanted', { 'content-range': 'bytes 3-2000000/2000001', 'content-length': '1999998' }],
  ])('is a failure when the other side sends %s', async (_, headers) => {
    server.misbehave('/npm/left', status(206, headers));

    expect(await failureOf(lab.open().fetch(asking('left', { from })))).toMatchObject({
      reason: 'UPSTREAM_BROKEN',
    });
  });

  it('is a failure when all of it would be more than is wanted', async () => {
    const answer = lab.open().fetch(asking('left', { from, maxBytes: 4 }));

    expect(await failureOf(answer)).toMatchObject({
      message: `${server.host} does not answer well: its answer is longer than 4 bytes`,
    });
  });

  it.each([
    ['hell', 'its answer is cut off'],
    ['hello!', 'its answer is longer than the part that it says it is'],
  ])('is held to its part when no length says how long it is: %s', async (body, why) => {
    server.misbehave('/npm/left', async (_, wire) => {
      const headers = { 'transfer-encoding': 'chunked', 'content-range': 'bytes 3-7/8' };
      const bytes = new TextEncoder().encode(body);
      await wire.head({ status: 206, headers, body: bytes });
      await wire.write(bytes);
      await wire.finish();
    });

    expect(await failureOf(textOf(lab.open().fetch(asking('left', { from }))))).toMatchObject({
      message: `${server.host} does not answer well: ${why}`,
    });
  });
});
