import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TestServer } from '../../testing/harness.ts';
import { digestOf, freshImage, type ImageClient, NOWHERE, refusal } from '../../testing/oci.ts';

const HELLO = 'hello, layer';
const DIGEST = digestOf(HELLO);
const ETAG = `"${DIGEST}"`;

let server: TestServer;
let image: ImageClient;
beforeAll(async () => {
  server = await TestServer.start();
  image = freshImage(server);
  await image.blob(HELLO);
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a blob', () => {
  test('is sent whole, with what a client needs to keep and to continue it', async () => {
    const answer = await image.send('GET', `blobs/${DIGEST}`);

    expect([answer.status, await answer.text()]).toEqual([200, HELLO]);
    expect(answer.headers.toJSON()).toMatchObject({
      'accept-ranges': 'bytes',
      'cache-control': 'private, max-age=31536000, immutable',
      'content-disposition': 'attachment',
      'content-type': 'application/octet-stream',
      'docker-content-digest': DIGEST,
      'docker-distribution-api-version': 'registry/2.0',
      etag: ETAG,
      'x-content-type-options': 'nosniff',
    });
  });

  interface Row {
    readonly says: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly status: number;
    readonly body: string;
    readonly range?: string;
  }
  const whole = { status: 200, body: HELLO };
  const rows: readonly Row[] = [
    {
      says: 'a first part',
      headers: { range: 'bytes=0-4' },
      status: 206,
      body: 'hello',
      range: 'bytes 0-4/12',
    },
    { says: 'the rest', headers: { range: 'bytes=7-' }, status: 206, body: 'layer', range: 'bytes 7-11/12' },
    { says: 'an end', headers: { range: 'bytes=-5' }, status: 206, body: 'layer', range: 'bytes 7-11/12' },
    { says: 'one byte', headers: { range: 'bytes=0-0' }, status: 206, body: 'h', range: 'bytes 0-0/12' },
    {
      says: 'the last byte',
      headers: { range: 'bytes=11-11' },
      status: 206,
      body: 'r',
      range: 'bytes 11-11/12',
    },
    {
      says: 'past its end',
      headers: { range: 'bytes=7-99' },
      status: 206,
      body: 'layer',
      range: 'bytes 7-11/12',
    },
    {
      says: 'more than an end',
      headers: { range: 'bytes=-99' },
      status: 206,
      body: HELLO,
      range: 'bytes 0-11/12',
    },
    { says: 'two parts', headers: { range: 'bytes=0-1,3-4' }, ...whole },
    { says: 'another unit', headers: { range: 'items=0-1' }, ...whole },
    { says: 'nonsense', headers: { range: 'bytes=a-b' }, ...whole },
    {
      says: 'a part of what the client has',
      headers: { range: 'bytes=0-4', 'if-range': ETAG },
      status: 206,
      body: 'hello',
      range: 'bytes 0-4/12',
    },
    {
      says: 'a part of what the client has, named without quotes',
      headers: { range: 'bytes=0-4', 'if-range': DIGEST },
      status: 206,
      body: 'hello',
      range: 'bytes 0-4/12',
    },
    { says: 'a part of something else', headers: { range: 'bytes=0-4', 'if-range': '"x"' }, ...whole },
    {
      says: 'a part, if it is weakly the same',
      headers: { range: 'bytes=0-4', 'if-range': `W/${ETAG}` },
      ...whole,
    },
    { says: 'what the client has', headers: { 'if-none-match': ETAG }, status: 304, body: '' },
    {
      says: 'what the client has, without quotes',
      headers: { 'if-none-match': DIGEST },
      status: 304,
      body: '',
    },
    { says: 'what the client has, weakly', headers: { 'if-none-match': `W/${ETAG}` }, status: 304, body: '' },
    { says: 'one of a list', headers: { 'if-none-match': `"x" , ${ETAG}` }, status: 304, body: '' },
    { says: 'anything', headers: { 'if-none-match': '*' }, status: 304, body: '' },
    {
      says: 'a part of what the client has whole',
      headers: { 'if-none-match': ETAG, range: 'bytes=0-1' },
      status: 304,
      body: '',
    },
    { says: 'something else', headers: { 'if-none-match': '"x"' }, ...whole },
  ];

  test.each(rows)(
    'asked for $says answers $status, and HEAD says the same',
    async ({ headers, status, body, range }) => {
      const answer = await image.send('GET', `blobs/${DIGEST}`, { headers });
      const head = await image.send('HEAD', `blobs/${DIGEST}`, { headers });

      expect([answer.status, await answer.text()]).toEqual([status, body]);
      expect(answer.headers.get('content-range')).toBe(range ?? null);
      const { 'content-length': length, ...rest } = head.headers.toJSON();
      expect([head.status, await head.text()]).toEqual([status, '']);
      expect(answer.headers.toJSON()).toMatchObject(rest);
      if (status !== 304) expect(length).toBe(String(body.length));
    },
  );

  test.each(['bytes=12-', 'bytes=99-100', 'bytes=-0', 'bytes=4-1'])('has no part %s', async (range) => {
    const answer = await image.send('GET', `blobs/${DIGEST}`, { headers: { range } });
    const head = await image.send('HEAD', `blobs/${DIGEST}`, { headers: { range } });

    expect(answer.headers.get('content-range')).toBe('bytes */12');
    expect(head.status).toBe(416);
    await refusal(answer, 416, 'BLOB_UPLOAD_INVALID');
  });

  test('without bytes has no parts', async () => {
    await image.blob('');

    const all = await image.send('HEAD', `blobs/${digestOf('')}`);
    const part = await image.send('GET', `blobs/${digestOf('')}`, { headers: { range: 'bytes=0-0' } });

    expect([all.status, all.headers.get('content-length')]).toEqual([200, '0']);
    expect([part.status, part.headers.get('content-range')]).toEqual([416, 'bytes */0']);
  });
});

