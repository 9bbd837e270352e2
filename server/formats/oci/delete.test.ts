import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { TestServer } from '../../testing/harness.ts';
import { type Descriptor, freshImage, type ImageClient, INDEX, NOWHERE, refusal } from '../../testing/oci.ts';

let server: TestServer;
let image: ImageClient;
beforeAll(async () => {
  server = await TestServer.start();
  await server.repository('immutable', { immutableTags: true });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  image = freshImage(server);
});

const remove = (reference: string, of = image) => of.send('DELETE', `manifests/${reference}`);
const status = async (reference: string, of = image) =>
  (await of.send('GET', `manifests/${reference}`)).status;
const tagsOf = async (of = image) =>
  ((await (await of.send('GET', 'tags/list')).json()) as { tags: readonly string[] }).tags;
const indexOf = (...manifests: readonly Descriptor[]) =>
  JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });

async function expectGone(answer: Response): Promise<void> {
  expect([answer.status, await answer.text(), answer.headers.get('content-length')]).toEqual([202, '', '0']);
}

describe('a tag', () => {
  test('goes alone: its manifest and other tags stay', async () => {
    const document = await image.document('shared');
    const { digest } = await image.push('a', document);
    await image.push('b', document);

    await expectGone(await remove('a'));

    expect([await status('a'), await status('b'), await status(digest)]).toEqual([404, 200, 200]);
    expect(await tagsOf()).toEqual(['b']);
  });

  test('is gone for the second time', async () => {
    await image.image('a');
    await remove('a');

    await refusal(await remove('a'), 404, 'MANIFEST_UNKNOWN');
  });

  test.each(['absent', 'A'])('called %s is unknown', async (tag) => {
    await image.image('a');

    await refusal(await remove(tag), 404, 'MANIFEST_UNKNOWN');
  });

  test('that cannot be is refused', async () => {
    await refusal(await remove('-a'), 400, 'TAG_INVALID');
  });
});

describe('a manifest', () => {
  test('goes with all its tags, and leaves its blobs', async () => {
    const document = await image.document('whole');
    const { digest } = await image.push('a', document);
    await image.push('b', document);
    const other = await image.image('c', 'other');

    await expectGone(await remove(digest));

    for (const reference of [digest, 'a', 'b']) expect(await status(reference)).toBe(404);
    expect([await status('c'), await status(other.digest)]).toEqual([200, 200]);
    expect(await tagsOf()).toEqual(['c']);
    const { config } = JSON.parse(document) as { config: Descriptor };
    expect((await image.send('HEAD', `blobs/${config.digest}`)).status).toBe(200);
  });

  test('may be pushed again afterwards', async () => {
    const document = await image.document('again');
    const { digest } = await image.push('a', document);
    await remove(digest);

    await image.push('a', document);

    expect(await status('a')).toBe(200);
  });

  test('is unknown when it never was there, or is there no more', async () => {
    const { digest } = await image.image('a');
    await remove(digest);

    for (const missing of [digest, NOWHERE]) await refusal(await remove(missing), 404, 'MANIFEST_UNKNOWN');
    await refusal(await remove('sha256:00'), 400, 'DIGEST_INVALID');
  });

  test('that an index has stays until the index is gone', async () => {
    const child = await image.image('child');
    const inner = await image.push('inner', indexOf(child), INDEX);
    const outer = await image.push('outer', indexOf(inner), INDEX);

    const { message } = await refusal(await remove(child.digest), 403, 'DENIED');
    await refusal(await remove(inner.digest), 403, 'DENIED');
    expect(message).toContain('GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE');
    expect(message).toContain(inner.digest);
    expect(await status(child.digest)).toBe(200);

    for (const { digest } of [outer, inner, child]) await expectGone(await remove(digest));
  });

  test('that an index has may lose its tags', async () => {
    const child = await image.image('child');
    await image.push('list', indexOf(child), INDEX);

    await expectGone(await remove('child'));

    expect(await status(child.digest)).toBe(200);
  });
});

