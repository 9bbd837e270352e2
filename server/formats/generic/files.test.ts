import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { GenericClient } from '../../testing/generic.ts';
import { TestServer } from '../../testing/harness.ts';
import { Members } from '../../testing/members.ts';

let server: TestServer;
let files: GenericClient;
beforeAll(async () => {
  server = await TestServer.start();
  files = new GenericClient(server, await new Members(server, 'GENERIC').standard('own'));
});
afterAll(() => server[Symbol.asyncDispose]());

const hash = (algorithm: string, text: string, encoding: 'hex' | 'base64') =>
  createHash(algorithm).update(text).digest(encoding);

const said = async (answer: Response) => {
  const { message, reason } = (await answer.json()) as { message: string; reason: string };
  return { status: answer.status, reason, message };
};

describe('a file', () => {
  test('is served as it came, with what it hashes to', async () => {
    const put = await files.put('tool/1.0/bin/tool', 'the tool');
    const got = await files.send('GET', 'tool/1.0/bin/tool');

    const sha256 = hash('sha256', 'the tool', 'hex');
    expect(put.status).toBe(201);
    expect(put.headers.get('location')).toBe(`${files.path}/tool/1.0/bin/tool`);
    expect(await got.text()).toBe('the tool');
    expect(Object.fromEntries(got.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-cache',
      etag: `"sha256:${sha256}"`,
      'x-checksum-sha256': sha256,
      'repr-digest': `sha-256=:${hash('sha256', 'the tool', 'base64')}:`,
    });
  });

  test('stays what it is: the same bytes are taken again, others are not', async () => {
    await files.publish('kept/1.0/a', 'one');

    const again = await files.put('kept/1.0/a', 'one');
    const other = await said(await files.put('kept/1.0/a', 'two'));

    expect(again.status).toBe(200);
    expect(other).toMatchObject({ status: 409, reason: 'FILE_EXISTS' });
    expect(other.message).toContain('already exists');
    expect(await files.text('kept/1.0/a')).toBe('one');
  });

  test('may be empty, and may come without a length', async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(Buffer.from('in '));
        controller.enqueue(Buffer.from('pieces'));
        controller.close();
      },
    });
    await files.publish('odd/1/empty', '');
    await files.publish('odd/1/pieces', body);

    expect(await files.text('odd/1/empty')).toBe('');
    expect(await files.text('odd/1/pieces')).toBe('in pieces');
  });

  test('is put only where there is none, when the client says so', async () => {
    const fresh = await files.put('cond/1/a', 'one', { 'if-none-match': '*' });
    const there = await said(await files.put('cond/1/a', 'one', { 'if-none-match': '*' }));

    expect(fresh.status).toBe(201);
    expect(there).toMatchObject({ status: 412, reason: 'PRECONDITION_FAILED' });
  });

  test('of a name that is published by two at once is one of them', async () => {
    const bodies = Array.from({ length: 8 }, (_, at) => `body ${at}`);

    const answers = await Promise.all(bodies.map((body) => files.put('race/1/a', body)));

    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, ...bodies.slice(1).map(() => 409)]);
    const winner = bodies[answers.findIndex(({ status }) => status === 201)] ?? '';
    expect(await files.text('race/1/a')).toBe(winner);
  });

  test('has its checksum beside it, unless somebody published that', async () => {
    await files.publish('sums/1/a.bin', 'a');
    await files.publish('sums/1/b.bin', 'b');
    await files.publish('sums/1/b.bin.sha256', 'of my own');

    expect(await files.text('sums/1/a.bin.sha256')).toBe(`${hash('sha256', 'a', 'hex')}  a.bin\n`);
    expect(await files.text('sums/1/b.bin.sha256')).toBe('of my own');
    expect((await files.send('GET', 'sums/1/c.bin.sha256')).status).toBe(404);
  });
});

