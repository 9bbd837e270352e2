import { beforeAll, beforeEach, describe, expect, it } from 'bun:test';
import { ApiCaller, IMAGES, type Json, LOCATION } from '../testing/api.ts';
import { besideUpstream } from '../testing/beside-upstream.ts';
import { ImageShelf } from '../testing/upstream-oci.ts';

const COPIES = `${LOCATION}/repositories/copies`;
const PATH = '/v2/us-central1-docker/my-project/copies';
const { server, upstream } = await besideUpstream();
const admin = new ApiCaller(server);
const shelf = new ImageShelf(upstream);
beforeAll(async () => {
  shelf.push('team/app', 'v1');
  shelf.push('team/app', 'v2', { layers: ['another'] });
  shelf.push('other', 'v1');
  await admin.ok('POST', `${LOCATION}/repositories?repositoryId=copies`, {
    format: 'DOCKER',
    mode: 'REMOTE_REPOSITORY',
    remoteRepositoryConfig: { commonRepository: { uri: upstream.url } },
  });
});
beforeEach(async () => {
  upstream.behave();
  await admin.ok('POST', `${COPIES}:purgeCache`, {});
  upstream.forget();
});

async function pull(image: string, tag: string): Promise<number> {
  const answer = await server.send('GET', `${PATH}/${image}/manifests/${tag}`);
  await answer.text();
  return answer.status;
}
const askedFor = (image: string, tag: string): number =>
  upstream.asked(`/v2/${image}/manifests/${tag}`).filter(({ method }) => method === 'GET').length;

const prefetched = (...artifacts: readonly string[]): Promise<Json> => admin.prefetched(COPIES, artifacts);

describe('a purge', () => {
  const purges: readonly (readonly [says: string, body: Json, asked: readonly [number, number, number]])[] = [
    ['of all', {}, [2, 2, 2]],
    ['of a package', { package: 'team/app' }, [2, 2, 1]],
    ['of a path', { path: 'team/app/manifests/v1' }, [2, 1, 1]],
    ['of a path from the repository on', { path: '/team/app/manifests/v1' }, [2, 1, 1]],
  ];
  it.each(purges)('%s has it fetched again, and nothing else', async (_, body, asked) => {
    const all = [
      ['team/app', 'v1'],
      ['team/app', 'v2'],
      ['other', 'v1'],
    ] as const;
    for (const [image, tag] of [...all, ...all]) expect(await pull(image, tag)).toBe(200);
    const { fileCount } = await admin.ok('POST', `${COPIES}:purgeCache`, body);
    expect(fileCount).toBeGreaterThan(0);
    for (const [image, tag] of all) expect(await pull(image, tag)).toBe(200);
    expect(all.map(([image, tag]) => askedFor(image, tag))).toEqual([...asked]);
  });

  it('of a path that names nothing is not one of all', async () => {
    await pull('other', 'v1');
    await admin.ok('POST', `${COPIES}:purgeCache`, { path: '/' });
    await pull('other', 'v1');
    expect(askedFor('other', 'v1')).toBe(1);
  });

  it('of a package and a path at once is refused', async () => {
    expect(await admin.refused('POST', `${COPIES}:purgeCache`, { package: 'a', path: 'b' })).toMatchObject({
      status: 400,
      message: expect.stringContaining('give package or path, not both'),
    });
  });

  it('is not for those who may only read', async () => {
    const reader = new ApiCaller(server, await server.account('reader'));
    await server.grant(COPIES, 'roles/artifactregistry.reader', 'user:reader');
    expect(await reader.refused('POST', `${COPIES}:purgeCache`, {})).toMatchObject({ status: 403 });
    expect((await reader.ok('GET', `${COPIES}:upstreamStatus`)).circuit).toBe('CLOSED');
  });
});

describe('a prefetch', () => {
  it('copies what is named with all it is made of, and says what was there', async () => {
    expect(await prefetched('team/app:v1', 'other:v1')).toEqual({
      totalCount: 2,
      fetchedCount: 2,
      presentCount: 0,
      failedCount: 0,
    });
    await upstream.down();
    expect(await pull('team/app', 'v1')).toBe(200);
    const manifest = (await (await server.send('GET', `${PATH}/team/app/manifests/v1`)).json()) as Json;
    for (const { digest } of [manifest.config, ...manifest.layers])
      expect((await server.send('GET', `${PATH}/team/app/blobs/${digest}`)).status).toBe(200);
    await upstream.up();
    expect(await prefetched('team/app:v1', 'team/app:v2')).toMatchObject({
      fetchedCount: 1,
      presentCount: 1,
    });
  });

  it('goes on when something fails, and says what and why', async () => {
    expect(await prefetched('team/app:v1', 'missing:v1', 'team/app:v1')).toEqual({
      totalCount: 2,
      fetchedCount: 1,
      presentCount: 0,
      failedCount: 1,
      failures: [{ artifact: 'missing:v1', message: expect.any(String) }],
    });
  });

  it.each([
    ['nothing', [], 'names nothing to copy'],
    ['an empty name', [''], 'is named by 1 to 512 characters'],
    ['a long name', ['x'.repeat(513)], 'is named by 1 to 512 characters'],
    ['too much', Array.from({ length: 20_001 }, (_, at) => `a:${at}`), 'at most 20000 are possible'],
  ])('of %s is refused', async (_, artifacts, words) => {
    expect(await admin.refused('POST', `${COPIES}:prefetch`, { artifacts })).toMatchObject({
      status: 400,
      message: expect.stringContaining(words),
    });
  });
});

it('says how an upstream is, and how it was', async () => {
  await pull('team/app', 'v1');
  expect(await admin.get(`${COPIES}:upstreamStatus`)).toMatchObject({
    circuit: 'CLOSED',
    failureCount: 0,
    lastSuccessTime: expect.any(String),
  });
  await upstream.down();
  await pull('team/app', 'v2');
  await upstream.up();
  const broken = await admin.get(`${COPIES}:upstreamStatus`);
  expect(broken).toMatchObject({
    lastFailureMessage: expect.any(String),
    lastFailureTime: expect.any(String),
  });
  expect(broken.failureCount).toBeGreaterThan(0);
});

it.each([
  ['POST', 'purgeCache', {}],
  ['POST', 'prefetch', { artifacts: ['a:b'] }],
  ['GET', 'upstreamStatus', undefined],
])('%s %s is about remote repositories', async (method, verb, body) => {
  expect(await admin.refused(method, `${IMAGES}:${verb}`, body)).toMatchObject({
    status: 400,
    reason: 'NOT_REMOTE',
    message: expect.stringContaining('is a STANDARD_REPOSITORY, which keeps no copies'),
  });
  expect(await admin.refused(method, `${LOCATION}/repositories/missing:${verb}`, body)).toMatchObject({
    status: 404,
  });
});
