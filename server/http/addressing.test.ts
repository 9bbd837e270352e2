import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FORMATS } from '../formats/index.ts';
import { TestServer } from '../testing/harness.ts';
import { freshImage, ImageClient, refusal } from '../testing/oci.ts';
import { Addressing } from './addressing.ts';

const DOMAIN = 'pkg.test';
const US = 'us-central1-docker.pkg.test';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start(['--domain', DOMAIN]);
  await server.repository('images', { project: 'example.com:scoped' });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Pulls the tag v1 under another spelling of its address; answers its digest. */
async function digestAt(path: string, host?: string): Promise<string | null> {
  const answer = await server.send('GET', `${path}/manifests/v1`, host === undefined ? {} : { host });
  expect(answer.status).toBe(200);
  return answer.headers.get('docker-content-digest');
}

describe('an image has one name in several spellings', () => {
  test('with the place in the path, and on a host of its own', async () => {
    const image = freshImage(server);
    const { digest } = await image.image('v1');
    const [, ...rest] = image.name.split('/');

    expect(await digestAt(`/v2/${image.name}`)).toBe(digest);
    expect(await digestAt(`/v2/${rest.join('/')}`, US)).toBe(digest);
    expect(await digestAt(`/v2/${rest.join('/')}`, `${US}:8443`)).toBe(digest);
    expect(await digestAt(`/v2/${rest.join('/')}`, US.toUpperCase())).toBe(digest);
    expect(await digestAt(`/v2/${image.name}`, DOMAIN)).toBe(digest);
    expect(await digestAt(`/v2/${image.name}`, '[::1]:8080')).toBe(digest);
  });

  test('and is answered in the spelling that was used', async () => {
    const send = { host: US, body: '' };
    const start = await server.send('POST', '/v2/my-project/images/spelt/blobs/uploads/', send);
    const challenge = await server.send('GET', '/v2/my-project/images/spelt/tags/list', {
      host: US,
      as: null,
    });
    await new ImageClient(server, 'us-central1-docker/my-project/images/spelt').image('v1');
    const tags = await server.send('GET', '/v2/my-project/images/spelt/tags/list?n=1', { host: US });
    const catalog = await server.send('GET', '/v2/_catalog', { host: US });

    expect(start.headers.get('location')).toStartWith('/v2/my-project/images/spelt/blobs/uploads/');
    expect(challenge.headers.get('www-authenticate')).toBe(
      `Bearer realm="http://${US}/v2/token",service="${US}",scope="repository:my-project/images/spelt:pull"`,
    );
    expect(await tags.json()).toMatchObject({ name: 'my-project/images/spelt' });
    const { repositories } = (await catalog.json()) as { repositories: readonly string[] };
    expect(repositories).toContain('my-project/images/spelt');
  });

  test('but a host that is a place is that place alone', async () => {
    await new ImageClient(server, 'us-central1-docker/my-project/images/here').image('v1');

    const path = '/v2/my-project/images/here/manifests/v1';
    const elsewhere = await server.send('GET', path, { host: `europe-west1-docker.${DOMAIN}` });
    const twice = await server.send('GET', `/v2/us-central1-docker${path.slice(3)}`, { host: US });
    const catalog = await server.send('GET', '/v2/_catalog', { host: `europe-west1-docker.${DOMAIN}` });

    await refusal(elsewhere, 404, 'NAME_UNKNOWN');
    await refusal(twice, 404, 'NAME_UNKNOWN');
    expect(await catalog.json()).toEqual({ repositories: [] });
  });

  test('in a project of a domain', async () => {
    const image = new ImageClient(server, 'us-central1-docker/example.com/scoped/images/deep/er');
    const { digest } = await image.image('v1');

    expect(await digestAt('/v2/example.com/scoped/images/deep/er', US)).toBe(digest);
    expect(await (await image.send('GET', 'tags/list')).json()).toMatchObject({ name: image.name });
    const stored = server.database.read
      .selectFrom('package')
      .innerJoin('repository', 'repository.id', 'repository_id');
    const row = await stored.select('project').where('package.name', '=', 'deep/er').executeTakeFirst();
    expect(row?.project).toBe('example.com:scoped');
  });

  test('for mounts, too', async () => {
    const image = freshImage(server);
    const { digest } = await image.blob('mounted over hosts');
    const from = image.name.split('/').slice(1).join('/');

    const answer = await server.send(
      'POST',
      `/v2/my-project/images/mounted/blobs/uploads/?mount=${digest}&from=${from}`,
      {
        host: US,
      },
    );

    expect(answer.status).toBe(201);
  });
});