describe('checksums that a client sends', () => {
  const right: readonly (readonly [string, string])[] = [
    ['content-md5', hash('md5', 'body', 'base64')],
    ['content-md5', hash('md5', 'body', 'hex')],
    ['digest', `sha-256=${hash('sha256', 'body', 'base64')}`],
    ['digest', `SHA=${hash('sha1', 'body', 'base64')},MD5=${hash('md5', 'body', 'base64')}`],
    ['content-digest', `sha-512=:${hash('sha512', 'body', 'base64')}:`],
    ['repr-digest', `unixsum=:AA==:, sha-256=:${hash('sha256', 'body', 'base64')}:`],
    ['x-checksum-md5', hash('md5', 'body', 'hex')],
    ['x-checksum-sha1', hash('sha1', 'body', 'hex').toUpperCase()],
    ['x-checksum-sha256', hash('sha256', 'body', 'hex')],
    ['x-checksum-sha512', hash('sha512', 'body', 'hex')],
    ['x-goog-hash', `crc32c=AAAAAA==,md5=${hash('md5', 'body', 'base64')}`],
  ];
  test.each(right)('are held to: %s %s', async (header, value) => {
    const at = `checked/1/${header}-${hash('md5', value, 'hex')}`;

    const wrong = await said(await files.put(at, 'bodY', { [header]: value }));
    const taken = await files.put(at, 'body', { [header]: value });

    expect(wrong).toMatchObject({ status: 400, reason: 'DIGEST_INVALID' });
    expect(taken.status).toBe(201);
  });

  test.each([
    ['content-md5', 'AAAA'],
    ['digest', 'sha-256'],
    ['digest', 'sha-256=AAAA'],
    ['content-digest', 'sha-256=:*:'],
    ['x-checksum-sha256', 'abc'],
    ['x-checksum-md5', 'z'.repeat(32)],
  ])('are refused where they are none: %s %s', async (header, value) => {
    expect(await said(await files.put('checked/2/a', 'body', { [header]: value }))).toMatchObject({
      status: 400,
      reason: 'DIGEST_INVALID',
    });
    expect((await files.send('GET', 'checked/2/a')).status).toBe(404);
  });
});

describe('what is hostile', () => {
  test.each([
    ['a/1/../b', 400],
    ['a/1/%2e%2e/b', 400],
    ['a/1/%2E', 400],
    ['a/1//b', 400],
    ['a/1/b%00c', 400],
    ['a/1/b%0ac', 400],
    ['a/1/b%5cc', 400],
    ['a/1/b%c2%85', 400],
    ['a/1/b%ff', 400],
    ['a/1/b%zz', 400],
    ['a/1/..%2fb', 404],
    ['a/1/b%2fc', 404],
    ['a%2fb/1/c', 404],
    ['a/1/b.', 400],
    ['a/1/b%20', 400],
    ['a/1/%20b', 400],
    ['a/1/dir./b', 400],
    ['a/1/e%cc%81', 400],
    ['a/1/txt%e2%80%aegpj.exe', 400],
    ['.a/1/b', 400],
    ['-/1/b', 400],
    ['a-/1/b', 400],
    ['a%3Ab/1/c', 400],
    ['%C3%BC/1/b', 400],
    ['a/-/b', 400],
    ['a/latest/b', 400],
    ['a/Latest/b', 400],
    ['a/1%2F/b', 404],
    [`${'a'.repeat(256)}/1/b`, 400],
    [`a/${'1'.repeat(129)}/b`, 400],
    [`a/1/${'b'.repeat(256)}`, 400],
    [`a/1/${'%C3%BC'.repeat(128)}`, 400],
    [`a/1/${'dir/'.repeat(32)}b`, 400],
    [`a/1/${`${'d'.repeat(250)}/`.repeat(5)}b`, 400],
    ['a/b', 400],
    ['a', 400],
    ['a/1/', 400],
  ])('%s is not published', async (path, status) => {
    const answer = await files.put(path, 'hostile');

    expect(answer.status).toBe(status);
    const { files: listed } = await files.json('?recursive=true&pageSize=10000');
    const paths = listed.map(({ path: at }: { path: string }) => at);
    expect(paths.filter((at: string) => at.startsWith('a/'))).toEqual([]);
  });

  test.each([
    [{ 'content-range': 'bytes 0-3/10' }, 'CONTENT_RANGE'],
    [{ 'content-encoding': 'gzip' }, 'CONTENT_ENCODING'],
  ])('%j is not what a file is sent with', async (headers, reason) => {
    expect(await said(await files.put('sent/1/a', 'part', headers))).toMatchObject({ status: 400, reason });
  });

  test('names that are only odd are taken', async () => {
    const paths = [
      'odd-names_1.x/1.0~rc1+build:5/a:b%25c',
      'odd/1/%C3%BCber%20uns/%E2%98%83.txt',
      'odd/1/__proto__/constructor',
      'odd/1/-/x',
      'odd/1/CON',
      'odd/1/a+b%26c%3Fd%23e',
      "odd/1/%3Cscript%3Ealert(1)%3C'%3E",
    ];
    for (const path of paths) {
      await files.publish(path, path);
      expect(await files.text(path)).toBe(path);
    }
  });

  test('a body that breaks off leaves nothing', async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(Buffer.from('half'));
        controller.error(new DOMException('gone', 'AbortError'));
      },
    });
    const answer = await files.put('broken/1/a', body).catch(() => undefined);

    expect(answer?.status ?? 400).toBe(400);
    expect((await files.send('GET', 'broken/1/a')).status).toBe(404);
  });
});

