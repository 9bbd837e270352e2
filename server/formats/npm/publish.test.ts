import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import type { Json } from '../../testing/api.ts';
import { TestServer } from '../../testing/harness.ts';
import { attached, bundleOf, hashed, NpmClient, packed, publication, SLSA } from '../../testing/npm.ts';

let server: TestServer;
let npm: NpmClient;
beforeAll(async () => {
  server = await TestServer.start();
  await server.repository('packages', { format: 'NPM' });
  npm = new NpmClient(server, 'packages');
});
afterAll(() => server[Symbol.asyncDispose]());

const BASE = 'http://localhost:8080/us-central1-npm/my-project/packages';
let made = 0;
const fresh = (): string => `package-${(made += 1)}`;

/** A publication with something about it that is not as it should be. */
const sent = async (name: string, change: (body: Json) => void = () => {}): Promise<Json> => {
  const manifest = { name, version: '1.0.0' };
  const body = publication(manifest, await packed(manifest));
  change(body);
  return body;
};
const refused = async (answer: Response): Promise<readonly [number, string]> => [
  answer.status,
  ((await answer.json()) as { error: string }).error,
];

/** Contents that are on the disk. */
const contents = async (): Promise<number> =>
  (await readdir(server.directory.blobs, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  ).length;

test.each<readonly [why: string, spoil: (body: Json) => void]>([
  [
    'is not the one that its manifest says',
    (body) => void (body['versions']['1.0.0'].dist.shasum = 'f'.repeat(40)),
  ],
  ['is of a package of another name', (body) => void (body['name'] = 'other')],
  [
    'is no archive',
    (body) => {
      for (const file of Object.values(body['_attachments'] as Record<string, Json>))
        Object.assign(file, { data: btoa('none'), length: 4 });
    },
  ],
])('a tarball that %s leaves nothing on the disk', async (_, spoil) => {
  const before = await contents();
  const name = fresh();
  expect((await npm.put(name, await sent(name, spoil))).status).toBe(400);
  expect(await contents()).toBe(before);
});

describe('a package', () => {
  test('is there with its tarball once it is published', async () => {
    const name = '@acme/first';
    const tarball = await npm.publish({
      name,
      more: { description: 'what it does', license: 'MIT', readme: '# first', dependencies: { left: '^1' } },
      files: { 'index.js': '//' },
    });

    const packument = await npm.json('@acme%2ffirst');

    expect(packument).toMatchObject({
      _id: name,
      name,
      'dist-tags': { latest: '1.0.0' },
      description: 'what it does',
      license: 'MIT',
      readme: '# first',
      time: { created: expect.any(String), modified: expect.any(String), '1.0.0': expect.any(String) },
    });
    expect(packument.versions['1.0.0']).toMatchObject({
      _id: `${name}@1.0.0`,
      name,
      version: '1.0.0',
      dependencies: { left: '^1' },
      dist: {
        tarball: `${BASE}/@acme/first/-/first-1.0.0.tgz`,
        shasum: hashed(tarball, 'sha1', 'hex'),
        integrity: `sha512-${hashed(tarball, 'sha512', 'base64')}`,
        fileCount: 2,
        unpackedSize: expect.any(Number),
      },
    });
    expect(packument.versions['1.0.0']).not.toHaveProperty('readme');
    const answer = await npm.send('GET', '@acme/first/-/first-1.0.0.tgz');
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(tarball);
  });

  test('is not published twice as the same version, nor after it is gone', async () => {
    const name = fresh();
    await npm.publish({ name });
    const words = expect.stringContaining(
      'You cannot publish over the previously published versions: 1.0.0.',
    );

    expect(await refused(await npm.put(name, await sent(name)))).toEqual([403, words]);
    await npm.send('DELETE', `${name}/-rev/${await npm.revision(name)}`);
    expect(await refused(await npm.put(name, await sent(name)))).toEqual([403, words]);
  });

  test('is what its tarball says, whatever its manifest does', async () => {
    const name = fresh();
    const inside = { name, version: '1.0.0', scripts: { postinstall: 'x' }, dependencies: { b: '1' } };
    const tarball = await packed(inside);
    const body = publication({ name, version: '1.0.0', dependencies: { a: '1' } }, tarball);
    expect((await npm.put(name, body)).status).toBe(201);

    const { versions } = await npm.json(name);

    expect(versions['1.0.0']).toMatchObject({ dependencies: { b: '1' }, hasInstallScript: true });
    expect(versions['1.0.0'].dependencies).toEqual({ b: '1' });
  });

  test('keeps the tag latest on what was published as that', async () => {
    const name = fresh();
    await npm.publish({ name, version: '2.0.0' });
    await npm.publish({ name, version: '1.9.0', tag: 'old' });
    await npm.publish({ name, version: '3.0.0-rc.1', tag: 'next' });

    expect((await npm.json(name))['dist-tags']).toEqual({
      latest: '2.0.0',
      next: '3.0.0-rc.1',
      old: '1.9.0',
    });
  });

  test('has a latest version even if nothing was published as that', async () => {
    const name = fresh();
    await npm.publish({ name, version: '1.0.0-rc.1', tag: 'next' });

    expect((await npm.json(name))['dist-tags']).toEqual({ latest: '1.0.0-rc.1', next: '1.0.0-rc.1' });
  });

  test.each<readonly [why: string, change: (body: Json, name: string) => void, words: string]>([
    ['has no version', (body) => (body.versions = {}), 'exactly one version'],
    ['has no tarball', (body) => (body['_attachments'] = { 'a.sigstore': attached({}) }), 'tarball'],
    ['is of another name', (body) => (body.name = 'other'), 'the address says'],
    [
      'is not the tarball that was meant',
      (body) => (body.versions['1.0.0'].dist.integrity = `sha512-${'A'.repeat(86)}==`),
      'integrity mismatch',
    ],
    [
      'is not as long as it says',
      (body, name) => (body['_attachments'][`${name}-1.0.0.tgz`].length = 7),
      'bytes',
    ],
    ['has a tag that is a range', (body) => (body['dist-tags'] = { '1.x': '1.0.0' }), 'is not a tag'],
    [
      'is no archive',
      (body, name) => {
        body['_attachments'][`${name}-1.0.0.tgz`] = { data: 'AAAA', length: 3 };
        body.versions['1.0.0'].dist = {};
      },
      'tar',
    ],
    [
      'is of another version than its tarball',
      (body) => {
        body.versions = { '2.0.0': { ...body.versions['1.0.0'], version: '2.0.0' } };
        body['dist-tags'] = { latest: '2.0.0' };
      },
      '2.0.0',
    ],
  ])('is not taken when it %s', async (_, change, words) => {
    const name = fresh();
    const answer = await npm.put(name, await sent(name, (body) => change(body, name)));

    expect(await refused(answer)).toEqual([400, expect.stringContaining(words)]);
    expect((await npm.send('GET', name)).status).toBe(404);
  });

  test.each([
    ['in capitals', 'Capitals'],
    ['that begins with a dot', '.hidden'],
    ['of a core module', 'http'],
  ])('is not published under a name %s', async (_, name) => {
    expect((await npm.put(name, await sent(name))).status).toBe(400);
  });

  test('is not published as a version that clients cannot tell from another', async () => {
    const manifest = { name: fresh(), version: '1.0.0+build.1' };
    const body = publication(manifest, await packed(manifest));

    expect(await refused(await npm.put(manifest.name, body))).toEqual([
      400,
      expect.stringContaining('publish 1.0.0'),
    ]);
  });
});

describe('provenance', () => {
  test('is kept with its version, and found by it', async () => {
    const name = '@acme/built';
    await npm.publish({ name, provenance: true });

    const { versions } = await npm.json('@acme%2fbuilt');
    const { attestations } = versions['1.0.0'].dist;
    const path = new URL(attestations.url).pathname;

    expect(attestations).toEqual({
      url: `${BASE}/-/npm/v1/attestations/@acme%2fbuilt@1.0.0`,
      provenance: { predicateType: SLSA },
    });
    // Clients put the path behind the registry's own.
    for (const address of [path, npm.path + path]) {
      const answer = await server.send('GET', address);
      expect(await answer.json()).toMatchObject({
        attestations: [{ predicateType: SLSA, bundle: { dsseEnvelope: { signatures: [{ sig: '' }] } } }],
      });
    }
  });

  test('of another tarball is refused, and nothing published', async () => {
    const name = fresh();
    const other = await packed({ name, version: '9.9.9' });
    const body = await sent(name, (publishing) => {
      publishing['_attachments'][`${name}-1.0.0.sigstore`] = attached(bundleOf(other));
    });

    expect(await refused(await npm.put(name, body))).toEqual([400, 'the provenance is not of this tarball']);
    expect((await npm.send('GET', name)).status).toBe(404);
  });

  test('is not there for a version without it', async () => {
    const name = fresh();
    await npm.publish({ name });

    expect((await npm.send('GET', `-/npm/v1/attestations/${name}@1.0.0`)).status).toBe(404);
    expect((await npm.json(name)).versions['1.0.0'].dist).not.toHaveProperty('attestations');
  });
});
