import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { parseConfig } from './config.ts';
import { serve, type Serving } from './serve.ts';
import { ADMIN_PASSWORD, basic, type Logged, TestServer } from './testing/harness.ts';
import { digestOf, freshImage } from './testing/oci.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

let serving: Serving;
let port: number;
let lines: Logged[];
beforeEach(() => {
  lines = [];
  serving = listen([]);
  port = Number(new URL(serving.url).port);
});
afterEach(() => serving.stop());

function listen(flags: readonly string[]): Serving {
  // A client of an earlier test may hang up late; what is said of it then is not said here.
  const own = lines;
  return serve({
    app: server.app,
    config: parseConfig({ argv: ['--listen', '127.0.0.1:0', ...flags], env: {}, readFile: () => '' }),
    log: {
      write: (level, message, fields = {}) => void own.push({ level, message, fields }),
      flush: () => undefined,
    },
    now: () => 0,
    shared: false,
  });
}

/** Sends bytes as they are; answers what comes back until the server closes, or `enough` came. */
function raw(text: string | Buffer, enough: (answer: string) => boolean = () => false): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  let answer = '';
  socket.setTimeout(60_000, () => socket.destroy());
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    if (enough(answer)) socket.destroy();
  });
  socket.on('error', reject);
  socket.on('close', () => resolve(answer));
  return promise;
}
const get = (target: string, ...headers: readonly string[]) =>
  raw([`GET ${target} HTTP/1.1`, 'Connection: close', ...headers, '', ''].join('\r\n'));
const statusOf = (answer: string): number => Number(answer.split(' ')[1]);
const AUTHORIZATION = `Authorization: ${basic('admin', ADMIN_PASSWORD)}`;

