import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { ApiCaller, LOCATION } from '../testing/api.ts';
import { GenericClient } from '../testing/generic.ts';
import { HOST, type Send, TestServer } from '../testing/harness.ts';
import { Members } from '../testing/members.ts';

let server: TestServer;
let files: GenericClient;
let parent: string;
beforeAll(async () => {
  server = await TestServer.start();
  const own = await new Members(server, 'GENERIC').standard('own');
  files = new GenericClient(server, own);
  parent = `${LOCATION}/repositories/${own}`;
});
afterAll(() => server[Symbol.asyncDispose]());

const message = (name: string) => ({ packageId: 'tool', versionId: '1.0', filename: name });
const md5 = (text: string): string => createHash('md5').update(text).digest('base64');

/** As Google's client libraries write it, the boundary in quotes of their language. */
function related(about: object, content: string, boundary = '===============42=='): Send {
  const body = [
    `--${boundary}`,
    'Content-Type: application/json',
    'MIME-Version: 1.0',
    '',
    JSON.stringify(about),
    `--${boundary}`,
    'Content-Type: application/octet-stream',
    'MIME-Version: 1.0',
    'Content-Transfer-Encoding: binary',
    '',
    content,
    `--${boundary}--`,
  ].join('\r\n');
  return { body, headers: { 'content-type': `multipart/related; boundary='${boundary}'` } };
}
const post = (path: string, send: Send = {}) => server.send('POST', path, send);
const create = (query: string, send?: Send, base = '/upload/v1') =>
  post(`${base}/${parent}/genericArtifacts:create${query}`, send);
const refusal = async (answer: Response) => {
  const { error } = (await answer.json()) as { error: { message: string; status: string } };
  return { status: answer.status, code: error.status, message: error.message };
};

