import { beforeEach, describe, expect, test } from 'bun:test';
import { ApiCaller, type Json, LOCATION } from './testing/api.ts';
import { besideUpstream } from './testing/beside-upstream.ts';
import { FakeUpstream } from './testing/fake-upstream.ts';
import { Members } from './testing/members.ts';
import { ImageClient, INDEX, MANIFEST, NOWHERE, refusal } from './testing/oci.ts';
import { corrupt, dripping, loginPage, status, Tap, truncated } from './testing/upstream-faults.ts';
import { ImageShelf, TokenHost } from './testing/upstream-oci.ts';

const { server, upstream } = await besideUpstream();
const admin = new ApiCaller(server);
const members = new Members(server);
const shelf = new ImageShelf(upstream);
beforeEach(() => {
  // Whatever went wrong before is no reason any more to leave it alone.
  server.clock.advance(1_800_000);
});

/** A new remote repository; answers where its images are. */
const remote = async (more: Json = {}, uri = upstream.url): Promise<string> =>
  `/v2/us-central1-docker/my-project/${await members.remote('remote', uri, more)}`;
const never = { cacheConfig: { fileMaxAge: '0s', indexMaxAge: '0s' } };
const repositoryOf = (at: string): string => at.slice(at.lastIndexOf('/') + 1);

const get = (path: string) => server.send('GET', path);
const said = ({ headers }: Response): string => headers.get('cache-status') ?? 'nothing';
const pulled = async (at: string, name: string, tag: string): Promise<readonly string[]> => {
  const manifest = await get(`${at}/${name}/manifests/${tag}`);
  expect({ status: manifest.status, text: await manifest.clone().text() }).toMatchObject({ status: 200 });
  const { layers = [], config, manifests = [] } = (await manifest.json()) as Json;
  const blobs = config ? [config, ...layers] : layers;
  const texts: string[] = [];
  for (const { digest } of blobs) texts.push(await (await get(`${at}/${name}/blobs/${digest}`)).text());
  for (const { digest } of manifests) texts.push(...(await pulled(at, name, digest)));
  return texts;
};

