import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { bodyOf, noise, pausedBody } from '../../testing/contracts/bodies.ts';
import { TestServer } from '../../testing/harness.ts';
import { digestOf, freshImage, type ImageClient, NOWHERE, refusal } from '../../testing/oci.ts';

let server: TestServer;
let image: ImageClient;
beforeAll(async () => {
  server = await TestServer.start(['--upload-expiry', '1h']);
});
afterAll(() => server[Symbol.asyncDispose]());
let before: readonly string[];
beforeEach(async () => {
  image = freshImage(server);
  before = await allStages();
});

const HELLO = 'hello, layer';
/** What the body of a request ends with when its client hangs up. */
const CLIENT_GONE = new DOMException('The connection was closed.', 'AbortError');
const at = (path: string, send: Parameters<TestServer['send']>[2] = {}, method = 'PUT') =>
  server.send(method, path, send);
const patch = (path: string, body: string, headers: Record<string, string> = {}) =>
  at(path, { body, headers: { 'content-length': String(body.length), ...headers } }, 'PATCH');
const pulled = async (digest: string) => (await image.send('GET', `blobs/${digest}`)).text();
/** Uploads that are on the disk since the test began. */
const stages = async () => (await allStages()).filter((id) => !before.includes(id));
const allStages = () => Array.fromAsync(new Bun.Glob('*').scan(`${server.directory.blobs}/uploads`));