describe('a blob that is not there', () => {
  test.each([
    ['unknown', NOWHERE, 404, 'BLOB_UNKNOWN'],
    ['of sha512, unknown', `sha512:${'0'.repeat(128)}`, 404, 'BLOB_UNKNOWN'],
    ['too short', 'sha256:00', 400, 'DIGEST_INVALID'],
    ['upper case', DIGEST.toUpperCase(), 400, 'DIGEST_INVALID'],
    ['a tag', 'latest', 400, 'DIGEST_INVALID'],
    ['of another algorithm', 'sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709', 400, 'DIGEST_INVALID'],
  ] as const)(
    'since its digest is %s is refused to GET, HEAD and DELETE',
    async (_, digest, status, code) => {
      const answers = await Promise.all(
        ['GET', 'DELETE', 'HEAD'].map((method) => image.send(method, `blobs/${digest}`)),
      );

      const [get, remove, head] = answers;
      if (get) await refusal(get, status, code);
      if (remove) await refusal(remove, status, code);
      expect(head?.status).toBe(status);
    },
  );

  test('in this image, though another has it', async () => {
    const other = freshImage(server);

    await refusal(await other.send('GET', `blobs/${DIGEST}`), 404, 'BLOB_UNKNOWN');
    expect((await other.send('HEAD', `blobs/${DIGEST}`)).status).toBe(404);
  });

  test('is no manifest either, and a manifest is no blob', async () => {
    const manifest = await image.image('v1');

    await refusal(await image.send('GET', `manifests/${DIGEST}`), 404, 'MANIFEST_UNKNOWN');
    await refusal(await image.send('GET', `blobs/${manifest.digest}`), 404, 'BLOB_UNKNOWN');
  });
});

describe('a question by HEAD from someone who is about to push', () => {
  test('promises that the blob stays as long as a fresh one', async () => {
    const other = freshImage(server);
    await other.blob('asked for');
    const lease = () =>
      server.database.read
        .selectFrom('file')
        .select('lease_until')
        .where('path', 'like', `%/blobs/${digestOf('asked for')}`)
        .executeTakeFirstOrThrow();
    const fresh = (await lease()).lease_until ?? 0;
    server.clock.advance(20 * 3_600_000);

    await other.send('HEAD', `blobs/${digestOf('asked for')}`);

    expect((await lease()).lease_until).toBe(fresh + 20 * 3_600_000);
  });

  test('promises nothing to who may only read', async () => {
    const other = freshImage(server);
    const content = 'only looked at';
    await other.blob(content);
    const path = `%/blobs/${digestOf(content)}`;
    const lease = () =>
      server.database.read
        .selectFrom('file')
        .select('lease_until')
        .where('path', 'like', path)
        .executeTakeFirstOrThrow();
    const fresh = await lease();
    server.clock.advance(20 * 3_600_000);
    const secret = 'ent_reader-of-leases';
    const hash = new Bun.CryptoHasher('sha256').update(secret).digest('hex');
    const expiresAt = server.clock.now() + 3_600_000;
    const token = {
      id: 'reader',
      kind: 'personal' as const,
      of: 'admin',
      expiresAt,
      scope: { permissions: ['artifactregistry.repositories.downloadArtifacts'] as const },
    };
    await server.tokens.addToken(hash, token);

    const answer = await other.send('HEAD', `blobs/${digestOf(content)}`, { as: `Bearer ${secret}` });

    expect(answer.status).toBe(200);
    expect(await lease()).toEqual(fresh);
  });

  test('brings a condemned blob back to life', async () => {
    const other = freshImage(server);
    await other.blob('condemned');
    const digest = digestOf('condemned');
    await server.database.transaction((tx) =>
      tx.updateTable('blob').set({ state: 'condemned' }).where('digest', '=', digest).execute(),
    );
    server.clock.advance(30 * 3_600_000);

    const answer = await other.send('HEAD', `blobs/${digest}`);

    expect(answer.status).toBe(200);
    const blob = server.database.read.selectFrom('blob').select('state').where('digest', '=', digest);
    expect((await blob.executeTakeFirst())?.state).toBe('live');
  });
});