describe('an upload in one request', () => {
  test('makes a file of a version, and answers an operation that is done and stays', async () => {
    const answer = await create('?uploadType=multipart&alt=json', related(message('dir/a.txt'), 'the file'));

    expect(answer.status).toBe(200);
    const { operation } = (await answer.json()) as {
      operation: { name: string; done: boolean; response: object };
    };
    expect(operation).toMatchObject({
      done: true,
      response: { name: `${parent}/genericArtifacts/tool:1.0`, version: '1.0' },
    });
    expect(await new ApiCaller(server).get(operation.name)).toEqual(operation);
    expect(await files.text('tool/1.0/dir/a.txt')).toBe('the file');
    const listed = await new ApiCaller(server).get(`${parent}/files`);
    expect(listed.files).toContainEqual(
      expect.objectContaining({
        name: `${parent}/files/tool:1.0:dir%2Fa.txt`,
        sizeBytes: '8',
        owner: `${parent}/packages/tool/versions/1.0`,
      }),
    );
    const download = await server.send(
      'GET',
      `/download/v1/${parent}/files/tool:1.0:dir%2Fa.txt:download?alt=media`,
    );
    expect(await download.text()).toBe('the file');
  });

  test('of what is there says that it already exists, whichever bytes it has', async () => {
    await create('?uploadType=multipart', related(message('twice'), 'one'));

    for (const bytes of ['one', 'two']) {
      const answer = await refusal(await create('?uploadType=multipart', related(message('twice'), bytes)));
      expect(answer).toMatchObject({ status: 409, code: 'ALREADY_EXISTS' });
      expect(answer.message).toContain('already exists');
    }
  });

  test('that turns out to be none behind its bytes leaves nothing of them', async () => {
    const { body = '', headers = {} } = related(message('cut'), 'bytes of nothing');
    const sha256 = createHash('sha256').update('bytes of nothing').digest('hex');

    const answer = await create('?uploadType=multipart', {
      body: (body as string).replace(/--$/, 'XX'),
      headers,
    });

    expect(await refusal(answer)).toMatchObject({ status: 400 });
    const stored = await readdir(server.directory.blobs, { recursive: true });
    expect(stored.filter((path) => path.includes(sha256))).toEqual([]);
  });

  test('may be told by a header instead, and may be bytes alone', async () => {
    const { body, headers } = related(message('by-header'), 'h');
    const told = { body: body ?? '', headers: { ...headers, 'x-goog-upload-protocol': 'multipart' } };
    expect((await create('', told)).status).toBe(200);
    const media = '?uploadType=media&packageId=tool&versionId=1.0&filename=bare';
    expect((await create(media, { body: 'bare' })).status).toBe(200);
    expect(await files.text('tool/1.0/bare')).toBe('bare');
  });

  test('of a file by its id makes it one of its version', async () => {
    const at = `/upload/v1/${parent}/files:upload`;
    const answer = await post(`${at}?uploadType=multipart`, related({ fileId: 'tool:2.0:x/y' }, 'by id'));

    expect(answer.status).toBe(200);
    expect(await files.text('tool/2.0/x/y')).toBe('by id');
    expect(await refusal(await post(`${at}?uploadType=media`, { body: 'x' }))).toMatchObject({ status: 400 });
  });

  test.each([
    ['a version that is none', { ...message('a'), versionId: 'latest' }],
    ['a path out of it', message('../a')],
    ['no package', { versionId: '1.0', filename: 'a' }],
    ['a field that is none', { ...message('a'), more: 'x' }],
    ['a number', { ...message('a'), filename: 7 }],
  ])('with %s is refused, and leaves nothing', async (_, about) => {
    expect(await refusal(await create('?uploadType=multipart', related(about, 'x')))).toMatchObject({
      status: 400,
      code: 'INVALID_ARGUMENT',
    });
  });

  test.each([
    ['no bytes', '', { body: JSON.stringify(message('n')), headers: { 'content-type': 'application/json' } }],
    [
      'one part',
      '?uploadType=multipart',
      { body: '--b\r\n\r\n{}\r\n--b--', headers: { 'content-type': 'multipart/related; boundary=b' } },
    ],
    [
      'a form',
      '?uploadType=multipart',
      { body: 'x', headers: { 'content-type': 'multipart/form-data; boundary=b' } },
    ],
    [
      'an end that is missing',
      '?uploadType=multipart',
      {
        body: '--b\r\n\r\n{}\r\n--b\r\n\r\nhalf',
        headers: { 'content-type': 'multipart/related; boundary=b' },
      },
    ],
    ['another type', '?uploadType=carrier-pigeon', { body: 'x' }],
  ])('that is %s is refused', async (_, query, send) => {
    expect((await create(query, send)).status).toBe(400);
  });

  test('is held to what it says that it hashes to', async () => {
    const { body = '', headers } = related(message('hashed'), 'right');
    const wrong = { body, headers: { ...headers, 'x-goog-hash': `md5=${md5('wrong')}` } };
    expect((await create('?uploadType=multipart', wrong)).status).toBe(400);
    expect((await files.send('GET', 'tool/1.0/hashed')).status).toBe(404);
  });

  test('goes only to a repository of its format', async () => {
    const at = `/upload/v1/${LOCATION}/repositories/images/genericArtifacts:create?uploadType=multipart`;
    expect(await refusal(await post(at, related(message('a'), 'x')))).toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
  });
});

const begin = async (name: string, size?: number, base = '/resumable/upload/v1'): Promise<string> => {
  const answer = await create(
    '?uploadType=resumable&alt=json',
    {
      body: JSON.stringify(message(name)),
      headers: {
        'content-type': 'application/json',
        ...(size !== undefined && { 'x-upload-content-length': String(size) }),
      },
    },
    base,
  );
  expect([answer.status, await answer.text()]).toEqual([200, '']);
  const location = new URL(answer.headers.get('location') ?? '');
  expect(location.host).toBe(HOST);
  return location.pathname + location.search;
};
const chunk = (session: string, range: string, body = '', more: Send = {}) =>
  server.send('PUT', session, { body, ...more, headers: { 'content-range': range, ...more.headers } });
const state = ({ status, headers }: Response) => [status, headers.get('range')];

