import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ApiCaller, type Json, LOCATION } from '../../testing/api.ts';
import { TestServer } from '../../testing/harness.ts';
import { Members } from '../../testing/members.ts';
import { attached, bundleOf, hashed, NpmClient, packed, publication } from '../../testing/npm.ts';

let server: TestServer;
let members: Members;
let npm: NpmClient;
beforeAll(async () => {
  server = await TestServer.start();
  members = new Members(server, 'NPM');
  npm = new NpmClient(server, await members.standard('own'));
});
afterAll(() => server[Symbol.asyncDispose]());

interface Sent {
  readonly name: string;
  readonly version?: string;
  readonly tag?: string;
  readonly provenance?: boolean;
  readonly by?: NpmClient;
  readonly as?: string;
}

async function stage({ name, version = '1.0.0', tag = 'latest', provenance = false, by = npm, as }: Sent) {
  const manifest = { name, version, description: 'waits' };
  const tarball = await packed(manifest);
  const body = publication(manifest, tarball, tag);
  if (provenance) body['_attachments'][`${name}-${version}.sigstore`] = attached(bundleOf(tarball));
  const path = `-/stage/package/${name.replace('/', '%2f')}`;
  const send = { body: JSON.stringify(body), ...(as !== undefined && { as }) };
  const answer = await by.send('POST', path, send);
  return { status: answer.status, tarball, id: ((await answer.json()) as Json).stageId as string };
}

const listed = async (query = ''): Promise<readonly string[]> =>
  (await npm.json(`-/stage${query}`)).items.map((item: Json) => item.id);
const statusOf = async (method: string, path: string, as?: string): Promise<number> =>
  (await npm.send(method, path, as === undefined ? {} : { as })).status;
const bytesAt = async (path: string): Promise<Uint8Array> => (await npm.send('GET', path)).bytes();

