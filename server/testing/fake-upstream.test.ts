import { afterEach, beforeEach, describe, expect, it } from 'bun:test';
import { createHash } from 'node:crypto';
import { FakeUpstream } from './fake-upstream.ts';
import {
  atFirst,
  corrupt,
  dripping,
  type Fault,
  Gate,
  loginPage,
  lyingLength,
  lyingType,
  redirected,
  reset,
  slow,
  status,
  Tap,
  truncated,
} from './upstream-faults.ts';
import { NpmShelf } from './upstream-npm.ts';
import { ImageShelf, TokenHost } from './upstream-oci.ts';
import { digestOf, MANIFEST } from './oci.ts';

const PATH = '/a/file';
const TEXT = '0123456789';

let upstream: FakeUpstream;
beforeEach(async () => {
  upstream = await FakeUpstream.start();
  upstream.put(PATH, { body: TEXT });
});
afterEach(() => upstream[Symbol.asyncDispose]());

const get = (
  path = PATH,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Response> => fetch(upstream.url + path, { headers, method, redirect: 'manual' });
const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing failed',
    (error: unknown) => String(error),
  );

describe('a fake upstream that behaves', () => {
  it('has what was put in and nothing else', async () => {
    const answer = await get();
    expect([answer.status, await answer.text()]).toEqual([200, TEXT]);
    expect((await get('/other')).status).toBe(404);
    upstream.remove(PATH);
    expect((await get()).status).toBe(404);
  });

  it('records what it was asked, however a slash is spelled', async () => {
    upstream.put('/@scope/name', { body: '{}' });
    await fetch(`${upstream.url}/@scope%2fname?write=true`, { method: 'POST', body: 'hello' });
    const [asked] = upstream.asked('/@scope/name');
    expect(asked).toMatchObject({
      method: 'POST',
      target: '/@scope%2fname?write=true',
      path: '/@scope/name',
    });
    expect(new TextDecoder().decode(asked?.body)).toBe('hello');
    expect(asked?.headers['content-length']).toBe('5');
    upstream.forget();
    expect(upstream.asked()).toEqual([]);
  });

  it('tells when it has been asked', async () => {
    const twice = upstream.hasBeenAsked(/^\/a/, 2);
    await get();
    expect(await Promise.race([twice.then(() => 'twice'), Promise.resolve('once')])).toBe('once');
    await get();
    await twice;
  });

  it('answers HEAD with the headers of GET', async () => {
    const answer = await get(PATH, {}, 'HEAD');
    expect([answer.headers.get('content-length'), await answer.text()]).toEqual(['10', '']);
    expect(await (await get()).text()).toBe(TEXT);
  });

  it.each([
    ['bytes=4-', '', 206, '456789', 'bytes 4-9/10'],
    ['bytes=4-5', '', 206, '45', 'bytes 4-5/10'],
    ['bytes=4-99', '', 206, '456789', 'bytes 4-9/10'],
    ['bytes=10-', '', 416, '', 'bytes */10'],
    ['bytes=4-', '"other"', 200, TEXT, null],
  ])('answers Range %s, If-Range %j with %i', async (range, ifRange, code, text, contentRange) => {
    const answer = await get(PATH, { range, ...(ifRange !== '' && { 'if-range': ifRange }) });
    expect([answer.status, await answer.text()]).toEqual([code, text]);
    expect(answer.headers.get('content-range')).toBe(contentRange);
  });

  it('answers 304 to who has it, and the body once it is another', async () => {
    const headers = { 'if-none-match': (await get()).headers.get('etag') ?? '' };
    expect((await get(PATH, headers)).status).toBe(304);
    upstream.put(PATH, { body: 'another' });
    expect(await (await get(PATH, headers)).text()).toBe('another');
  });

  it('sends in chunks what is put so', async () => {
    upstream.put(PATH, { body: TEXT, headers: { 'transfer-encoding': 'chunked' } });
    const answer = await get();
    expect([answer.headers.get('content-length'), await answer.text()]).toEqual([null, TEXT]);
    upstream.misbehave(PATH, truncated(5));
    expect(await failure(get().then((cut) => cut.text()))).not.toBe('nothing failed');
  });
});

