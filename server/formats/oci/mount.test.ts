import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { TestServer } from '../../testing/harness.ts';
import { digestOf, freshImage, ImageClient, NOWHERE, refusal } from '../../testing/oci.ts';

let server: TestServer;
let source: ImageClient;
let target: ImageClient;
/** May do everything in `images` and nothing in `secrets`. */
let writer: string;
beforeAll(async () => {
  server = await TestServer.start();
  await server.repository('secrets');
  writer = await server.account('writer', ['projects/my-project/locations/us-central1/repositories/images']);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  source = freshImage(server);
  target = freshImage(server);
});

const mount = (query: string, as?: string) =>
  target.send('POST', `blobs/uploads/?${query}`, { headers: { 'content-length': '0' }, ...(as && { as }) });
const has = async (image: ImageClient, digest: string) =>
  (await image.send('HEAD', `blobs/${digest}`)).status === 200;

async function expectMounted(answer: Response, digest: string): Promise<void> {
  expect([answer.status, await answer.text()]).toEqual([201, '']);
  expect(answer.headers.get('location')).toBe(`/v2/${target.name}/blobs/${digest}`);
  expect(answer.headers.get('docker-content-digest')).toBe(digest);
  expect(answer.headers.get('content-length')).toBe('0');
  expect(await has(target, digest)).toBe(true);
}

async function expectUploadInstead(answer: Response, digest: string, content: string): Promise<void> {
  expect([answer.status, await answer.text()]).toEqual([202, '']);
  expect(answer.headers.get('range')).toBe('0-0');
  expect(await has(target, digest)).toBe(false);
  const location = answer.headers.get('location') ?? '';
  const finished = await server.send('PUT', `${location}?digest=${digest}`, { body: content });
  expect([201, 404]).toContain(finished.status);
}

describe('a mount', () => {
  test.each(['sha256', 'sha512'] as const)(
    'by %s makes a blob of another image one of this image',
    async (kind) => {
      const content = `shared ${kind}`;
      const digest = digestOf(content, kind);
      await source.send('POST', `blobs/uploads/?digest=${digest}`, { body: content });

      const answer = await mount(`mount=${digest}&from=${source.name}`);

      await expectMounted(answer, digest);
      expect(await (await target.send('GET', `blobs/${digest}`)).text()).toBe(content);
    },
  );

  test('outlives its source', async () => {
    const { digest } = await source.blob('outlives');
    await mount(`mount=${digest}&from=${source.name}`);

    await source.send('DELETE', `blobs/${digest}`);

    expect([await has(source, digest), await has(target, digest)]).toEqual([false, true]);
  });

  test('crosses repositories when the caller may read both', async () => {
    const hidden = freshImage(server, 'my-project/secrets');
    const { digest } = await hidden.blob('crosses');

    await expectMounted(await mount(`mount=${digest}&from=${hidden.name}`), digest);
  });

  test('without a source finds the blob where the caller may read it', async () => {
    const { digest } = await source.blob('anywhere');

    await expectMounted(await mount(`mount=${digest}`, writer), digest);
  });

  test('of what is in the image already is done', async () => {
    const { digest } = await target.blob('mine');

    await expectMounted(await mount(`mount=${digest}&from=${target.name}`), digest);
  });
});

const hiddenBlob = async (content: string) => {
  const hidden = freshImage(server, 'my-project/secrets');
  return { hidden, ...(await hidden.blob(content)) };
};

const shape = ({ status, headers }: Response) => [status, [...headers.keys()].sort(), headers.get('range')];

describe('a mount turns into an upload, never into an error,', () => {
  test('when the caller may not read the source', async () => {
    const { hidden, digest } = await hiddenBlob('top secret');

    await expectUploadInstead(
      await mount(`mount=${digest}&from=${hidden.name}`, writer),
      digest,
      'top secret',
    );
  });

  test('when the blob is nowhere that the caller may read', async () => {
    const { digest } = await hiddenBlob('secret everywhere');

    await expectUploadInstead(await mount(`mount=${digest}`, writer), digest, 'secret everywhere');
  });

  test('with the same answer whether the secret exists or not', async () => {
    const { hidden, digest } = await hiddenBlob('does it exist?');

    const known = await mount(`mount=${digest}&from=${hidden.name}`, writer);
    const unknown = await mount(`mount=${NOWHERE}&from=${hidden.name}`, writer);

    expect(shape(known)).toEqual(shape(unknown));
  });

  const sources = [
    ['does not have the blob', 'us-central1-docker/my-project/images/empty'],
    ['is in no repository', 'us-central1-docker/my-project/absent/img'],
    ['is in no project', 'us-central1-docker/absent/images/img'],
    ['is a repository', 'us-central1-docker/my-project/images'],
    ['is nowhere', 'img'],
    ['is an upper-case name', 'us-central1-docker/my-project/images/IMG'],
    ['is a path', '../../etc/passwd'],
    ['is empty', ''],
  ] as const;
  test.each(sources)('when its source %s', async (_, from) => {
    const { digest } = await source.blob(`from ${from}`);

    const answer = await mount(`mount=${digest}&from=${encodeURIComponent(from)}`);

    await expectUploadInstead(answer, digest, `from ${from}`);
  });

  test('when the blob is being deleted', async () => {
    const { digest } = await source.blob('going');
    await server.database.transaction((tx) =>
      tx.updateTable('blob').set({ state: 'deleting' }).where('digest', '=', digest).execute(),
    );

    for (const query of [`mount=${digest}&from=${source.name}`, `mount=${digest}`])
      expect((await mount(query)).status).toBe(202);
  });
});

describe('a mount is refused', () => {
  test('when its digest is none', async () => {
    await refusal(await mount(`mount=sha256:abc&from=${source.name}`), 400, 'DIGEST_INVALID');
  });

  test('when the caller may not write here', async () => {
    const { digest } = await source.blob('for readers');
    const elsewhere = new ImageClient(server, 'us-central1-docker/my-project/secrets/img');

    const answer = await elsewhere.send('POST', `blobs/uploads/?mount=${digest}&from=${source.name}`, {
      as: writer,
    });

    await refusal(answer, 403, 'DENIED');
  });
});