describe('a version that is staged', () => {
  test('is not there for who may publish, but not that', async () => {
    const repository = await members.standard('narrow');
    const by = new NpmClient(server, repository);
    const [hidden, shown] = [await stage({ name: 'secret', by }), await stage({ name: 'open', by })];
    await server.grantIf(
      `${LOCATION}/repositories/${repository}`,
      'roles/artifactregistry.writer',
      'user:narrow',
      '!has(resource.package) || resource.package != "secret"',
    );
    const as = await server.account('narrow');

    expect(await by.json('-/stage', { as })).toMatchObject({ items: [{ id: shown.id }], total: 1 });
    for (const [{ id }, status] of [
      [shown, 200],
      [hidden, 404],
    ] as const)
      for (const path of [`-/stage/${id}`, `-/stage/${id}/tarball`])
        expect((await by.send('GET', path, { as })).status).toBe(status);
  });

  test('is shown to who may publish, and to nobody who installs', async () => {
    const { id, tarball } = await stage({ name: '@acme/waiting', tag: 'next' });
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    const item = await npm.json(`-/stage/${id}`);
    expect(item).toEqual({
      id,
      packageName: '@acme/waiting',
      version: '1.0.0',
      tag: 'next',
      createdAt: new Date(server.clock.now()).toISOString(),
      actor: 'user:admin',
      actorType: 'user',
      shasum: hashed(tarball, 'sha1', 'hex'),
      status: 'staged',
    });
    expect(await npm.json('-/stage?package=%40acme%2Fwaiting')).toMatchObject({ items: [item], total: 1 });
    expect(await bytesAt(`-/stage/${id}/tarball`)).toEqual(tarball);
    for (const path of ['@acme%2fwaiting', '@acme%2fwaiting/1.0.0', '@acme/waiting/-/waiting-1.0.0.tgz'])
      expect(await statusOf('GET', path)).toBe(404);
    for (const path of ['.staged', `.staged/${id}`, `.staged/-/${id}.tgz`, `.staged/${id}/package.tgz`])
      expect(await statusOf('GET', path)).toBe(404);
    expect((await npm.json('-/v1/search?text=waits')).objects).toEqual([]);
    expect((await npm.json('-/v1/search?text=staged')).objects).toEqual([]);
  });

  test('is published with all that was sent once it is approved', async () => {
    const { id, tarball } = await stage({ name: 'approved', tag: 'next', provenance: true });
    const answer = await npm.send('POST', `-/stage/${id}/approve`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { ok: true, id: 'approved', version: '1.0.0' },
    ]);
    const packument = await npm.json('approved');
    expect(packument).toMatchObject({ 'dist-tags': { next: '1.0.0' }, description: 'waits' });
    expect(packument.versions['1.0.0'].dist.attestations).toBeDefined();
    expect(await statusOf('GET', '-/npm/v1/attestations/approved@1.0.0')).toBe(200);
    expect(await bytesAt('approved/-/approved-1.0.0.tgz')).toEqual(tarball);
    expect((await npm.json('-/v1/search?text=waits')).total).toBe(1);
    for (const [method, path] of [
      ['GET', `-/stage/${id}`],
      ['POST', `-/stage/${id}/approve`],
      ['DELETE', `-/stage/${id}`],
    ] as const)
      expect(await statusOf(method, path)).toBe(404);
  });

  test('is gone once it is rejected, and may be published otherwise', async () => {
    const { id } = await stage({ name: 'rejected' });
    expect(await statusOf('DELETE', `-/stage/${id}`)).toBe(200);
    expect(await statusOf('GET', `-/stage/${id}/tarball`)).toBe(404);
    expect(await statusOf('GET', 'rejected')).toBe(404);
    await npm.publish({ name: 'rejected' });
  });

  test('is refused that was published before, and is never published over', async () => {
    const { id } = await stage({ name: 'raced' });
    await npm.publish({ name: 'raced' });
    expect((await stage({ name: 'raced' })).status).toBe(403);
    expect(await statusOf('POST', `-/stage/${id}/approve`)).toBe(403);
    expect(await listed('?package=raced')).toEqual([id]);
  });

  test('is held to what a publication is held to', async () => {
    expect((await stage({ name: 'UPPER' })).status).toBe(400);
    const [path, body] = ['-/stage/package/empty', JSON.stringify({ name: 'empty', versions: {} })];
    expect((await npm.send('POST', path, { body })).status).toBe(400);
  });

  test('is listed in pages, the newest first', async () => {
    const ids: string[] = [];
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
      ids.unshift((await stage({ name: 'paged', version })).id);
      server.clock.advance(1000);
    }
    expect(await listed('?package=paged&page=0&perPage=2')).toEqual(ids.slice(0, 2));
    expect(await listed('?package=paged&page=1&perPage=2')).toEqual(ids.slice(2));
    expect(await listed('?package=none')).toEqual([]);
  });
});

describe('what waits', () => {
  test('is nothing to who may only read', async () => {
    const { id } = await stage({ name: 'guarded' });
    await server.grant(
      Members.named(npm.path.split('/').at(-1) ?? ''),
      'roles/artifactregistry.reader',
      'user:eve',
    );
    const eve = await server.account('eve');
    for (const [method, path] of [
      ['GET', '-/stage'],
      ['GET', `-/stage/${id}`],
      ['GET', `-/stage/${id}/tarball`],
      ['POST', `-/stage/${id}/approve`],
      ['DELETE', `-/stage/${id}`],
    ] as const)
      expect([method, path, await statusOf(method, path, eve)]).toEqual([method, path, 403]);
    expect((await stage({ name: 'guarded', version: '2.0.0', as: eve })).status).toBe(403);
  });

  test('is staged and approved through a virtual repository that takes writes', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own], { writeRepository: Members.named(own) });
    const by = new NpmClient(server, team);
    const { id } = await stage({ name: 'behind', by });
    expect((await by.send('POST', `-/stage/${id}/approve`)).status).toBe(200);
    expect(await by.json('behind/1.0.0')).toMatchObject({ version: '1.0.0' });
  });

  test('is in the lists of the management API as versions of a package that is none', async () => {
    const { id } = await stage({ name: 'managed' });
    const at = `${Members.named(npm.path.split('/').at(-1) ?? '')}/packages/.staged/versions`;
    const { versions } = await new ApiCaller(server).ok('GET', `${at}?pageSize=100`);
    expect(versions.map(({ name }: Json) => name)).toContain(`${at}/${id}`);
  });
});
