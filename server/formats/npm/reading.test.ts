import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TestServer } from '../../testing/harness.ts';
import { NpmClient } from '../../testing/npm.ts';

let server: TestServer;
let npm: NpmClient;
beforeAll(async () => {
  server = await TestServer.start();
  await server.repository('packages', { format: 'NPM' });
  npm = new NpmClient(server, 'packages');
  await npm.publish({
    name: '@acme/a',
    more: { description: 'parses things', keywords: ['parser'], scripts: { test: 'x' }, custom: true },
  });
  await npm.publish({ name: '@acme/a', version: '1.1.0-rc.1', tag: 'next' });
  await npm.publish({ name: 'constructor', more: { description: 'also parses', author: { name: 'Ann' } } });
});
afterAll(() => server[Symbol.asyncDispose]());

const INSTALL = 'application/vnd.npm.install-v1+json';
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  npm.send('GET', path, { headers });

describe('a packument', () => {
  test.each([
    ['as npm asks to install', `${INSTALL}; q=1.0, application/json; q=0.8, */*`, INSTALL],
    ['as it asks for all', 'application/json', 'application/json'],
    ['for the abbreviated form alone', INSTALL, INSTALL],
    ['for nothing', undefined, 'application/json'],
    ['for something else', 'text/html', 'application/json'],
  ])('is answered %s', async (_, accept, type) => {
    const answer = await get('@acme%2fa', accept === undefined ? {} : { accept });

    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('vary')]).toEqual([
      200,
      type,
      'accept, accept-encoding',
    ]);
    const { versions, time } = (await answer.json()) as { versions: Record<string, object>; time: object };
    expect(Object.keys(versions)).toEqual(['1.0.0', '1.1.0-rc.1']);
    expect(time).toHaveProperty(['1.0.0']);
    expect(Object.hasOwn(versions['1.0.0'] ?? {}, 'custom')).toBe(type === 'application/json');
  });

  test.each(['@acme%2fa', '@acme%2Fa', '@acme/a', '/@acme/a', '%40acme%2fa'])('is at %s', async (path) => {
    expect(await (await get(path)).json()).toMatchObject({ name: '@acme/a' });
  });

  test('is the same until something of it is changed', async () => {
    await npm.publish({ name: 'changing' });
    const before = (await get('changing')).headers.get('etag') ?? '';
    expect((await get('changing', { 'if-none-match': before })).status).toBe(304);

    await npm.put('-/package/changing/dist-tags/stable', '1.0.0');

    const after = await get('changing', { 'if-none-match': before });
    expect([after.status, after.headers.get('etag') === before]).toEqual([200, false]);
  });

  test('is compressed before anybody asks', async () => {
    for (const coding of ['gzip', 'br']) {
      const answer = await get('@acme%2fa', { 'accept-encoding': coding });
      expect(answer.headers.get('content-encoding')).toBe(coding);
    }
  });

  test.each(['nowhere', '@acme%2fnowhere', '__proto__', 'toString', '-', '.hidden', '@acme'])(
    'of %s is not there',
    async (path) => {
      const answer = await get(path);
      expect([answer.status, await answer.json()]).toEqual([
        404,
        expect.objectContaining({ error: expect.any(String) }),
      ]);
    },
  );

  test('may be of a name that is a word of the language', async () => {
    expect(await (await get('constructor')).json()).toMatchObject({ 'dist-tags': { latest: '1.0.0' } });
  });
});