describe('an image of a remote repository', () => {
  test('comes from the upstream, and then without it', async () => {
    const image = shelf.push('library/app', 'v1', { layers: ['one', 'two'] });
    const at = await remote();
    const manifest = `${at}/library/app/manifests/v1`;

    const cold = await get(manifest);
    expect(cold.headers.get('content-type')).toBe(MANIFEST);
    expect(cold.headers.get('docker-content-digest')).toBe(image.digest);
    expect(said(cold)).toStartWith('entrepot; fwd=miss');
    const texts = await pulled(at, 'library/app', 'v1');

    upstream.misbehave(/./, status(503));
    const warm = await get(manifest);
    expect([said(warm), warm.headers.get('age')]).toEqual(['entrepot; hit; ttl=3600', '0']);
    server.clock.advance(2 * 3_600_000);
    expect(said(await get(manifest))).toContain('detail=upstream-broken');
    expect(await pulled(at, 'library/app', 'v1')).toEqual(texts);
    const digest = await server.send('HEAD', `${at}/library/app/manifests/${image.digest}`);
    expect([digest.status, digest.headers.get('content-type')]).toEqual([200, MANIFEST]);
  });

  test('comes with its platforms, its tags and what refers to it', async () => {
    const platforms = ['amd64', 'arm64'].map((architecture) =>
      shelf.push('multi', `only-${architecture}`, { layers: [architecture], config: { architecture } }),
    );
    const index = shelf.index('multi', 'v1', platforms);
    const signature = shelf.push('multi', `${index.digest.replace(':', '-')}.sig`, {
      more: { subject: index, artifactType: 'application/x.signature' },
    });
    const at = await remote();
    const texts = await pulled(at, 'multi', 'v1');
    const referrers = `${at}/multi/referrers/${index.digest}`;
    const listed = (await (await get(referrers)).json()) as Json;
    expect(listed.manifests).toMatchObject([
      { digest: signature.digest, artifactType: 'application/x.signature' },
    ]);
    const filtered = await get(`${referrers}?artifactType=application/x.other`);
    expect(((await filtered.json()) as Json).manifests).toEqual([]);
    const tags = (await (await get(`${at}/multi/tags/list`)).json()) as Json;
    const cosign = `${index.digest.replace(':', '-')}.sig`;
    expect(tags.tags).toEqual(['only-amd64', 'only-arm64', cosign, 'v1']);

    upstream.misbehave(/./, status(503));
    server.clock.advance(2 * 3_600_000);
    expect(await pulled(at, 'multi', 'v1')).toEqual(texts);
    expect(((await (await get(referrers)).json()) as Json).manifests).toHaveLength(1);
    expect(((await (await get(`${at}/multi/tags/list`)).json()) as Json).tags).toHaveLength(4);
  });

  test('moves with its tag, and what was pulled before stays', async () => {
    const before = shelf.push('moving', 'v1', { layers: ['before'] });
    const at = await remote(never);
    await pulled(at, 'moving', 'v1');
    const after = shelf.push('moving', 'v1', { layers: ['after'] });
    const moved = await get(`${at}/moving/manifests/v1`);
    expect(moved.headers.get('docker-content-digest')).toBe(after.digest);
    upstream.forget();
    const same = await get(`${at}/moving/manifests/v1`);
    expect(said(same)).toContain('fwd-status=304');
    expect(upstream.asked().map(({ method }) => method)).toEqual(['HEAD']);
    expect((await get(`${at}/moving/manifests/${before.digest}`)).status).toBe(200);
  });

  test('is found by containerd, which says whose it is', async () => {
    shelf.push('mirrored', 'v1');
    const at = await remote();
    expect((await get(`${at}/mirrored/manifests/v1?ns=registry.example`)).status).toBe(200);
  });

  test('that nobody has is not there', async () => {
    const at = await remote();
    await refusal(await get(`${at}/nothing/manifests/v1`), 404, 'MANIFEST_UNKNOWN');
    await refusal(await get(`${at}/nothing/blobs/${NOWHERE}`), 404, 'BLOB_UNKNOWN');
    const list = await get(`${at}/nothing/tags/list`);
    expect(said(list)).toBe('entrepot; fwd=miss; stored; ttl=60');
    await refusal(list, 404, 'NAME_UNKNOWN');
    expect(((await (await get(`${at}/nothing/referrers/${NOWHERE}`)).json()) as Json).manifests).toEqual([]);
  });

  test('is not copied for whoever asks whether it is there', async () => {
    const image = shelf.push('asked', 'v1', { layers: ['layer'] });
    const path = `/asked/blobs/${image.layers[0]?.digest}`;
    const at = await remote();
    const id = await members.virtual('asked', [repositoryOf(at)]);
    for (const from of [at, `/v2/us-central1-docker/my-project/${id}`]) {
      const { status: answered, headers } = await server.send('HEAD', from + path);
      expect([answered, headers.get('content-length'), said({ headers } as Response)]).toEqual([
        200,
        '5',
        'entrepot; fwd=miss; fwd-status=200',
      ]);
      expect(headers.get('docker-content-digest')).toBe(image.layers[0]?.digest ?? '');
    }
    expect(upstream.asked(/blobs/).map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
    expect(await (await get(at + path)).text()).toBe('layer');
  });

  test('cannot be pushed', async () => {
    const client = new ImageClient(server, (await remote()).slice('/v2/'.length));
    await refusal(await client.send('POST', 'app/blobs/uploads/'), 405, 'UNSUPPORTED');
  });

  test('is fetched with a token of another host', async () => {
    await using host = await FakeUpstream.start();
    await using closed = await FakeUpstream.start();
    const tokens = new TokenHost(host, { username: 'u', password: 'p' });
    new ImageShelf(closed, tokens).push('private', 'v1', { layers: ['secret'] });
    const at = await remote(
      {
        upstreamCredentials: { usernamePasswordCredentials: { username: 'u', password: 'p' } },
        tokenOrigins: [host.url],
      },
      closed.url,
    );
    expect(await pulled(at, 'private', 'v1')).toContain('secret');
  });
});

const wrong = [
  ['a page', loginPage],
  ['a byte that is wrong', corrupt(0)],
  ['half of it', truncated(0.5)],
] as const;
describe.each(wrong)('an upstream that sends %s', (_, fault) => {
  test('is not believed', async () => {
    const image = shelf.push('wrong', 'v1', { layers: ['right'] });
    const at = await remote();
    upstream.misbehave(/./, fault);
    expect((await get(`${at}/wrong/manifests/v1`)).status).toBe(502);
    const blob = await get(`${at}/wrong/blobs/${image.layers[0]?.digest}`);
    expect(blob.ok ? await blob.text().catch(() => 'broken off') : 'refused').toMatch(/broken off|refused/);
    upstream.behave();
    server.clock.advance(1_800_000);
    expect(await pulled(at, 'wrong', 'v1')).toContain('right');
  });
});

test('fifty who want a layer at once cause one request', async () => {
  const image = shelf.push('wanted', 'v1', { layers: ['x'.repeat(200_000)] });
  const at = await remote();
  const tap = new Tap();
  upstream.misbehave(/blobs/, dripping(tap));
  const path = `${at}/wanted/blobs/${image.layers[0]?.digest}`;
  const reads = Array.from({ length: 50 }, async () => (await (await get(path)).text()).length);
  tap.release();
  expect(new Set(await Promise.all(reads))).toEqual(new Set([200_000]));
  expect(upstream.asked(/blobs/)).toHaveLength(1);
});

describe('a purge', () => {
  const scopes = [
    ['all', 'all' as const],
    ['of the image', { package: 'purged' }],
    ['of the tag', { path: 'purged/manifests/v1' }],
  ] as const;
  test.each(scopes)('%s makes the next pull ask again', async (_, scope) => {
    shelf.push('purged', 'v1');
    const at = await remote();
    await pulled(at, 'purged', 'v1');
    upstream.forget();
    const caches = server.app.caches;
    expect((await caches.purge(Members.address(repositoryOf(at)), scope, undefined)).files).toBeGreaterThan(
      0,
    );
    expect(said(await get(`${at}/purged/manifests/v1`))).toStartWith('entrepot; fwd=miss');
    expect(upstream.asked(/manifests/).length).toBeGreaterThan(0);
  });

  test('forgets in every process what the upstream did not have', async () => {
    const at = await remote();
    expect((await get(`${at}/late/manifests/v1`)).status).toBe(404);
    shelf.push('late', 'v1');
    expect((await get(`${at}/late/manifests/v1`)).status).toBe(404);
    await server.app.caches.purge(Members.address(repositoryOf(at)), { package: 'late' }, undefined);
    expect((await get(`${at}/late/manifests/v1`)).status).toBe(200);
  });

  test('forgets lists', async () => {
    shelf.push('listed', 'v1');
    const at = await remote();
    await get(`${at}/listed/tags/list`);
    shelf.push('listed', 'v2');
    await server.app.caches.purge(Members.address(repositoryOf(at)), { path: 'listed/tags/list' }, undefined);
    expect(((await (await get(`${at}/listed/tags/list`)).json()) as Json).tags).toEqual(['v1', 'v2']);
  });
});

test('an image that was fetched beforehand is all there', async () => {
  const parts = ['amd64', 'arm64'].map((name) => shelf.push('warm', name, { layers: [name, 'shared'] }));
  shelf.index('warm', 'v1', parts);
  const at = await remote();
  const warmed = await server.app.caches.warm(Members.address(repositoryOf(at)), 'warm:v1');
  expect(warmed).toMatchObject({ files: 9, fetched: 7 });
  upstream.misbehave(/./, status(503));
  expect(await pulled(at, 'warm', 'v1')).toHaveLength(6);
});

describe('a repository of this server as the upstream', () => {
  test('is asked without a detour, and followed when it changes', async () => {
    const image = new ImageClient(server, 'us-central1-docker/my-project/images/own');
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [await image.image('child')],
    });
    await image.push('v1', index, INDEX);
    const at = await remote(never, `${LOCATION}/repositories/images`);
    expect(await pulled(at, 'own', 'v1')).toHaveLength(2);
    const other = await image.image('v1', 'other');
    const moved = await get(`${at}/own/manifests/v1`);
    expect(moved.headers.get('docker-content-digest')).toBe(other.digest);
    expect(((await (await get(`${at}/own/tags/list`)).json()) as Json).tags).toEqual(['child', 'v1']);
    await refusal(await get(`${at}/own/manifests/v2`), 404, 'MANIFEST_UNKNOWN');
  });

  test('that is a copy of it is refused', async () => {
    const at = await remote({}, `${LOCATION}/repositories/images`);
    const other = repositoryOf(await remote({}, Members.named(repositoryOf(at))));
    await server.database.transaction((tx) =>
      tx
        .updateTable('repository')
        .set({
          config: JSON.stringify({
            remoteRepositoryConfig: { commonRepository: { uri: Members.named(other) } },
          }),
        })
        .where('name', '=', repositoryOf(at))
        .execute(),
    );
    const answer = await get(`${at}/app/manifests/v1`);
    expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('copy of itself')]);
  });
});

