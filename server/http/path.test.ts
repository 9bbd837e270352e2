import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { RegistryError } from '../core/error.ts';
import { TestServer } from '../testing/harness.ts';
import { freshImage, type ImageClient, refusal } from '../testing/oci.ts';
import { rawPath } from '../lib/raw-path.ts';
import { pathSegments, withoutTokens } from './path.ts';

test.each([
  ['/us-npm/p/r/-/user/token/ent_AbC-_9', '/us-npm/p/r/-/user/token/ent_***'],
  ['/us-npm/p/r/-/user/token/ent_Ab%2DC', '/us-npm/p/r/-/user/token/ent_***'],
  ['/v2/p/r/parent_app/manifests/v1', '/v2/p/r/parent_app/manifests/v1'],
])('%s has no token in a log', (path, shown) => {
  expect(withoutTokens(path)).toBe(shown);
});

describe('the raw path of a URL', () => {
  test.each([
    ['http://host/a/b?c=/d', '/a/b'],
    ['http://host', '/'],
    ['http://host/', '/'],
    ['https://host:1/a//b/', '/a//b/'],
    ['http://host/%2f%2F', '/%2f%2F'],
    ['http://host/a?b?c', '/a'],
    ['/a/b?c', '/a/b'],
  ])('%s is %s', (url, path) => {
    expect(rawPath(url)).toBe(path);
  });
});