describe('a deletion', () => {
  test('of a file leaves the others, and of the last one no version', async () => {
    await files.publish('gone/1/a', 'a');
    await files.publish('gone/1/b', 'b');

    expect((await files.send('DELETE', 'gone/1/a')).status).toBe(204);
    expect((await files.json('gone/1/')).files).toMatchObject([{ path: 'gone/1/b' }]);
    expect((await files.send('DELETE', 'gone/1/a')).status).toBe(404);
    expect((await files.send('DELETE', 'gone/1/b')).status).toBe(204);
    expect((await files.send('GET', 'gone/1/')).status).toBe(404);
    expect((await files.put('gone/1/a', 'another')).status).toBe(201);
  });

  test.each(['heavy/1/', 'heavy/1'])('of a version with files, %s, needs force', async (path) => {
    await files.publish('heavy/1/dir/a', 'a');

    const refused = await said(await files.send('DELETE', path));
    expect(refused).toMatchObject({ status: 400, reason: 'FORCE_NEEDED' });
    expect((await files.send('DELETE', `${path}?force=true`)).status).toBe(204);
    expect((await files.send('GET', 'heavy/1/dir/a')).status).toBe(404);
    expect((await files.send('DELETE', `${path}?force=true`)).status).toBe(404);
  });

  test.each([
    ['heavy/', 400],
    ['heavy', 400],
    ['heavy/1/dir/', 400],
    ['', 405],
  ])('of %s is not what one does by address', async (path, status) => {
    expect((await files.send('DELETE', path)).status).toBe(status);
  });

  test('leaves what an immutable tag holds', async () => {
    await server.repository('held', { format: 'GENERIC', immutableTags: true });
    const held = new GenericClient(server, 'held');
    await held.publish('tool/1/a', 'a');
    await held.publish('tool/1/b', 'b');
    const tags =
      '/v1/projects/my-project/locations/us-central1/repositories/held/packages/tool/tags?tagId=stable';
    const version = 'projects/my-project/locations/us-central1/repositories/held/packages/tool/versions/1';
    const tagged = await server.send('POST', tags, {
      body: JSON.stringify({ version }),
      headers: { 'content-type': 'application/json' },
    });
    expect(tagged.status).toBe(200);

    for (const path of ['tool/1/a', 'tool/1/?force=true'])
      expect((await held.send('DELETE', path)).status).toBe(400);
    expect(await held.text('tool/1/a')).toBe('a');
  });
});