describe('a blob', () => {
  test('goes from its image, and only from there', async () => {
    const other = freshImage(server);
    const { digest } = await image.blob('shared by two');
    await other.blob('shared by two');

    await expectGone(await image.send('DELETE', `blobs/${digest}`));

    await refusal(await image.send('GET', `blobs/${digest}`), 404, 'BLOB_UNKNOWN');
    expect(await (await other.send('GET', `blobs/${digest}`)).text()).toBe('shared by two');
    await refusal(await image.send('DELETE', `blobs/${digest}`), 404, 'BLOB_UNKNOWN');
  });

  test('stays while a manifest of the image needs it', async () => {
    const document = await image.document('needs');
    const manifest = await image.push('a', document);
    const { config, layers } = JSON.parse(document) as { config: Descriptor; layers: [Descriptor] };

    for (const { digest } of [config, layers[0]]) {
      const { message } = await refusal(await image.send('DELETE', `blobs/${digest}`), 405, 'UNSUPPORTED');
      expect(message).toContain(manifest.digest);
      expect((await image.send('HEAD', `blobs/${digest}`)).status).toBe(200);
    }
    await remove(manifest.digest);
    for (const { digest } of [config, layers[0]])
      await expectGone(await image.send('DELETE', `blobs/${digest}`));
  });

  test('that is gone is missed by a manifest that would need it', async () => {
    const document = await image.document('too late');
    const { config } = JSON.parse(document) as { config: Descriptor };
    await image.send('DELETE', `blobs/${config.digest}`);

    await refusal(await image.put('a', document), 404, 'MANIFEST_BLOB_UNKNOWN');
  });
});

const objects = () => Array.fromAsync(new Bun.Glob('**/*').scan(`${server.directory.blobs}/sha256`));

describe('where tags are immutable', () => {
  let kept: ImageClient;
  beforeEach(() => {
    kept = freshImage(server, 'my-project/immutable');
  });
  test('the same manifest may be pushed again', async () => {
    const document = await kept.document('same');
    await kept.push('v1', document);

    await kept.push('v1', document);

    expect(await tagsOf(kept)).toEqual(['v1']);
  });

  test('a tag does not move, and the refused manifest is not there', async () => {
    const first = await kept.image('v1', 'first');
    const document = await kept.document('second');
    const before = await objects();

    const { message } = await refusal(await kept.put('v1', document), 403, 'DENIED');

    expect(message).toContain('v1');
    expect((await kept.send('GET', 'manifests/v1')).headers.get('docker-content-digest')).toBe(first.digest);
    const { manifest } = (await (await kept.send('GET', 'tags/list')).json()) as { manifest: object };
    expect(Object.keys(manifest)).toEqual([first.digest]);
    expect(await objects()).toEqual(before);
  });

  test('a push by digest with several tags moves none of them when one may not', async () => {
    await kept.image('b', 'first');
    const document = await kept.document('second');
    const { digest } = await kept.push('second', document);

    await refusal(await kept.put(`${digest}?tag=a&tag=b&tag=c`, document), 403, 'DENIED');

    expect(await tagsOf(kept)).toEqual(['b', 'second']);
  });

  test('a tag is not removed, nor is a manifest that has one', async () => {
    const { digest } = await kept.image('v1');

    await refusal(await remove('v1', kept), 403, 'DENIED');
    await refusal(await remove(digest, kept), 403, 'DENIED');

    expect([await status('v1', kept), await status(digest, kept)]).toEqual([200, 200]);
  });

  test('new tags may be added, and what has no tag may go', async () => {
    const document = await kept.document('untagged');
    const { digest } = await kept.push('v1', document);
    await kept.push('v2', document);
    expect(await tagsOf(kept)).toEqual(['v1', 'v2']);
    const loose = await kept.document('loose');
    const untagged = await kept.push(
      new Bun.CryptoHasher('sha256').update(loose).digest('hex').replace(/^/, 'sha256:'),
      loose,
    );

    await expectGone(await remove(untagged.digest, kept));

    expect(await status(digest, kept)).toBe(200);
  });

  test('of two pushes to one new tag at once, one wins', async () => {
    const documents = [await kept.document('left'), await kept.document('right')];

    const answers = await Promise.all(documents.map((document) => kept.put('new', document)));

    expect(answers.map((answer) => String(answer.status)).sort()).toEqual(['201', '403']);
    const winner = answers.find((answer) => answer.status === 201)?.headers.get('docker-content-digest');
    expect((await kept.send('GET', 'manifests/new')).headers.get('docker-content-digest')).toBe(winner ?? '');
  });
});

describe('a right to read', () => {
  test('is none to delete', async () => {
    const { digest } = await image.image('a');
    const stranger = await server.account('reader-of-nothing');

    for (const path of ['manifests/a', `manifests/${digest}`, `blobs/${NOWHERE}`]) {
      await refusal(await image.send('DELETE', path, { as: stranger }), 403, 'DENIED');
      await refusal(await image.send('DELETE', path, { as: null }), 401, 'UNAUTHORIZED');
    }
    expect(await status('a')).toBe(200);
  });
});