describe('a version', () => {
  test.each([
    ['@acme%2fa/1.0.0', '1.0.0'],
    ['@acme/a/1.0.0', '1.0.0'],
    ['/@acme/a/1.0.0', '1.0.0'],
    ['@acme/a/latest', '1.0.0'],
    ['@acme/a/next', '1.1.0-rc.1'],
  ])('is at %s', async (path, version) => {
    expect(await (await get(path)).json()).toMatchObject({
      name: '@acme/a',
      version,
      dist: { tarball: expect.stringMatching(/^http:\/\/localhost:8080\//) },
    });
  });

  test.each(['@acme/a/9.9.9', '@acme/a/^1.0.0', '@acme/a/constructor', 'nowhere/1.0.0'])(
    'is not at %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

describe('a tarball', () => {
  test.each([
    '@acme/a/-/a-1.0.0.tgz',
    '@acme%2fa/-/a-1.0.0.tgz',
    '@acme/a/-/@acme/a-1.0.0.tgz',
    '@acme%2fa/-/@acme%2fa-1.0.0.tgz',
    '/@acme/a/-/a-1.0.0.tgz',
  ])('is at %s, and never compressed again', async (path) => {
    const answer = await get(path, { 'accept-encoding': 'gzip, br' });

    expect([
      answer.status,
      answer.headers.get('content-type'),
      answer.headers.get('content-encoding'),
    ]).toEqual([200, 'application/octet-stream', null]);
    expect(answer.headers.get('cache-control')).toContain('immutable');
  });

  test.each(['@acme/a/-/a-9.9.9.tgz', '@acme/a/-/b-1.0.0.tgz', '@acme/a/-/a-1.0.0.zip', 'a/-/a-1.0.0.tgz'])(
    'is not at %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

const search = async (query: string) => {
  const { objects, total } = await npm.json(`-/v1/search?${query}`);
  return [objects.map((each: { package: { name: string } }) => each.package.name).sort(), total];
};

describe('a search', () => {
  test.each([
    ['text=parses', ['@acme/a', 'constructor'], 2],
    ['text=PARSE+thing', ['@acme/a'], 1],
    ['text=keywords:parser', ['@acme/a'], 1],
    ['text=author:ann', ['constructor'], 1],
    ['text=@acme/a', ['@acme/a'], 1],
    ['text=nothing-like-it', [], 0],
    ['text=%22%22*%20OR', [], 0],
  ])('for %s finds these', async (query, names, total) => {
    expect(await search(query)).toEqual([names, total]);
  });

  test('goes on where it was left', async () => {
    const pages = await Promise.all(['0', '1'].map((from) => search(`text=parses&size=1&from=${from}`)));
    expect(new Set(pages.flatMap(([names]) => names))).toEqual(new Set(['@acme/a', 'constructor']));
  });

  test('shows what the latest version says', async () => {
    const { objects } = await npm.json('-/v1/search?text=parser');
    expect(objects).toEqual([
      expect.objectContaining({
        package: expect.objectContaining({
          name: '@acme/a',
          version: '1.0.0',
          description: 'parses things',
          keywords: ['parser'],
          date: expect.stringMatching(/Z$/),
        }),
      }),
    ]);
  });
});

describe('a question about vulnerabilities', () => {
  test.each(['advisories/bulk', 'audits', 'audits/quick'])('%s is answered with none', async (question) => {
    const body = Bun.gzipSync(JSON.stringify({ a: ['1.0.0'] }));
    const headers = { 'content-encoding': 'gzip', 'npm-command': 'audit' };
    const answer = await npm.send('POST', `-/npm/v1/security/${question}`, { headers, body });

    expect([answer.status, answer.headers.get('npm-notice')]).toEqual([
      200,
      expect.stringContaining('does not know of vulnerabilities'),
    ]);
    expect(((await answer.json()) as { advisories?: object }).advisories ?? {}).toEqual({});
  });

  test('that is too long is refused', async () => {
    const body = new Uint8Array(5 * 1024 * 1024);
    expect((await npm.send('POST', '-/npm/v1/security/advisories/bulk', { body })).status).toBe(413);
  });
});

test.each(['-/npm/v1/keys', '-/package/a/visibility', 'pnpm', '-/org/acme/user'])(
  '%s is not there, in JSON',
  async (path) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/json']);
  },
);