describe('a request on the socket', () => {
  test('is answered where the server says that it listens', async () => {
    expect(serving.url).toBe(`http://127.0.0.1:${port}`);
    expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
  });

  test.each([
    ['no Host', []],
    ['an empty Host', ['Host: ']],
    ['two Hosts', ['Host: localhost', 'Host: evil.example']],
    ['a Host that is none', ['Host: a b']],
    ['a Host with a path', ['Host: localhost/v2']],
    ['a Host with a user', ['Host: admin@localhost']],
    ['two lengths', ['Host: localhost', 'Content-Length: 1', 'Content-Length: 2']],
    ['a length and chunks', ['Host: localhost', 'Content-Length: 1', 'Transfer-Encoding: chunked']],
    ['a coding that is unknown', ['Host: localhost', 'Transfer-Encoding: gzip, chunked']],
  ])('with %s is refused', async (_, headers) => {
    const answer = await get('/v2/', AUTHORIZATION, ...headers);

    expect(statusOf(answer)).toBe(400);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test.each([
    '/v2/us-central1-docker/my-project/images/../../other/x/manifests/v1',
    '/v2/us-central1-docker/my-project/images/%2e%2e/x/manifests/v1',
    '/v2/us-central1-docker/my-project/images\\..\\x/manifests/v1',
    '//v2/us-central1-docker/my-project/images/x/manifests/v1',
    '/v2/us-central1-docker/my-project/images/x/manifests/v1#/../..',
    'http://evil.example/v2/us-central1-docker/my-project/images/x/manifests/v1',
    '/v2/%00',
    '/v2/%ff',
  ])('for %s is refused before anything is looked for', async (target) => {
    const answer = await get(target, 'Host: localhost');

    expect([400, 401, 404]).toContain(statusOf(answer));
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('by HEAD tells the length of what GET would send', async () => {
    const image = freshImage(server);
    const { digest } = await image.blob('twelve bytes');

    const head = await raw(
      `HEAD /v2/${image.name}/blobs/${digest} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${AUTHORIZATION}\r\n\r\n`,
    );

    expect(head.toLowerCase()).toContain('content-length: 12\r\n');
    expect(head).toEndWith('\r\n\r\n');
  });

  test('that expects to be told to go on is told, and refused before it sends when it may not', async () => {
    const { name } = freshImage(server);
    const post = (...headers: readonly string[]) =>
      raw(
        [
          `POST /v2/${name}/blobs/uploads/?digest=${digestOf('x')} HTTP/1.1`,
          'Host: localhost',
          'Content-Length: 1',
          'Expect: 100-continue',
          ...headers,
          '',
          '',
        ].join('\r\n'),
        (answer) => answer.includes('\r\n\r\n'),
      );

    expect(statusOf(await post(AUTHORIZATION))).toBe(100);
    expect([100, 401]).toContain(statusOf(await post()));
  });
});

describe('a client that sends more than a refusal needs, on a connection that ends with the answer', () => {
  const SIZE = 8 * 1024 * 1024;

  test.each([
    ['with a length', `Content-Length: ${SIZE}`, Buffer.alloc(SIZE)],
    [
      'in chunks',
      'Transfer-Encoding: chunked',
      Buffer.concat([
        Buffer.from(`${SIZE.toString(16)}\r\n`),
        Buffer.alloc(SIZE),
        Buffer.from('\r\n0\r\n\r\n'),
      ]),
    ],
  ])('%s is told why before the connection ends', async (_, length, body) => {
    const head = [
      `POST /v2/us-central1-docker/my-project/images/x/blobs/uploads/?digest=${digestOf('x')} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      length,
      '',
      '',
    ].join('\r\n');

    // A connection that is reset rejects.
    const answer = await raw(Buffer.concat([Buffer.from(head), body]));

    expect(statusOf(answer)).toBe(401);
    expect(answer).toContain('UNAUTHORIZED');
  });
});

describe('an address that cannot be listened on', () => {
  test.each([
    ['it is taken', () => `127.0.0.1:${port}`, 'another program does already; stop that one'],
    ['it is another machine’s', () => '192.0.2.1:8080', 'this machine has no such address'],
  ])('is named with what to do about it where %s', (_, address, why) => {
    expect(() => listen(['--listen', address()])).toThrow(`cannot listen on ${address()}: ${why}`);
  });
});

describe('a client that hangs up in the middle of an upload', () => {
  test('is no failure of ours, and finds what had arrived', async () => {
    const image = freshImage(server);
    const path = await image.begin();
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `PATCH ${path} HTTP/1.1\r\nHost: localhost\r\n${AUTHORIZATION}\r\nContent-Length: 100\r\n\r\nhello`,
    );
    // A chunk for another place is refused in another way while the first one is being written.
    const other = { body: 'x', headers: { 'content-range': '7-7' } };
    while ((await server.send('PATCH', path, other)).status !== 409) await Bun.sleep(5);

    socket.destroy();
    while (!lines.some(({ message }) => message === 'request')) await Bun.sleep(5);

    expect(lines).toMatchObject([{ level: 'info', fields: { method: 'PATCH', status: 400 } }]);
    expect(server.logged).toEqual([]);
    expect((await server.send('GET', path)).headers.get('range')).toBe('0-4');
  });
});

const ask = async (flags: readonly string[]) => {
  lines = [];
  const other = listen(flags);
  await fetch(`${other.url}/healthz`);
  await fetch(`${other.url}/v2/`);
  await fetch(`${other.url}/token?password=secret`, { method: 'POST' });
  await other.stop();
  return lines.map(({ fields }) => [fields['method'], fields['path'], fields['status']]);
};

describe('the access log', () => {
  test('has changes and refusals unless more or less is asked for, and never a query', async () => {
    const refused = [
      ['GET', '/v2/', 401],
      ['POST', '/token', 400],
    ];

    expect(await ask([])).toEqual(refused);
    expect(await ask(['--access-log', 'all'])).toEqual([['GET', '/healthz', 200], ...refused]);
    expect(await ask(['--access-log', 'none'])).toEqual([]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  test('says who asked, for what, and how long it took, in the words of the route', async () => {
    await fetch(`${serving.url}/v2/us-central1-docker/my-project/images/x/manifests/v1`, {
      method: 'DELETE',
      headers: { authorization: basic('admin', ADMIN_PASSWORD) },
    });

    expect(lines).toMatchObject([
      {
        level: 'info',
        message: 'request',
        fields: {
          peer: '127.0.0.1',
          route: 'docker:/:image+/manifests/:reference',
          status: 404,
          ms: expect.any(Number),
        },
      },
    ]);
  });
});
