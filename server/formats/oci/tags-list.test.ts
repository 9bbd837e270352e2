import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { TestServer } from '../../testing/harness.ts';
import { freshImage, ImageClient, MANIFEST, refusal } from '../../testing/oci.ts';

let server: TestServer;
let image: ImageClient;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  image = freshImage(server);
});

interface TagsAnswer {
  readonly name: string;
  readonly tags: readonly string[];
  readonly child: readonly string[];
  readonly manifest: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
const list = (query = '', on = image) => on.send('GET', `tags/list${query}`);
const listed = async (query = '', on = image) => (await (await list(query, on)).json()) as TagsAnswer;
const TAGS = ['0', '1.0', 'V1', '_x', 'latest', 'v1', 'v10', 'v2'];

async function tagAll(tags: readonly string[]): Promise<void> {
  const document = await image.document(image.name);
  const [first = '', ...rest] = tags;
  await image.push(first, document);
  for (const tag of rest) await image.push(tag, document);
}

/** The pages that the Link headers lead through. */
async function pagesFrom(query: string): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  for (let path: string | undefined = `/v2/${image.name}/tags/list${query}`; path !== undefined;) {
    const answer = await server.send('GET', path);
    pages.push(((await answer.json()) as TagsAnswer).tags);
    path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    if (pages.length > 20) throw new Error('the pages have no end');
  }
  return pages;
}

describe('the tags of an image', () => {
  test('are all there, in byte order, under its name', async () => {
    await tagAll(TAGS.toReversed());

    const answer = await list();

    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('link')).toBeNull();
    expect(await answer.json()).toMatchObject({ name: image.name, tags: TAGS });
  });

  test('answer HEAD with the headers of GET and the length', async () => {
    await tagAll(['a']);

    const [get, head] = [await list(), await image.send('HEAD', 'tags/list')];

    expect(head.headers.get('content-length')).toBe(String((await get.text()).length));
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.toJSON()).toMatchObject(get.headers.toJSON());
  });

  test('are not sent to whoever has them, in whichever coding', async () => {
    await tagAll(TAGS);
    const [first, again] = [await list(), await list()];
    const etag = first.headers.get('etag') ?? '';
    const known = (headers: Record<string, string>) => image.send('GET', 'tags/list', { headers });
    // Whoever asks for it so first has it compressed for those who come later.
    let zipped = await known({ 'accept-encoding': 'gzip' });
    while (!zipped.headers.has('content-encoding')) {
      await setImmediate();
      zipped = await known({ 'accept-encoding': 'gzip' });
    }

    expect([etag, again.headers.get('etag')]).toEqual([expect.stringMatching(/^"\S+"$/), etag]);
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(new TextDecoder().decode(gunzipSync(await zipped.bytes()))).toBe(await first.text());
    for (const tag of [etag, zipped.headers.get('etag') ?? '', `"other", ${etag}`]) {
      const unchanged = await known({ 'if-none-match': tag });
      expect([unchanged.status, await unchanged.text()]).toEqual([304, '']);
    }

    await image.send('DELETE', 'manifests/latest');
    const changed = await known({ 'if-none-match': etag });
    expect([changed.status, changed.headers.get('etag') === etag]).toEqual([200, false]);
  });

  test.each([1, 2, 3, 7, 8, 9, 100])('come complete in pages of %i', async (n) => {
    await tagAll(TAGS);

    const pages = await pagesFrom(`?n=${n}`);

    expect(pages.flat()).toEqual(TAGS);
    expect(pages.every((page) => page.length <= n && page.length > 0)).toBe(true);
  });

  interface Row {
    readonly query: string;
    readonly tags: readonly string[];
    readonly link?: string;
  }
  const rows: readonly Row[] = [
    { query: '?n=0', tags: [] },
    { query: '?n=0&last=V1', tags: [] },
    { query: '?n=2', tags: ['0', '1.0'], link: '?n=2&last=1.0' },
    { query: '?n=3&last=V1', tags: ['_x', 'latest', 'v1'], link: '?n=3&last=v1' },
    { query: '?last=latest', tags: ['v1', 'v10', 'v2'] },
    { query: '?n=5&last=latest', tags: ['v1', 'v10', 'v2'] },
    { query: '?n=3&last=latest', tags: ['v1', 'v10', 'v2'] },
    { query: '?last=never-pushed', tags: ['v1', 'v10', 'v2'] },
    { query: '?last=zzz', tags: [] },
    { query: '?last=', tags: TAGS },
    { query: '?n=999999999', tags: TAGS },
    { query: '?ns=docker.io', tags: TAGS },
  ];
  test.each(rows)('with $query are $tags', async ({ query, tags, link }) => {
    await tagAll(TAGS);

    const answer = await list(query);

    const next = link === undefined ? null : `</v2/${image.name}/tags/list${link}>; rel="next"`;
    expect(answer.headers.get('link')).toBe(next);
    expect(((await answer.json()) as TagsAnswer).tags).toEqual([...tags]);
  });

  test.each(['-1', 'ten', '1.5', '1e3', '', '99999999999999999999', '0x10'])(
    'by "%s" are not counted',
    async (n) => {
      await tagAll(['a']);

      await refusal(await list(`?n=${n}`), 400, 'PAGINATION_NUMBER_INVALID');
    },
  );

  test('are an empty list, not null, when there are none', async () => {
    const { digest } = await image.image('only');
    await image.send('DELETE', 'manifests/only');

    const { tags, manifest } = await listed();

    expect(tags).toEqual([]);
    expect(Object.keys(manifest)).toEqual([digest]);
  });

  test.each(['tags/list', 'tags/list?n=5', 'tags/list?last=x'])(
    'of an image nobody pushed are unknown to %s',
    async (path) => {
      await refusal(await image.send('GET', path), 404, 'NAME_UNKNOWN');
    },
  );

  test('of an image that has only blobs are unknown', async () => {
    await image.blob('a layer, and no manifest');

    await refusal(await list(), 404, 'NAME_UNKNOWN');
  });

  test('are unknown in a name that cannot be', async () => {
    const answer = await new ImageClient(server, 'us-central1-docker/my-project/images/Upper').send(
      'GET',
      'tags/list',
    );

    await refusal(answer, 400, 'NAME_INVALID');
  });
});