describe('a fake upstream that misbehaves', () => {
  const code: readonly (readonly [string, Fault, number, string])[] = [
    ['a log-in page', loginPage, 200, 'text/html; charset=utf-8'],
    ['another type', lyingType('text/plain'), 200, 'text/plain'],
    ['401', status(401), 401, 'text/html; charset=utf-8'],
    ['503', status(503), 503, 'text/html; charset=utf-8'],
    ['a redirect', redirected('http://127.0.0.2/'), 302, 'text/html; charset=utf-8'],
  ];
  it.each(code)('answers %s', async (_, fault, expected, type) => {
    upstream.misbehave(PATH, fault);
    const answer = await get();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([expected, type]);
    upstream.behave(PATH);
    expect(await (await get()).text()).toBe(TEXT);
  });

  it('asks for patience', async () => {
    upstream.misbehave(/./, status(429, { 'retry-after': '7' }));
    const answer = await get('/whatever');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
  });

  const broken: readonly (readonly [string, Fault])[] = [
    ['nothing at all', reset],
    ['half of the body', truncated(0.5)],
    ['no byte of the body', truncated(0)],
    ['less than it declares', lyingLength(11)],
  ];
  it.each(broken)('sends %s', async (_, fault) => {
    upstream.misbehave(PATH, fault);
    expect(await failure(get().then((answer) => answer.text()))).not.toBe('nothing failed');
  });

  it('declares less than it sends', async () => {
    upstream.misbehave(PATH, lyingLength(4));
    expect(await (await get()).text()).toBe('0123');
  });

  it('sends one byte wrong', async () => {
    upstream.misbehave(PATH, corrupt());
    expect(await (await get()).text()).toBe('0123456788');
    upstream.misbehave(PATH, corrupt(0));
    expect(await (await get()).text()).toBe('1123456789');
  });

  it('leads back to where it began', async () => {
    upstream.misbehave(PATH, redirected(PATH));
    expect(await failure(fetch(upstream.url + PATH))).toMatch(/redirect/i);
  });

  it('dies at half of a body once, and then continues with Range', async () => {
    upstream.misbehave(PATH, atFirst(truncated(0.5)));
    expect(await failure(get().then((answer) => answer.text()))).not.toBe('nothing failed');
    expect(await (await get(PATH, { range: 'bytes=5-' })).text()).toBe('56789');
  });

  it('keeps the first byte until the test lets it go', async () => {
    const gate = new Gate();
    upstream.misbehave(PATH, slow(gate));
    const answer = get();
    await gate.reached;
    gate.open();
    expect(await (await answer).text()).toBe(TEXT);
  });

  it('lets a body out piece by piece', async () => {
    const tap = new Tap();
    upstream.misbehave(PATH, dripping(tap));
    const { body } = await get();
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    tap.release(3);
    expect((await reader.read()).value).toEqual(new TextEncoder().encode('012'));
    tap.release();
    expect((await reader.read()).value).toEqual(new TextEncoder().encode('3456789'));
    expect((await reader.read()).done).toBe(true);
  });

  it('refuses connections while it is down, and is found at the same address afterwards', async () => {
    const { url } = upstream;
    await get();
    await upstream.down();
    expect(await failure(get())).toMatch(/connect|refused/i);
    await upstream.up();
    expect(upstream.url).toBe(url);
    expect(await (await get()).text()).toBe(TEXT);
  });
});

const read = async (path: string, headers: Readonly<Record<string, string>> = {}) =>
  (await (await get(path, headers)).json()) as {
    readonly 'dist-tags': Readonly<Record<string, string>>;
    readonly time?: object;
    readonly versions: Readonly<
      Record<string, { readonly scripts?: object; readonly dist: Readonly<Record<string, string>> }>
    >;
  };