test('a connector keeps nothing', async () => {
  const image = shelf.push('passed', 'v1', { layers: ['bytes'] });
  const at = await remote({ noCache: {} });
  for (let n = 0; n < 2; n += 1) {
    const manifest = await get(`${at}/passed/manifests/v1`);
    expect(manifest.headers.get('docker-content-digest')).toBe(image.digest);
    const part = await server.send('GET', `${at}/passed/blobs/${image.layers[0]?.digest}`, {
      headers: { range: 'bytes=1-2' },
    });
    expect([part.status, await part.text()]).toEqual([206, 'yt']);
  }
  expect(upstream.asked(/blobs/)).toHaveLength(2);
  const files = await admin.ok('GET', `${Members.named(repositoryOf(at))}/files`);
  expect(files).toEqual({});
});

test('a layer stays for as long as a copied image needs it, and goes when none ever did', async () => {
  // The database's own clock is the real one.
  server.clock.advance(Math.max(0, Date.now() - server.clock.now()));
  shelf.push('needed', 'v1', { layers: ['needed'] });
  const alone = shelf.push('alone', 'v1', { layers: ['alone'] });
  const at = await remote();
  await pulled(at, 'needed', 'v1');
  const layer = `${at}/alone/blobs/${alone.layers[0]?.digest}`;
  await (await get(layer)).text();
  expect(said(await get(layer))).toBe('entrepot; hit');

  server.clock.advance(40 * 24 * 3_600_000);
  await admin.collected();

  upstream.misbehave(/./, status(503));
  expect(await pulled(at, 'needed', 'v1')).toHaveLength(2);
  expect((await get(layer)).status).toBe(502);
});