describe('an upload that can be resumed', () => {
  test.each(['/upload/v1', '/resumable/upload/v1'])('below %s takes one part after another', async (base) => {
    const name = `parts-${base.length}`;
    const session = await begin(name, 10, base);

    expect(state(await chunk(session, 'bytes */10'))).toEqual([308, null]);
    expect(state(await chunk(session, 'bytes 0-3/10', '0123'))).toEqual([308, 'bytes=0-3']);
    expect(state(await chunk(session, 'bytes */10'))).toEqual([308, 'bytes=0-3']);
    const end = await chunk(session, 'bytes 4-9/10', '456789', {
      headers: { 'x-goog-hash': `md5=${md5('0123456789')}` },
    });
    expect(end.status).toBe(200);
    expect(await end.json()).toMatchObject({ operation: { done: true } });
    expect(await files.text(`tool/1.0/${name}`)).toBe('0123456789');
    expect((await chunk(session, 'bytes */10')).status).toBe(404);
  });

  test('says where it is to parts that are out of order, and takes nothing of them', async () => {
    const session = await begin('order', 8);

    expect(state(await chunk(session, 'bytes 4-7/8', '4567'))).toEqual([308, null]);
    expect(state(await chunk(session, 'bytes 0-3/8', '0123'))).toEqual([308, 'bytes=0-3']);
    expect(state(await chunk(session, 'bytes 0-3/8', 'XXXX'))).toEqual([308, 'bytes=0-3']);
    expect((await chunk(session, 'bytes 4-7/8', '4567')).status).toBe(200);
    expect(await files.text('tool/1.0/order')).toBe('01234567');
  });

  test('keeps what came of a part that breaks off', async () => {
    const session = await begin('short', 8);

    expect((await chunk(session, 'bytes 0-7/8', '0123')).status).toBe(400);
    expect(state(await chunk(session, 'bytes */8'))).toEqual([308, 'bytes=0-3']);
    expect((await chunk(session, 'bytes 4-7/8', '4567')).status).toBe(200);
  });

  test('of which nobody knew the length ends with the part that says it', async () => {
    const session = await begin('unknown');

    expect(state(await chunk(session, 'bytes 0-3/*', '0123'))).toEqual([308, 'bytes=0-3']);
    expect((await chunk(session, 'bytes 4-5/6', '45')).status).toBe(200);
    const whole = await begin('at-once');
    expect((await server.send('PUT', whole, { body: 'all of it' })).status).toBe(200);
    expect(await files.text('tool/1.0/at-once')).toBe('all of it');
  });

  test.each(['bytes 3-1/8', 'bytes 0-8/8', 'bytes 0-3/9', '0-3', 'bytes x/8'])(
    'refuses %s',
    async (range) => {
      const session = await begin('ranges', 8);
      expect((await chunk(session, range, '0123')).status).toBe(400);
    },
  );

  test('with other bytes than were said is given up', async () => {
    const session = await begin('wrong', 4);
    const wrong = { headers: { 'x-checksum-sha256': '0'.repeat(64) } };

    expect((await chunk(session, 'bytes 0-3/4', '0123', wrong)).status).toBe(400);
    expect((await chunk(session, 'bytes */4')).status).toBe(404);
    expect((await files.send('GET', 'tool/1.0/wrong')).status).toBe(404);
  });

  test('is one caller’s, for what it was begun for', async () => {
    const session = await begin('mine', 4);
    const other = await server.account('other', [parent as `projects/${string}`]);

    expect((await chunk(session, 'bytes 0-3/4', '0123', { as: other })).status).toBe(404);
    expect((await chunk(session, 'bytes 0-3/4', '0123', { as: null })).status).toBe(401);
    const another = session.replace('genericArtifacts:create', 'files:upload');
    expect((await chunk(another, 'bytes 0-3/4', '0123')).status).toBeGreaterThanOrEqual(400);
    const forged = session.replace(/upload_id=[^.]*/, (id) => `${id.slice(0, -4)}AAAA`);
    expect((await chunk(forged, 'bytes 0-3/4', '0123')).status).toBe(404);
    for (const said of ['{"message":null}', '{"message":[]}', '{"message":{"packageId":1}}', '{}', 'null']) {
      const of = Buffer.from(said).toString('base64url');
      const madeUp = session.replace(/upload_id=[^.]*/, `upload_id=${of}`);
      expect((await chunk(madeUp, 'bytes 0-3/4', '0123')).status).toBe(404);
    }
    expect((await chunk(session, 'bytes 0-3/4', '0123')).status).toBe(200);
  });
});

test('a file of a version is deleted by its id, and its version with the last one', async () => {
  await files.publish('gone/1/a', 'a');
  await files.publish('gone/1/b', 'b');
  const admin = new ApiCaller(server);

  await admin.ok('DELETE', `${parent}/files/gone:1:a`);
  expect((await files.json('gone/1/')).files).toMatchObject([{ path: 'gone/1/b' }]);
  await admin.ok('DELETE', `${parent}/files/gone:1:b`);
  expect((await admin.send('GET', `${parent}/packages/gone/versions/1`)).status).toBe(404);
});
