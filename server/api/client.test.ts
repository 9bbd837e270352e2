import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiError, type Client, createClient, names } from '../../contract/client.ts';
import { LOCATION, PROJECT } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { ImageClient } from '../testing/oci.ts';
import { failureOf } from '../testing/failure-of.ts';
import { ADMIN_PASSWORD, HOST } from '../testing/harness.ts';

let server: TestServer;
let client: Client;
let token: string;
beforeAll(async () => {
  server = await TestServer.start();
  token = await server.accessToken('admin', ADMIN_PASSWORD);
  client = connected(token);
});
afterAll(() => server[Symbol.asyncDispose]());

/** A client whose requests arrive without a socket. */
const connected = (secret: string): Client =>
  createClient({
    server: `http://${HOST}/`,
    token: () => secret,
    fetch: (request) => {
      request.headers.set('host', HOST);
      return server.answer(request);
    },
  });

const collect = <T>(items: AsyncIterable<T>): Promise<readonly T[]> => Array.fromAsync(items);

describe('the typed client', () => {
  it('makes, reads, changes, lists and deletes repositories', async () => {
    for (const id of ['one', 'two', 'three']) {
      const operation = await client.repositories.create(LOCATION, id, { format: 'DOCKER', labels: { id } });
      const made = await client.operations.wait(operation);
      expect(made['name']).toBe(`${LOCATION}/repositories/${id}`);
    }
    const name = names.repository.format({
      project: 'my-project',
      location: 'us-central1',
      repository: 'two',
    });
    const patched = await client.repositories.patch(
      name,
      { description: 'x' },
      { updateMask: ['description'] },
    );
    expect(await client.repositories.get(name)).toEqual(patched);

    const all = await collect(client.repositories.list(LOCATION, { pageSize: 1, orderBy: 'name desc' }));
    expect(all.map((repository) => repository.name.split('/').at(-1))).toEqual([
      'two',
      'three',
      'one',
      'images',
    ]);
    const page = await client.repositories.page(LOCATION, { pageSize: 3 });
    expect(page.items).toHaveLength(3);
    const rest = await client.repositories.page(LOCATION, {
      pageSize: 3,
      pageToken: page.nextPageToken ?? '',
    });
    expect(rest).toEqual({ items: [expect.objectContaining({ name })] as never });

    await client.operations.wait(await client.repositories.delete(name));
    const gone = await failureOf(client.repositories.get(name));
    expect(gone).toBeInstanceOf(ApiError);
    expect(gone).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
      reason: 'RESOURCE_NOT_FOUND',
      details: { name },
    });
  });

  it('works on what is in a repository', async () => {
    const image = new ImageClient(server, 'us-central1-docker/my-project/images/team/app');
    const { digest } = await image.image('v1');
    const at = { project: 'my-project', location: 'us-central1', repository: 'images', package: 'team/app' };
    const pkg = names.package.format(at);
    const version = names.version.format({ ...at, version: digest });

    expect((await client.packages.get(pkg)).displayName).toBe('team/app');
    expect((await client.versions.get(version, { view: 'FULL' })).relatedTags).toHaveLength(1);
    const [listed] = await collect(client.versions.list(pkg, { view: 'FULL' }));
    expect(listed?.relatedTags).toHaveLength(1);
    await client.tags.create(pkg, 'v2', { version });
    const tag = names.tag.format({ ...at, tag: 'v2' });
    expect((await client.tags.get(tag)).version).toBe(version);
    await client.tags.delete(tag);
    expect((await collect(client.tags.list(pkg))).map(({ name }) => name)).toEqual([`${pkg}/tags/v1`]);
    expect(await collect(client.dockerImages.list(`${LOCATION}/repositories/images`))).toHaveLength(1);

    const file = names.file.format({ ...at, file: `team/app/manifests/${digest}` });
    const { sizeBytes } = await client.files.get(file);
    expect((await (await client.files.download(file)).text()).length).toBe(Number(sizeBytes));
    const part = await client.files.download(file, { range: { first: 0, last: 9 } });
    expect({ status: part.status, length: (await part.text()).length }).toEqual({ status: 206, length: 10 });

    const refused = await failureOf(client.versions.delete(version));
    expect(refused).toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'VERSION_TAGGED' });
    const batch = await client.versions.batchDelete(pkg, { names: [version], validateOnly: true });
    expect(batch.done).toBe(true);
    await client.operations.wait(await client.versions.delete(version, { force: true }));
    await client.operations.wait(await client.packages.delete(pkg));
  });

  it('works on projects, locations, settings and services', async () => {
    await client.operations.wait(
      await client.projects.create({ projectId: 'client-project', name: 'Client' }),
    );
    expect((await client.projects.get('projects/client-project')).name).toBe('Client');
    expect((await collect(client.projects.list())).map(({ projectId }) => projectId)).toContain(
      'client-project',
    );
    await client.projects.delete('projects/client-project');
    expect((await client.locations.get(LOCATION)).locationId).toBe('us-central1');
    expect((await collect(client.locations.list(PROJECT, { pageSize: 7 }))).length).toBeGreaterThan(40);
    const settings = await client.projectSettings.patch(`${PROJECT}/projectSettings`, { pullPercent: 5 });
    expect(settings.pullPercent).toBe(5);
    expect((await client.services.get(`${PROJECT}/services/x.example`)).state).toBe('ENABLED');
    await client.operations.wait(await client.services.enable(`${PROJECT}/services/x.example`));
  });

  it('says who it is before every call, and what went wrong', async () => {
    const stranger = connected((await server.account('client-stranger')).replace('Bearer ', ''));
    expect(await failureOf(stranger.repositories.get(`${LOCATION}/repositories/images`))).toMatchObject({
      status: 403,
      code: 'PERMISSION_DENIED',
      details: { permission: 'artifactregistry.repositories.get' },
    });
    const nobody = createClient({ server: `http://${HOST}`, fetch: (request) => server.answer(request) });
    expect(await failureOf(nobody.projects.get(PROJECT))).toBeInstanceOf(ApiError);
  });

  it('waits for an operation that is not over, and fails with what it failed with', async () => {
    const answers = [
      { name: 'operations/x', done: false },
      { name: 'operations/x', done: true, error: { code: 9, message: 'not now' } },
    ];
    const pauses: number[] = [];
    const slow = createClient({
      server: 'http://server.example',
      fetch: async () => Response.json(answers.shift()),
      pause: async (milliseconds) => void pauses.push(milliseconds),
    });
    const failure = await failureOf(slow.operations.wait({ name: 'operations/x' }));
    expect(failure).toMatchObject({ code: 'FAILED_PRECONDITION', message: 'not now', status: 400 });
    expect(pauses).toEqual([100, 200]);
  });

  it('says that there was no answer', async () => {
    const broken = createClient({
      server: 'http://server.example/prefix/',
      fetch: async () => {
        throw new TypeError('connection refused');
      },
    });
    expect(await failureOf(broken.projects.get(PROJECT))).toMatchObject({
      status: 0,
      code: 'UNAVAILABLE',
      message: 'no answer from http://server.example/prefix',
    });
    const odd = createClient({
      server: 'http://server.example',
      fetch: async () => new Response('<html>', { status: 502 }),
    });
    expect(await failureOf(odd.projects.get(PROJECT))).toMatchObject({ status: 502, code: 'UNKNOWN' });
  });
});