describe('the four repositories of Container Registry', () => {
  const rows = [
    ['gcr.io', 'gcr', 'us'],
    ['us.gcr.io', 'us.gcr', 'us'],
    ['eu.gcr.io', 'eu.gcr', 'europe'],
    ['asia.gcr.io', 'asia.gcr', 'asia'],
  ] as const;
  test.each(rows)('%s come with their first push, in both spellings', async (segment, label, location) => {
    const image = new ImageClient(server, `${segment}/my-project/folder/image`);
    const there = () =>
      server.database.read
        .selectFrom('repository')
        .select(['location', 'format', 'mode'])
        .where('name', '=', segment)
        .execute();
    await refusal(await image.send('GET', 'manifests/v1'), 404, 'NAME_UNKNOWN');
    expect(await there()).toEqual([]);

    const { digest } = await image.image('v1', segment);

    expect(await there()).toEqual([{ location, format: 'DOCKER', mode: 'STANDARD_REPOSITORY' }]);
    expect(await digestAt('/v2/my-project/folder/image', `${label}.${DOMAIN}`)).toBe(digest);
    expect(await digestAt(`/v2/${location}-docker/my-project/${segment}/folder/image`)).toBe(digest);
  });

  test('are not made by a caller who may not, nor in a project that is not there', async () => {
    const stranger = await server.account('may-not-create');
    const image = new ImageClient(server, 'gcr.io/absent-project/image');

    await refusal(await image.send('POST', 'blobs/uploads/', { as: stranger }), 403, 'DENIED');
    const { message } = await refusal(await image.send('POST', 'blobs/uploads/'), 404, 'NAME_UNKNOWN');
    expect(message).toContain('absent-project');
    expect(server.logged).toEqual([]);
  });

  test('are not made by reading, deleting or asking', async () => {
    const image = new ImageClient(server, 'gcr.io/example.com/scoped/image');

    for (const [method, path] of [
      ['GET', 'tags/list'],
      ['DELETE', 'manifests/v1'],
      ['HEAD', 'manifests/v1'],
    ] as const)
      expect((await image.send(method, path)).status).toBe(404);
    const made = server.database.read
      .selectFrom('repository')
      .select('id')
      .where('project', '=', 'example.com:scoped');
    expect(await made.execute()).toHaveLength(1);
  });
});

describe('an address that is none', () => {
  test.each([
    ['/v2/us-central1-docker', 400, 'NAME_INVALID'],
    ['/v2/us-central1-docker/my-project', 400, 'NAME_INVALID'],
    ['/v2/us-central1-docker/my-project/images', 400, 'NAME_INVALID'],
    ['/v2/us-central1-docker/example.com/scoped/images', 400, 'NAME_INVALID'],
    ['/v2/gcr.io/my-project', 400, 'NAME_INVALID'],
    ['/v2/my-project/images/image/manifests/v1', 404, 'NAME_UNKNOWN'],
    ['/v2/moon-docker/my-project/images/image/manifests/v1', 404, 'NAME_UNKNOWN'],
    ['/v2/us-central1-npm/my-project/images/image/manifests/v1', 404, 'NAME_UNKNOWN'],
    ['/v2/us-central1-docker/my-project/images/image', 404, 'NAME_UNKNOWN'],
    ['/v2/us-central1-docker/my-project/images/image/nothing/v1', 404, 'NAME_UNKNOWN'],
    ['/v2/us-central1-docker/my-project/images/manifests/v1', 404, 'NAME_UNKNOWN'],
    ['/v2/us-central1-docker/absent/images/image/manifests/v1', 404, 'NAME_UNKNOWN'],
    ['/us-central1-docker/my-project/images/image', 404, 'NAME_UNKNOWN'],
    ['/v2/token/x', 404, 'NAME_UNKNOWN'],
    ['/v2/_catalog/x', 404, 'NAME_UNKNOWN'],
  ] as const)('such as %s is refused in the words of its format', async (path, status, code) => {
    await refusal(await server.send('GET', path), status, code);
  });

  test.each(['/', '/favicon.ico', '/V2/', '/v1/v2/', '/etc/passwd'])(
    'such as %s is nobody’s',
    async (path) => {
      const answer = await server.send('GET', path, { host: 'localhost' });

      expect([answer.status, answer.headers.get('content-type')]).toEqual([404, expect.any(String)]);
    },
  );
});

describe('Addressing', () => {
  const addressing = new Addressing({ formats: FORMATS, locations: ['us', 'us-central1'], domain: DOMAIN });
  const [docker] = FORMATS;
  const address = { project: 'p', location: 'us-central1', repository: 'r' };
  const gcr = { project: 'example.com:p', location: 'us', repository: 'gcr.io' };

  test.each([
    ['localhost:8080', address, 'localhost:8080/us-central1-docker/p/r'],
    [DOMAIN, address, 'us-central1-docker.pkg.test/p/r'],
    [`${DOMAIN}:8443`, address, 'us-central1-docker.pkg.test:8443/p/r'],
    [`us-docker.${DOMAIN}`, address, 'us-central1-docker.pkg.test/p/r'],
    [`other.${DOMAIN}`, address, `other.${DOMAIN}/us-central1-docker/p/r`],
    ['localhost', gcr, 'localhost/gcr.io/example.com/p'],
    [DOMAIN, gcr, 'gcr.pkg.test/example.com/p'],
    ['localhost', { ...gcr, location: 'us-central1' }, 'localhost/us-central1-docker/example.com/p/gcr.io'],
  ])('tells a caller on %s to write %j as %s', (host, of, spelling) => {
    expect(docker && addressing.spelling(host, of, docker)).toBe(spelling);
  });

  test('reads back every address that it writes', () => {
    for (const host of ['localhost:8080', DOMAIN, `us-docker.${DOMAIN}`])
      for (const of of [address, gcr]) {
        const [at = '', ...path] = (docker ? addressing.spelling(host, of, docker) : '').split('/');
        const found = addressing.locate(at, ['v2', ...path, 'image', 'tags', 'list']);
        expect(found).toMatchObject({ kind: 'repository', address: of, rest: ['image', 'tags', 'list'] });
      }
  });
});
