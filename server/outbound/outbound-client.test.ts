import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { createServer, type Server, type Socket } from 'node:net';
import { RegistryError } from '../core/error.ts';
import { SecureServer } from '../testing/secure-server.ts';
import { OutboundClient } from './outbound-client.ts';
import type { Resolve } from './reachable.ts';

const LOCAL = [{ address: '127.0.0.1', family: 4 }] as const;

/** What the other side saw of each request, and what it answers by path. */
const seen: { readonly path: string; readonly headers: Headers; readonly host: string | null }[] = [];
let upstream: ReturnType<typeof Bun.serve>;
let raw: Server;
const unknown: Resolve = () => Promise.reject(new Error('ENOTFOUND'));
const metadata: Resolve = async () => [{ address: '169.254.169.254', family: 4 }];
const port = (): number => upstream.port ?? 0;
const rawPort = (): number => (raw.address() as { readonly port: number }).port;

beforeAll(async () => {
  upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      const url = new URL(request.url);
      seen.push({ path: url.pathname, headers: request.headers, host: request.headers.get('host') });
      const to = url.searchParams.get('to');
      if (to !== null) return new Response(null, { status: 302, headers: { location: to } });
      if (url.pathname === '/loop') return Response.redirect('/loop');
      if (url.pathname === '/nowhere') return new Response(null, { status: 301 });
      if (url.pathname === '/long') return new Response('x'.repeat(2000));
      if (url.pathname === '/gzip')
        return new Response('x', { headers: { 'content-encoding': 'gzip', 'content-length': '1' } });
      return new Response(`hello from ${request.headers.get('host')}`, { headers: { 'x-one': '1' } });
    },
  });
  const answers: Readonly<Record<string, (socket: Socket) => void>> = {
    '/silent': () => undefined,
    '/stalls': (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
    '/short': (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
    '/endless': (socket) =>
      void socket.write(
        `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2000)}\r\n`,
      ),
    '/nonsense': (socket) => void socket.end('SSH-2.0-OpenSSH_9.9\r\n'),
    '/headers': (socket) => void socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`),
  };
  raw = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (head) => answers[head.toString().split(' ')[1] ?? '']?.(socket));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => raw.once('listening', resolve));
});
afterAll(async () => {
  await upstream.stop(true);
  raw.close();
});

const client = (resolve: Resolve = async () => LOCAL, allowed = ['upstream.test', 'mirror.test']) =>
  new OutboundClient({ resolve, allowed: allowed.map((hostname) => ({ hostname })) });
const at = (path: string, host = 'upstream.test'): URL => new URL(`http://${host}:${port()}${path}`);
const refusal = async (work: Promise<unknown>): Promise<Pick<RegistryError, 'code' | 'message'>> => {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof RegistryError) return thrown;
    throw thrown;
  }
  throw new Error('it was not refused');
};

describe('a request to another server', () => {
  it('goes to the address that was checked, whatever the name means a moment later', async () => {
    let asked = 0;
    const rebinding: Resolve = async () => {
      asked += 1;
      return asked === 1 ? LOCAL : [{ address: '127.0.0.2', family: 4 }];
    };

    const { status, body, headers } = await client(rebinding).fetch(at('/'), { maxBytes: 1000 });

    expect(status).toBe(200);
    expect(headers.get('x-one')).toBe('1');
    expect(new TextDecoder().decode(body)).toBe(`hello from upstream.test:${port()}`);
    expect(asked).toBe(1);
  });

  it.each([
    ['a private address', [{ address: '10.0.0.1', family: 4 }]],
    ['one private address among others', [{ address: '8.8.8.8', family: 4 }, ...LOCAL]],
    ['a mapped address', [{ address: '::ffff:127.0.0.1', family: 6 }]],
  ])('is refused when the name has %s', async (_, addresses) => {
    const { code, message } = await refusal(
      client(async () => addresses, []).fetch(at('/'), { maxBytes: 1000 }),
    );

    expect(code).toBe('FAILED_PRECONDITION');
    expect(message).toContain(`--allow-upstream-hosts upstream.test:${port()}`);
    expect(message).not.toContain('10.0.0.1');
  });

  it('is refused for a metadata address even when the host is listed', async () => {
    expect((await refusal(client(metadata).fetch(at('/'), { maxBytes: 1 }))).code).toBe(
      'FAILED_PRECONDITION',
    );
  });

  it.each(['http://127.0.0.1/', 'http://[::1]/', 'http://2130706433/', 'http://0x7f.1/', 'http://0/'])(
    'is refused for %s, which needs no name',
    async (url) => {
      const { code } = await refusal(client().fetch(new URL(url), { maxBytes: 1 }));

      expect(code).toBe('FAILED_PRECONDITION');
    },
  );

  it.each(['ftp://upstream.test/', 'file:///etc/passwd', 'http://u:p@upstream.test/', 'data:text/plain,x'])(
    'is refused for %s',
    async (url) => {
      const { code } = await refusal(client().fetch(new URL(url), { maxBytes: 1 }));

      expect(code).toBe('FAILED_PRECONDITION');
    },
  );

  it('waits for its turn when many go to one host, and not for ever', async () => {
    const silent = new URL(`http://upstream.test:${rawPort()}/silent`);
    const one = client();
    const many = Array.from({ length: 16 }, () =>
      refusal(one.fetch(silent, { maxBytes: 1, timeoutMs: 600 })),
    );
    const tooMany = await refusal(one.fetch(silent, { maxBytes: 1, timeoutMs: 200 }));
    const elsewhere = await one.fetch(at('/'), { maxBytes: 1000 });
    await Promise.all(many);
    const later = await refusal(one.fetch(silent, { maxBytes: 1, timeoutMs: 200 }));

    expect([tooMany.code, elsewhere.status, later.code]).toEqual([
      'DEADLINE_EXCEEDED',
      200,
      'DEADLINE_EXCEEDED',
    ]);
  });

  it('may go to what a setting names', async () => {
    const named = new OutboundClient({ allowed: [] }).allowing(new URL(`http://127.0.0.1:${port()}`));

    expect((await named.fetch(at('/', '127.0.0.1'), { maxBytes: 1000 })).status).toBe(200);
    const other = new URL(`http://127.0.0.1:${rawPort()}/`);
    expect((await refusal(named.fetch(other, { maxBytes: 1 }))).code).toBe('FAILED_PRECONDITION');
  });
});

describe('a redirect', () => {
  const headers = { authorization: 'Bearer secret', cookie: 'a=b', 'x-key': 'k', accept: 'text/plain' };

  it('is followed with everything to the same origin, and with nothing secret to another', async () => {
    seen.length = 0;
    const to = encodeURIComponent(`http://mirror.test:${port()}/two`);

    const { url } = await client().fetch(at(`/zero?to=/one?to=${encodeURIComponent(to)}`), {
      headers,
      maxBytes: 1000,
    });

    expect(url.hostname).toBe('mirror.test');
    expect(
      seen.map(({ path, headers: sent }) => [path, sent.get('authorization'), sent.get('cookie')]),
    ).toEqual([
      ['/zero', 'Bearer secret', 'a=b'],
      ['/one', 'Bearer secret', 'a=b'],
      ['/two', null, null],
    ]);
    expect(seen.at(-1)?.headers.get('x-key')).toBeNull();
    expect(seen.at(-1)?.headers.get('accept')).toBe('text/plain');
  });

  it.each([
    ['to a private address', '/?to=http://127.0.0.1:1/', 'FAILED_PRECONDITION'],
    ['to another scheme', '/?to=file:///etc/passwd', 'FAILED_PRECONDITION'],
    ['to nowhere', '/nowhere', 'UNAVAILABLE'],
    ['in a circle', '/loop', 'UNAVAILABLE'],
  ] as const)('%s is not followed', async (_, path, code) => {
    expect((await refusal(client().fetch(at(path), { maxBytes: 1000 }))).code).toBe(code);
  });

  it('is an answer to a method that changes something', async () => {
    const { status } = await client().fetch(at('/?to=/two'), { method: 'POST', body: 'x', maxBytes: 10 });

    expect(status).toBe(302);
  });
});

describe.skipIf(Bun.which('openssl') === null)('a certificate', () => {
  it('must be of the name that was asked for, though an address is connected to', async () => {
    await using secure = await SecureServer.start('upstream.test');
    const options = { allowed: [{ hostname: 'upstream.test' }, { hostname: 'other.test' }], ca: secure.cert };
    const believing = new OutboundClient({ resolve: async () => LOCAL, ...options });
    const url = (host: string) => new URL(`https://${host}:${secure.port}/`);

    expect((await believing.fetch(url('upstream.test'), { maxBytes: 10 })).status).toBe(200);
    expect((await refusal(believing.fetch(url('other.test'), { maxBytes: 10 }))).code).toBe('UNAVAILABLE');
    expect((await refusal(client().fetch(url('upstream.test'), { maxBytes: 10 }))).code).toBe('UNAVAILABLE');
  });

  it('is shown once for many requests', async () => {
    await using secure = await SecureServer.start('upstream.test');
    const allowed = [{ hostname: 'upstream.test' }];
    using believing = new OutboundClient({ resolve: async () => LOCAL, allowed, ca: secure.cert });

    for (let times = 0; times < 3; times += 1)
      await believing.fetch(new URL(`https://upstream.test:${secure.port}/`), { maxBytes: 10 });

    expect(secure.peers.size).toBe(1);
  });

  it('is not given up by a redirect', async () => {
    await using secure = await SecureServer.start('upstream.test', at('/').href);
    const believing = new OutboundClient({
      resolve: async () => LOCAL,
      allowed: [{ hostname: 'upstream.test' }],
      ca: secure.cert,
    });

    const { code, message } = await refusal(
      believing.fetch(new URL(`https://upstream.test:${secure.port}/`), { maxBytes: 1000 }),
    );

    expect([code, message]).toEqual([
      'FAILED_PRECONDITION',
      `upstream.test:${port()} is not asked: a redirect leads there from https`,
    ]);
  });
});

describe('an answer', () => {
  it.each([
    ['is longer than wanted', () => at('/long'), 'UNAVAILABLE'],
    ['is compressed', () => at('/gzip'), 'UNAVAILABLE'],
    [
      'goes on beyond what is wanted',
      () => new URL(`http://upstream.test:${rawPort()}/endless`),
      'UNAVAILABLE',
    ],
    ['ends too early', () => new URL(`http://upstream.test:${rawPort()}/short`), 'UNAVAILABLE'],
    ['is not HTTP', () => new URL(`http://upstream.test:${rawPort()}/nonsense`), 'UNAVAILABLE'],
    ['has endless headers', () => new URL(`http://upstream.test:${rawPort()}/headers`), 'UNAVAILABLE'],
    ['does not come', () => new URL(`http://upstream.test:${rawPort()}/silent`), 'DEADLINE_EXCEEDED'],
    ['stops in the middle', () => new URL(`http://upstream.test:${rawPort()}/stalls`), 'DEADLINE_EXCEEDED'],
  ] as const)('that %s is a failure', async (_, url, code) => {
    const { message, ...error } = await refusal(
      client().fetch(url(), { maxBytes: 1000, timeoutMs: code === 'DEADLINE_EXCEEDED' ? 200 : 5000 }),
    );

    expect(error).toMatchObject({ code });
    expect(message).not.toContain('SSH');
  });

  it('that nobody gives is a failure with a sentence', async () => {
    expect(await refusal(client(unknown).fetch(at('/'), { maxBytes: 1 }))).toMatchObject({
      code: 'UNAVAILABLE',
      message: `upstream.test:${port()} does not answer well: its name is not known`,
    });
  });
});