describe('the segments of a path', () => {
  test.each([
    ['/', []],
    ['/v2/', ['v2']],
    ['/a/b/c', ['a', 'b', 'c']],
    ['/a/b/', ['a', 'b']],
    ['/%41/b%2Bc', ['A', 'b+c']],
    ['/a%2fb/c', ['a/b', 'c']],
    ['/a%252fb', ['a%2fb']],
    ['/%C3%A9', ['é']],
    ['/a..b/...', ['a..b', '...']],
  ])('%s are decoded once', (path, segments) => {
    expect(pathSegments(path)).toEqual(segments);
  });

  test('may each have 255 bytes, and there may be 64', () => {
    expect(pathSegments(`/${'x'.repeat(255)}`)).toEqual(['x'.repeat(255)]);
    expect(pathSegments('/a'.repeat(64))).toHaveLength(64);
  });

  const refused = [
    ['//', 'NAME_INVALID'],
    ['//a', 'NAME_INVALID'],
    ['/a//b', 'NAME_INVALID'],
    ['/a//', 'NAME_INVALID'],
    ['/a/./b', 'NAME_INVALID'],
    ['/a/../b', 'NAME_INVALID'],
    ['/..', 'NAME_INVALID'],
    ['/%2e%2e/b', 'NAME_INVALID'],
    ['/.%2E', 'NAME_INVALID'],
    ['/a%00', 'NAME_INVALID'],
    ['/a%0ab', 'NAME_INVALID'],
    ['/a%7f', 'NAME_INVALID'],
    ['/a%c2%85', 'NAME_INVALID'],
    ['/a\\b', 'NAME_INVALID'],
    ['/a%5cb', 'NAME_INVALID'],
    ['/a\u0000', 'NAME_INVALID'],
    ['/%', 'NAME_INVALID'],
    ['/%zz', 'NAME_INVALID'],
    ['/%ff', 'NAME_INVALID'],
    ['/%c0%af', 'NAME_INVALID'],
    ['/%ed%a0%80', 'NAME_INVALID'],
    [`/${'x'.repeat(256)}`, 'NAME_INVALID'],
    [`/${'%C3%A9'.repeat(128)}`, 'NAME_INVALID'],
    [`/a${'/b'.repeat(64)}`, 'NAME_INVALID'],
    [`/${'a'.repeat(8 * 1024)}`, 'URI_TOO_LONG'],
  ] as const;
  test.each(refused.map(([path, reason]) => [path.slice(0, 40), path, reason] as const))(
    '%j are refused',
    (_, path, reason) => {
      expect(() => pathSegments(path)).toThrow(expect.objectContaining({ reason }));
    },
  );

  const SAFE = /^[^\u0000-\u001f\u007f-\u009f\\]{1,255}$/u; // oxlint-disable-line no-control-regex -- what must not be there

  test('are safe, or the path is refused in our own words, whatever it is', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(
        '%',
        '/',
        '..',
        '.',
        '%2e',
        '%2F',
        '%5C',
        '%00',
        '%25',
        '\\',
        'a',
        '%C3',
        '%A9',
        ';',
        '\u0085',
      ),
    );
    const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`);
    fc.assert(
      fc.property(path, (text) => {
        try {
          for (const segment of pathSegments(text)) {
            expect(segment).toMatch(SAFE);
            expect(['.', '..']).not.toContain(segment);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('come back from their own encoding', () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((text) => SAFE.test(text) && text !== '.' && text !== '..');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 8 }), (segments) => {
        const path = `/${segments.map(encodeURIComponent).join('/')}`;
        expect(pathSegments(path)).toEqual(segments);
      }),
    );
  });
});

describe('no spelling of a path changes the decision', () => {
  let server: TestServer;
  let open: ImageClient;
  let secret: ImageClient;
  /** May do everything in `images`, and nothing in `secrets` next to it. */
  let insider: string;
  beforeAll(async () => {
    server = await TestServer.start();
    await server.repository('secrets');
    await server.repository('images', { project: 'my-project-2' });
    open = freshImage(server);
    secret = freshImage(server, 'my-project/secrets');
    await open.image('v1', 'open');
    await secret.image('v1', 'secret');
    insider = await server.account('insider', [
      'projects/my-project/locations/us-central1/repositories/images',
    ]);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const P = '/v2/us-central1-docker/my-project';
  const below = () => secret.name.split('/').slice(3).join('/');
  const spellings: readonly ((image: string) => string)[] = [
    (image) => `${P}/secrets/${image}/manifests/v1`,
    (image) => `${P}/secrets/${image}/manifests/v1/`,
    (image) => `${P}/images/../secrets/${image}/manifests/v1`,
    (image) => `${P}/images/%2e%2e/secrets/${image}/manifests/v1`,
    (image) => `${P}/images/..%2fsecrets/${image}/manifests/v1`,
    (image) => `${P}/images%2f..%2fsecrets/${image}/manifests/v1`,
    (image) => `${P}/images%2F%2e%2e%2Fsecrets/${image}/manifests/v1`,
    (image) => `${P}/images/..\\secrets/${image}/manifests/v1`,
    (image) => `${P}/images/..%5csecrets/${image}/manifests/v1`,
    (image) => `${P}/images%00/../secrets/${image}/manifests/v1`,
    (image) => `${P}/images%252f..%252fsecrets/${image}/manifests/v1`,
    (image) => `${P}//secrets/${image}/manifests/v1`,
    (image) => `/${P}/secrets/${image}/manifests/v1`,
    (image) => `${P}/./secrets/${image}/manifests/v1`,
    (image) => `${P}/%73ecrets/${image}/manifests/v1`,
    (image) => `${P}/SECRETS/${image}/manifests/v1`,
    (image) => `${P}/secrets;x=images/${image}/manifests/v1`,
    (image) => `${P}/secrets%20/${image}/manifests/v1`,
    (image) => `${P}/secrets/${image}/manifests%2fv1`,
    (image) => `${P}/secrets%2f${image}/manifests/v1`,
    (image) => `${P}%2fimages/secrets/${image}/manifests/v1`,
    (image) => `${P}/secrets/${image}/manifests/v1?path=${P}/images`,
    (image) => `${P}/secrets/${image}/manifests/v1#${P}/images`,
    (image) => `${P}/images/${image}/manifests/v1`,
    (image) => `${P}/secrets/images/../${image}/manifests/v1`,
    (image) =>
      `/v2/us-central1-docker/my-project%2flocations%2fus-central1%2frepositories%2fimages/secrets/${image}/manifests/v1`,
    (image) => `${P}/images/${image}${'/x'.repeat(70)}/manifests/v1`,
    (image) => `${P}/images/${image}/manifests/${'v'.repeat(8 * 1024)}`,
  ];

  test.each(spellings.map((spell) => [spell('IMAGE').slice(0, 120), spell] as const))(
    '%s',
    async (_, spell) => {
      const path = spell(below());

      for (const method of ['GET', 'HEAD', 'DELETE'])
        for (const as of [insider, null]) {
          const answer = await server.send(method, path, { as });
          expect([400, 401, 403, 404, 414]).toContain(answer.status);
          expect(await answer.text()).not.toContain('layers');
          expect(answer.headers.get('docker-content-digest')).toBeNull();
        }
      const untouched = await secret.send('GET', 'manifests/v1');
      expect(untouched.status).toBe(200);
    },
  );

  test('of one segment too long, or of them all, is said in the words of the format', async () => {
    await refusal(await open.send('GET', `manifests/${'v'.repeat(256)}`), 400, 'NAME_INVALID');
    await refusal(await open.send('GET', `manifests/${'v'.repeat(8 * 1024)}`), 414, 'NAME_INVALID');
    await refusal(await open.send('GET', 'manifests/%ff'), 400, 'NAME_INVALID');
    await refusal(await open.send('GET', 'x//manifests/v1'), 400, 'NAME_INVALID');
  });

  test('of a project or repository that only begins alike', async () => {
    const projectwide = await server.account('projectwide', ['projects/my-project']);

    for (const path of [
      '/v2/us-central1-docker/my-project-2/images/x/tags/list',
      '/v2/us-central1-docker/my-project2/images/x/tags/list',
    ])
      await refusal(await server.send('GET', path, { as: projectwide }), 403, 'DENIED');
    await refusal(await server.send('GET', `${P}/images2/x/tags/list`, { as: insider }), 403, 'DENIED');
  });

  test('with a wrong Host header, or two', async () => {
    for (const host of [
      '',
      'a, b',
      'localhost, localhost',
      'a b',
      'a@b',
      'a/b',
      'a:b',
      'a:123456',
      '[::1',
      'a\tb',
      'é',
    ]) {
      const answer = await server.send('GET', `/v2/${open.name}/manifests/v1`, { host });
      expect([host, answer.status]).toEqual([host, 400]);
      expect(await answer.text()).toBe('the Host header is not a host\n');
    }
  });

  test('with a Host that is one in form alone', async () => {
    for (const host of ['localhost:99999', '1.2.3.4.5', '[:::]:1', '..', '-']) {
      expect((await server.send('GET', '/v2/', { host })).status).toBe(200);
      const challenged = await server.send('GET', '/v2/', { host, as: null });
      expect(challenged.headers.get('www-authenticate')).toContain(`service="${host}"`);
      await refusal(challenged, 401, 'UNAUTHORIZED');
    }
  });

  test.each(['OPTIONS', 'PROPFIND', 'LINK'])('with the method %s, which nothing has', async (method) => {
    const answer = await server.send(method, `/v2/${open.name}/manifests/v1`);

    expect([answer.status, answer.headers.get('allow')]).toEqual([
      405,
      'GET, HEAD, POST, PUT, PATCH, DELETE',
    ]);
  });
});