describe('packages of a fake upstream', () => {
  it('are described in full and abbreviated, and are what is described', async () => {
    const shelf = new NpmShelf(upstream, '/npm');
    const manifest = { scripts: { test: 'true' }, dependencies: { left: '^1.0.0' } };
    await shelf.publish({ name: '@a/b', version: '1.0.0', manifest });
    await shelf.publish({ name: '@a/b', version: '2.0.0-rc.1', tag: 'next' });

    const full = await read('/npm/@a%2fb');
    const short = await read('/npm/@a/b', { accept: 'application/vnd.npm.install-v1+json; q=1.0, */*' });

    expect(full['dist-tags']).toEqual({ latest: '1.0.0', next: '2.0.0-rc.1' });
    expect(full.time).toHaveProperty(['1.0.0']);
    expect(full.versions['1.0.0']).toMatchObject(manifest);
    expect(short.versions['1.0.0']?.scripts).toBeUndefined();
    expect(short.time).toBeUndefined();
    const { tarball = '', integrity } = full.versions['1.0.0']?.dist ?? {};
    expect(tarball).toBe(`${shelf.url}@a/b/-/b-1.0.0.tgz`);
    const bytes = await (await fetch(tarball)).bytes();
    expect(integrity).toBe(`sha512-${createHash('sha512').update(bytes).digest('base64')}`);
  });

  it('can be taken back', async () => {
    const shelf = new NpmShelf(upstream);
    await shelf.publish({ name: 'a', version: '1.0.0', tag: 'old' });
    await shelf.publish({ name: 'a', version: '2.0.0' });
    shelf.unpublish('a', '1.0.0');
    expect(await read('/a')).toMatchObject({ 'dist-tags': { latest: '2.0.0' } });
    expect((await get(shelf.tarballPath('a', '1.0.0'))).status).toBe(404);
    shelf.unpublish('a');
    expect((await get('/a')).status).toBe(404);
  });
});

describe('images of a fake upstream', () => {
  it('are read by tag and by digest, with layers, tags and referrers', async () => {
    const shelf = new ImageShelf(upstream);
    const image = shelf.push('library/app', 'v1', { layers: ['one', 'two'] });
    shelf.push('library/app', 'sig', { more: { subject: image, artifactType: 'application/x.signature' } });

    const byTag = await get(shelf.manifestPath('library/app', 'v1'));
    expect(byTag.headers.get('content-type')).toBe(MANIFEST);
    expect(byTag.headers.get('docker-content-digest')).toBe(image.digest);
    expect(digestOf(await byTag.text())).toBe(image.digest);
    expect((await get(shelf.manifestPath('library/app', image.digest))).status).toBe(200);
    const layer = await get(shelf.blobPath('library/app', image.layers[1]?.digest ?? ''));
    expect(await layer.text()).toBe('two');
    const tags = await get('/v2/library/app/tags/list');
    expect(await tags.json()).toEqual({ name: 'library/app', tags: ['sig', 'v1'] });
    const referrers = await get(`/v2/library/app/referrers/${image.digest}`);
    expect(await referrers.text()).toContain('application/x.signature');
  });

  it('want a token of a host of its own, for the image and for as long as it is good', async () => {
    await using other = await FakeUpstream.start();
    const tokens = new TokenHost(other, { username: 'u', password: 'p' });
    const shelf = new ImageShelf(upstream, tokens);
    shelf.push('app', 'v1');
    const path = shelf.manifestPath('app', 'v1');
    const challenge = (await get(path)).headers.get('www-authenticate') ?? '';
    expect(challenge).toBe(`Bearer realm="${other.url}/token",service="fake",scope="repository:app:pull"`);

    const url = `${other.url}/token?service=fake&scope=repository:app:pull`;
    expect((await fetch(url)).status).toBe(401);
    const login = await fetch(url, { headers: { authorization: `Basic ${btoa('u:p')}` } });
    const { token } = (await login.json()) as { readonly token: string };
    const authorization = `Bearer ${token}`;

    expect((await get(path, { authorization })).status).toBe(200);
    shelf.push('other', 'v1');
    expect((await get(shelf.manifestPath('other', 'v1'), { authorization })).status).toBe(401);
    tokens.expire();
    expect((await get(path, { authorization })).status).toBe(401);
  });
});