describe('an upload in one request', () => {
  test('is there, under its digest, when the answer comes', async () => {
    const answer = await image.send('POST', `blobs/uploads/?digest=${digestOf(HELLO)}`, { body: HELLO });

    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v2/${image.name}/blobs/${digestOf(HELLO)}`);
    expect(answer.headers.get('docker-content-digest')).toBe(digestOf(HELLO));
    expect(answer.headers.get('content-length')).toBe('0');
    expect(await pulled(digestOf(HELLO))).toBe(HELLO);
  });

  test('may have no bytes at all', async () => {
    await image.blob('');

    const answer = await image.send('GET', `blobs/${digestOf('')}`);

    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  test('may be named by its sha512, and is then found by it', async () => {
    const digest = digestOf(HELLO, 'sha512');

    const answer = await image.send('POST', `blobs/uploads/?digest=${digest}`, { body: HELLO });

    expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([201, digest]);
    expect(await pulled(digest)).toBe(HELLO);
  });

  test('may be repeated', async () => {
    await image.blob(HELLO);
    await image.blob(HELLO);

    expect(await pulled(digestOf(HELLO))).toBe(HELLO);
  });

  test('leaves nothing behind when it breaks off', async () => {
    const body = bodyOf(['half of'], CLIENT_GONE);

    const answer = await image.send('POST', `blobs/uploads/?digest=${digestOf(HELLO)}`, { body });

    await refusal(answer, 400, 'SIZE_INVALID');
    expect(await stages()).toEqual([]);
    expect(server.logged).toEqual([]);
    await refusal(await image.send('GET', `blobs/${digestOf(HELLO)}`), 404, 'BLOB_UNKNOWN');
  });
});

describe('the answer to a new upload', () => {
  test.each(['blobs/uploads/', 'blobs/uploads', 'blobs/uploads/?digest-algorithm=sha512'])(
    'to %s says where it goes on and how far it has come',
    async (path) => {
      const answer = await image.send('POST', path, { headers: { 'content-length': '0' } });

      expect(answer.status).toBe(202);
      expect(answer.headers.get('location')).toStartWith(`/v2/${image.name}/blobs/uploads/`);
      expect(answer.headers.get('range')).toBe('0-0');
      expect(answer.headers.get('docker-upload-uuid')).toMatch(/^\S{16,}$/);
      expect(answer.headers.get('content-length')).toBe('0');
      await at(answer.headers.get('location') ?? '', {}, 'DELETE');
    },
  );
});

describe('an upload in pieces', () => {
  test('is what a client with chunks, without lengths, and with a last piece in the PUT makes of it', async () => {
    const whole = `${HELLO}${HELLO}${HELLO}`;
    const path = await image.begin();

    const first = await patch(path, HELLO, { 'content-range': `0-${HELLO.length - 1}` });
    const second = await server.send('PATCH', first.headers.get('location') ?? '', { body: bodyOf([HELLO]) });
    const status = await at(second.headers.get('location') ?? '', {}, 'GET');
    const last = await at(`${status.headers.get('location')}?digest=${digestOf(whole)}`, { body: HELLO });

    expect([first.status, first.headers.get('range')]).toEqual([202, `0-${HELLO.length - 1}`]);
    expect([second.status, second.headers.get('range')]).toEqual([202, `0-${HELLO.length * 2 - 1}`]);
    expect([status.status, status.headers.get('range')]).toEqual([204, `0-${HELLO.length * 2 - 1}`]);
    expect([last.status, last.headers.get('location')]).toEqual([
      201,
      `/v2/${image.name}/blobs/${digestOf(whole)}`,
    ]);
    expect(await pulled(digestOf(whole))).toBe(whole);
    await refusal(await at(path, {}, 'GET'), 404, 'BLOB_UPLOAD_UNKNOWN');
  });

  test.each(['sha256', 'sha512'] as const)(
    'may be finished as %s though nobody said so before',
    async (kind) => {
      const digest = digestOf(HELLO, kind);
      const path = await image.begin();
      await patch(path, HELLO);

      const answer = await at(`${path}?digest=${digest}`);

      expect(answer.status).toBe(201);
      expect(await pulled(digest)).toBe(HELLO);
    },
  );

  test('may be large, and comes back byte for byte', async () => {
    const bytes = noise(3 * 1024 * 1024 + 17);
    const path = await image.begin();
    const [head, tail] = [bytes.slice(0, 1024 * 1024 + 1), bytes.slice(1024 * 1024 + 1)];
    await server.send('PATCH', path, { body: head });
    await server.send('PATCH', path, { body: tail });

    const answer = await at(`${path}?digest=${digestOf(bytes)}`);

    expect(answer.status).toBe(201);
    const back = await image.send('GET', `blobs/${digestOf(bytes)}`);
    expect(digestOf(new Uint8Array(await back.arrayBuffer()))).toBe(digestOf(bytes));
  });

  test('is gone once it was given up', async () => {
    const path = await image.begin();
    await patch(path, HELLO);

    const answer = await at(path, {}, 'DELETE');

    expect(answer.status).toBe(204);
    await refusal(await patch(path, HELLO), 404, 'BLOB_UPLOAD_UNKNOWN');
    await refusal(await at(path, {}, 'DELETE'), 404, 'BLOB_UPLOAD_UNKNOWN');
    expect(await stages()).toEqual([]);
  });

  test('goes on where the disk says, after a chunk that broke off', async () => {
    const path = await image.begin();
    const broken = bodyOf([HELLO.slice(0, 5)], CLIENT_GONE);
    await server.send('PATCH', path, { body: broken });

    const status = await at(path, {}, 'GET');
    const answer = await at(`${path}?digest=${digestOf(HELLO)}`, { body: HELLO.slice(5) });

    expect(status.headers.get('range')).toBe('0-4');
    expect(answer.status).toBe(201);
  });
});

describe('a chunk out of order', () => {
  interface Row {
    readonly says: string;
    readonly range: string;
    readonly method: 'PATCH' | 'PUT';
  }
  const rows: readonly Row[] = [
    { says: 'leaves a gap', range: '20-31', method: 'PATCH' },
    { says: 'begins again', range: '0-11', method: 'PATCH' },
    { says: 'overlaps', range: '6-17', method: 'PATCH' },
    { says: 'comes with the PUT', range: '13-24', method: 'PUT' },
  ];
  test.each(rows)('that $says is told the true place, and changes nothing', async ({ range, method }) => {
    const path = await image.begin();
    await patch(path, HELLO);

    const answer = await server.send(method, `${path}?digest=${digestOf(HELLO)}`, {
      body: HELLO,
      headers: { 'content-range': range },
    });

    expect(answer.headers.get('range')).toBe('0-11');
    expect(answer.headers.get('location')).toBe(path);
    await refusal(answer, 416, 'BLOB_UPLOAD_INVALID');
    expect((await at(path, {}, 'GET')).headers.get('range')).toBe('0-11');
    expect((await at(`${path}?digest=${digestOf(HELLO)}`)).status).toBe(201);
  });

  test.each(['abc', '5', '9-3', '0-', '-5', '0-99999999999999999999', 'bytes 0-4-5'])(
    'with the Content-Range "%s" is not understood',
    async (range) => {
      const path = await image.begin();

      const answer = await patch(path, HELLO, { 'content-range': range });

      await refusal(answer, 400, 'BLOB_UPLOAD_INVALID');
    },
  );
});

describe('sizes that disagree', () => {
  test('Content-Range and Content-Length', async () => {
    const path = await image.begin();

    const answer = await patch(path, HELLO, { 'content-range': '0-99' });

    await refusal(answer, 400, 'SIZE_INVALID');
    expect((await at(path, {}, 'GET')).headers.get('range')).toBe('0-0');
  });

  test('Content-Range and a body without a length', async () => {
    const path = await image.begin();

    const answer = await server.send('PATCH', path, {
      body: bodyOf([HELLO]),
      headers: { 'content-range': '0-99' },
    });

    await refusal(answer, 400, 'SIZE_INVALID');
  });

  test.each(['PATCH', 'PUT'])('Content-Length and a %s that ends early or goes on', async (method) => {
    for (const length of ['11', '13']) {
      const path = await image.begin();
      const answer = await server.send(method, `${path}?digest=${digestOf(HELLO)}`, {
        body: HELLO,
        headers: { 'content-length': length },
      });
      await refusal(answer, 400, 'SIZE_INVALID');
    }
    await refusal(await image.send('GET', `blobs/${digestOf(HELLO)}`), 404, 'BLOB_UNKNOWN');
  });
});

describe('a digest', () => {
  const wrong = digestOf('something else');

  test.each(['sha256', 'sha512'] as const)(
    'of %s that the bytes do not have is refused, and the upload is over',
    async (kind) => {
      const path = await image.begin();
      await patch(path, HELLO);

      const answer = await at(`${path}?digest=${digestOf('something else', kind)}`);

      await refusal(answer, 400, 'DIGEST_INVALID');
      await refusal(await at(path, {}, 'GET'), 404, 'BLOB_UPLOAD_UNKNOWN');
      await refusal(await image.send('GET', `blobs/${digestOf(HELLO)}`), 404, 'BLOB_UNKNOWN');
    },
  );

  test('that the bytes of one POST do not have is refused, and nothing is kept', async () => {
    const answer = await image.send('POST', `blobs/uploads/?digest=${wrong}`, { body: HELLO });

    await refusal(answer, 400, 'DIGEST_INVALID');
    expect(await stages()).toEqual([]);
    for (const digest of [wrong, digestOf(HELLO)])
      await refusal(await image.send('GET', `blobs/${digest}`), 404, 'BLOB_UNKNOWN');
  });

  test.each([
    ['missing', ''],
    ['empty', '?digest='],
    ['short', '?digest=sha256:abc'],
    ['upper case', `?digest=${digestOf(HELLO).toUpperCase().replace('SHA', 'sha')}`],
    ['of an algorithm nobody has', '?digest=md5:0123456789abcdef0123456789abcdef'],
    ['without an algorithm', `?digest=${digestOf(HELLO).slice(7)}`],
    ['with something after it', `?digest=${digestOf(HELLO)}%0a`],
  ])('that is %s is refused, and the upload can go on', async (_, query) => {
    const path = await image.begin();
    await patch(path, HELLO);

    const answer = await at(`${path}${query}`);

    await refusal(answer, 400, 'DIGEST_INVALID');
    expect((await at(`${path}?digest=${digestOf(HELLO)}`)).status).toBe(201);
  });

  test('hint for an algorithm nobody has is refused', async () => {
    await refusal(await image.send('POST', 'blobs/uploads/?digest-algorithm=md5'), 400, 'DIGEST_INVALID');
  });
});

const everyUse = async (path: string, as?: string) => {
  const send = as === undefined ? {} : { as };
  for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
    const body = method === 'PATCH' || method === 'PUT' ? { body: HELLO } : {};
    const answer = await server.send(method, `${path}?digest=${digestOf(HELLO)}`, { ...send, ...body });
    await refusal(answer, 404, 'BLOB_UPLOAD_UNKNOWN');
  }
};

describe('an upload session', () => {
  test.each(['nonsense', 'a.b', '..%2f..%2fetc', 'a'.repeat(200), 'eyJhIjoxfQ.AAAA', 'W10.'])(
    'called "%s" is nobody’s',
    (session) => everyUse(`/v2/${image.name}/blobs/uploads/${session}`),
  );

  test('is not of another image, another repository or another caller', async () => {
    await server.repository('others');
    const path = await image.begin();
    const session = path.slice(path.lastIndexOf('/'));
    const stranger = await server.account('stranger', ['/']);

    await everyUse(`/v2/us-central1-docker/my-project/images/another/blobs/uploads${session}`);
    await everyUse(`/v2/${image.name.replace('/images/', '/others/')}/blobs/uploads${session}`);
    await everyUse(path, stranger);

    expect((await at(`${path}?digest=${digestOf(HELLO)}`, { body: HELLO })).status).toBe(201);
  });

  test('whose token was changed by one letter is nobody’s', async () => {
    const path = await image.begin();
    const last = path.at(-1) === 'A' ? 'B' : 'A';

    await everyUse(`${path.slice(0, -4)}${last}${path.slice(-3)}`);
  });

  test('expires', async () => {
    const path = await image.begin();
    server.clock.advance(59 * 60_000);
    expect((await patch(path, HELLO)).status).toBe(202);
    server.clock.advance(60_000);

    await everyUse(path);
  });

  test('takes chunks one after another, never two at once', async () => {
    const path = await image.begin();
    const slow = pausedBody(['first ']);
    const first = server.send('PATCH', path, { body: slow.body });
    await slow.waiting;

    const second = await patch(path, 'second', { 'content-range': '0-5' });

    slow.finish();
    await refusal(second, 409, 'BLOB_UPLOAD_INVALID');
    expect((await first).headers.get('range')).toBe('0-5');
  });

  test('gives one place to one of two chunks that claim it', async () => {
    for (let round = 0; round < 20; round += 1) {
      const path = await image.begin();

      const answers = await Promise.all(
        ['first!', 'second'].map((body) => patch(path, body, { 'content-range': '0-5' })),
      );

      expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
      expect((await at(path, {}, 'GET')).headers.get('range')).toBe('0-5');
    }
  });
});

describe('where uploads go', () => {
  test.each([
    [
      'a repository that is not there',
      '/v2/us-central1-docker/my-project/absent/img/blobs/uploads/',
      404,
      'NAME_UNKNOWN',
    ],
    [
      'an upper-case image',
      '/v2/us-central1-docker/my-project/images/IMG/blobs/uploads/',
      400,
      'NAME_INVALID',
    ],
    ['no image', '/v2/us-central1-docker/my-project/images/blobs/uploads/', 404, 'NAME_UNKNOWN'],
  ] as const)('%s takes none', async (_, path, status, code) => {
    await refusal(await server.send('POST', path, { body: '' }), status, code);
    expect(await stages()).toEqual([]);
  });

  test('is unknown to a blob’s address', async () => {
    await refusal(await image.send('PUT', `blobs/${NOWHERE}`, { body: '' }), 405, 'UNSUPPORTED');
    await refusal(await image.send('POST', 'blobs/uploads/x', { body: '' }), 405, 'UNSUPPORTED');
  });
});