describe('Container Registry’s part of the list', () => {
  test('describes each manifest with its tags, sizes and times', async () => {
    const document = await image.document('described');
    const { digest, size } = await image.push('a', document);
    await image.push('b', document);

    const { manifest } = await listed();

    const { config, layers } = JSON.parse(document) as {
      config: { size: number };
      layers: [{ size: number }];
    };
    expect(manifest).toEqual({
      [digest]: {
        imageSizeBytes: String(config.size + layers[0].size),
        layerId: '',
        mediaType: MANIFEST,
        tag: ['a', 'b'],
        timeCreatedMs: String(Date.parse('2026-01-02T03:04:05Z')),
        timeUploadedMs: String(server.clock.now()),
      },
    });
    expect(size).toBe(document.length);
  });

  test('has untagged manifests too, on the last page', async () => {
    const old = await image.image('latest', 'old');
    await image.image('latest', 'new');

    const { tags, manifest } = await listed();

    expect(tags).toEqual(['latest']);
    expect(manifest[old.digest]).toMatchObject({ tag: [] });
    expect(Object.keys(manifest)).toHaveLength(2);
  });

  test('names the images one level below, each once', async () => {
    for (const below of ['zebra', 'ant/hill', 'ant/queen', 'ant-eater', 'tags/list/x'])
      await new ImageClient(server, `${image.name}/${below}`).image('v1', below);

    const { tags, child } = await listed();

    expect(tags).toEqual([]);
    expect(child).toEqual(['ant', 'ant-eater', 'tags', 'zebra']);
  });

  test('names them for an image that has tags as well, but not on later pages', async () => {
    await tagAll(['a', 'b']);
    await new ImageClient(server, `${image.name}/below`).image('v1', 'below');

    expect(await listed('?n=1')).toMatchObject({ tags: ['a'], child: ['below'] });
    expect(await listed('?n=1&last=a')).toMatchObject({ tags: ['b'], child: [] });
  });

  test('names the images of a whole repository', async () => {
    await server.repository('walkable');
    const repository = new ImageClient(server, 'us-central1-docker/my-project/walkable');
    for (const below of ['b', 'a/x', 'a/y'])
      await new ImageClient(server, `${repository.name}/${below}`).image('v1', below);

    expect(await listed('', repository)).toEqual({
      name: repository.name,
      tags: [],
      child: ['a', 'b'],
      manifest: {},
    });
  });

  test('does not name an image that has only blobs', async () => {
    await new ImageClient(server, `${image.name}/pushed`).image('v1', 'pushed');
    await new ImageClient(server, `${image.name}/uploading`).blob('only a blob');

    expect((await listed()).child).toEqual(['pushed']);
  });

  test('says that an empty repository has nothing', async () => {
    await server.repository('empty');

    const answer = await server.send('GET', '/v2/us-central1-docker/my-project/empty/tags/list');

    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      name: 'us-central1-docker/my-project/empty',
      tags: [],
      child: [],
      manifest: {},
    });
  });

  test('is unknown for a repository that is not there', async () => {
    const answer = await server.send('GET', '/v2/us-central1-docker/my-project/absent/tags/list');

    await refusal(answer, 404, 'NAME_UNKNOWN');
  });
});

describe('images with the names of our own addresses', () => {
  test.each([
    'manifests',
    'blobs',
    'tags',
    'uploads',
    'referrers',
    'v2',
    'manifests/manifests',
    'a/blobs/uploads',
    'tags/list',
    'blobs/uploads',
  ])('such as %s are pushed, pulled, listed and deleted', async (below) => {
    const odd = new ImageClient(server, `${image.name}/${below}`);
    const { digest } = await odd.image('v1', below);

    const pulled = await odd.send('GET', 'manifests/v1');
    const session = await odd.begin();

    expect(pulled.headers.get('docker-content-digest')).toBe(digest);
    expect((await listed('', odd)).tags).toEqual(['v1']);
    expect((await server.send('DELETE', session)).status).toBe(204);
    expect((await odd.send('GET', `referrers/${digest}`)).status).toBe(200);
    expect((await odd.send('DELETE', `manifests/${digest}`)).status).toBe(202);
  });
});
