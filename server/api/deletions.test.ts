import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, IMAGES, type Json } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { type Descriptor, ImageClient, INDEX } from '../testing/oci.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

let packages = 0;

/** A package of its own with two images `a` and `b` and an index `all` of both, each tagged. */
class Fixture {
  readonly name: string;
  readonly client: ImageClient;

  constructor(repository = 'images') {
    packages += 1;
    this.name = `${IMAGES.replace(/images$/, repository)}/packages/app${packages}`;
    this.client = new ImageClient(server, `us-central1-docker/my-project/${repository}/app${packages}`);
  }

  async push(): Promise<{ readonly a: Descriptor; readonly b: Descriptor; readonly all: Descriptor }> {
    const a = await this.client.image('a', `${this.name}-a`);
    const b = await this.client.image('b', `${this.name}-b`);
    const document = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [a, b] });
    return { a, b, all: await this.client.push('all', document, INDEX) };
  }

  version = ({ digest }: Descriptor): string => `${this.name}/versions/${digest}`;
  tag = (tag: string): string => `${this.name}/tags/${tag}`;

  batchDelete(names: readonly string[], more: object = {}): Promise<Json> {
    return admin.ok('POST', `${this.name}/versions:batchDelete`, { names, ...more });
  }
}

const events = async (): Promise<readonly string[]> =>
  (await server.database.read.selectFrom('outbox').select('name').orderBy('id').execute()).map(
    ({ name }) => name,
  );

describe('deleting a version', () => {
  it('is refused while it has tags, unless it is forced', async () => {
    const app = new Fixture();
    const { all } = await app.push();
    const refusal = await admin.refused('DELETE', app.version(all));
    expect(refusal).toMatchObject({ status: 400, code: 'FAILED_PRECONDITION', reason: 'VERSION_TAGGED' });
    expect(refusal.message).toContain('(all)');

    const operation = await admin.ok('DELETE', `${app.version(all)}?force=true`);
    expect(operation).toMatchObject({
      done: true,
      response: { '@type': 'type.googleapis.com/google.protobuf.Empty' },
    });
    expect(await admin.refused('GET', app.version(all))).toMatchObject({ status: 404 });
    expect(await admin.refused('GET', app.tag('all'))).toMatchObject({ status: 404 });
    expect((await app.client.send('GET', `manifests/${all.digest}`)).status).toBe(404);
    expect((await events()).slice(-2).sort()).toEqual(['tag.removed', 'version.deleted']);
  });

  it('is refused, with its tags in place, while an index has it as a child', async () => {
    const app = new Fixture();
    const { a, all } = await app.push();
    const refusal = await admin.refused('DELETE', `${app.version(a)}?force=true`);
    expect(refusal).toMatchObject({ status: 400, code: 'FAILED_PRECONDITION' });
    expect(refusal.message).toContain('manifest is referenced by parent manifests');
    await admin.get(app.tag('a'));

    await admin.ok('DELETE', `${app.version(all)}?force=true`);
    await admin.ok('DELETE', app.tag('a'));
    await admin.ok('DELETE', app.version(a));
  });

  it('needs one', async () => {
    const app = new Fixture();
    const { a } = await app.push();
    const name = app.version({ ...a, digest: `sha256:${'0'.repeat(64)}` });
    expect(await admin.refused('DELETE', name)).toMatchObject({ status: 404 });
    expect(await admin.refused('DELETE', `${name}?force=perhaps`)).toMatchObject({
      status: 400,
      field: 'force',
    });
  });
});

describe('deleting several versions', () => {
  it('takes children before their parents too, and their tags', async () => {
    const app = new Fixture();
    const { a, b, all } = await app.push();
    const operation = await app.batchDelete([a, b, all].map(app.version));
    expect(operation).toMatchObject({
      done: true,
      metadata: {
        '@type': 'type.googleapis.com/google.devtools.artifactregistry.v1.BatchDeleteVersionsMetadata',
      },
    });
    expect(operation.metadata.failedVersions).toBeUndefined();
    expect(await admin.get(`${app.name}/versions`)).toEqual({});
    expect(await admin.get(`${app.name}/tags`)).toEqual({});
  });

  it('says which it could not', async () => {
    const app = new Fixture();
    const { a, b, all } = await app.push();
    const absent = app.version({ ...a, digest: `sha256:${'0'.repeat(64)}` });
    const operation = await app.batchDelete([app.version(a), absent]);
    expect(operation.metadata.failedVersions.sort()).toEqual([app.version(a), absent].sort());
    expect((await admin.get(`${app.name}/versions`)).versions).toHaveLength(3);
    expect((await app.batchDelete([all, b].map(app.version))).metadata.failedVersions).toBeUndefined();
    expect((await admin.get(`${app.name}/versions`)).versions).toHaveLength(1);
  });

  it('deletes nothing when it is only asked', async () => {
    const app = new Fixture();
    const { a, b, all } = await app.push();
    const { metadata } = await app.batchDelete([a, b, all].map(app.version), { validateOnly: true });
    expect(metadata.failedVersions).toBeUndefined();
    const asked = await app.batchDelete([a].map(app.version), { validate_only: true });
    expect(asked.metadata.failedVersions).toEqual([app.version(a)]);
    expect((await admin.get(`${app.name}/versions`)).versions).toHaveLength(3);
    expect((await admin.get(`${app.name}/tags`)).tags).toHaveLength(3);
  });

  it('is refused for versions of another package', async () => {
    const app = new Fixture();
    const { a } = await app.push();
    const other = `${IMAGES}/packages/other/versions/${a.digest}`;
    expect(await admin.refused('POST', `${app.name}/versions:batchDelete`, { names: [other] })).toMatchObject(
      {
        status: 400,
        field: 'names',
      },
    );
  });
});

describe('deleting a package', () => {
  it('takes its versions, tags and files, and nothing of its neighbours', async () => {
    const app = new Fixture();
    const neighbour = new Fixture();
    await app.push();
    const { a } = await neighbour.push();
    const before = (await admin.get(IMAGES)).sizeBytes;
    await admin.ok('DELETE', app.name);
    for (const path of [app.name, `${app.name}/versions`, `${app.name}/tags`])
      expect(await admin.refused('GET', path)).toMatchObject({ status: 404 });
    expect((await app.client.send('GET', 'tags/list')).status).toBe(404);
    const files = (await admin.pages(`${IMAGES}/files?pageSize=1000`, 'files')).items;
    expect(files.filter(({ name }) => name.includes(`${app.name.split('/').at(-1)}%2F`))).toEqual([]);
    expect(Number((await admin.get(IMAGES)).sizeBytes)).toBeLessThan(Number(before));
    expect((await neighbour.client.send('GET', `manifests/${a.digest}`)).status).toBe(200);
    expect(await admin.refused('DELETE', app.name)).toMatchObject({ status: 404 });
  });

  it('of many versions leaves others their turn', async () => {
    const app = new Fixture();
    await app.push();
    const { id, repository_id } = await server.database.read
      .selectFrom('package')
      .select(['id', 'repository_id'])
      .where('name', '=', app.name.split('/').at(-1) ?? '')
      .executeTakeFirstOrThrow();
    await server.database.transaction(async (tx) => {
      for (let at = 0; at < 1200; at += 1)
        await tx
          .insertInto('version')
          .values({
            package_id: id,
            repository_id,
            name: `v${at}`,
            attributes: '{}',
            size: 0,
            created_at: 0,
            updated_at: 0,
          })
          .execute();
    });
    let turns = 0;
    let isRunning = true;
    const turn = (): void => {
      turns += 1;
      if (isRunning) setImmediate(turn);
    };
    setImmediate(turn);
    await admin.ok('DELETE', app.name);
    isRunning = false;
    expect(turns).toBeGreaterThan(1);
    expect(await admin.refused('GET', app.name)).toMatchObject({ status: 404 });
  });
});

describe('deleting a repository', () => {
  it('takes everything in it', async () => {
    await admin.repository('full');
    const app = new Fixture('full');
    await app.push();
    await admin.ok('DELETE', IMAGES.replace(/images$/, 'full'));
    for (const table of ['version', 'package', 'file'] as const) {
      const rows = await server.database.read
        .selectFrom(table)
        .select('id')
        .where('repository_id', 'not in', (kept) => kept.selectFrom('repository').select('id'))
        .execute();
      expect(rows).toEqual([]);
    }
    expect((await app.client.send('GET', 'manifests/a')).status).toBe(404);
  });
});

describe('immutable tags', () => {
  let app: Fixture;
  let a: Descriptor;
  let b: Descriptor;
  let all: Descriptor;
  beforeAll(async () => {
    await admin.repository('fixed', { dockerConfig: { immutableTags: true } });
    app = new Fixture('fixed');
    ({ a, b, all } = await app.push());
  });

  const refused: readonly (readonly [says: string, method: string, path: () => string, body?: () => Json])[] =
    [
      ['move', 'PATCH', () => `${app.tag('a')}?updateMask=version`, () => ({ version: app.version(b) })],
      ['go', 'DELETE', () => app.tag('a')],
      ['lose their version, even by force', 'DELETE', () => `${app.version(all)}?force=true`],
      ['go with their package', 'DELETE', () => app.name],
    ];
  it.each(refused)('do not %s', async (_, method, path, body) => {
    const refusal = await admin.refused(method, path(), body?.());
    expect(refusal).toMatchObject({ status: 400, code: 'FAILED_PRECONDITION', reason: 'IMMUTABLE_TAG' });
    expect((await admin.get(app.tag('a'))).version).toBe(app.version(a));
  });

  it('stop a deletion of several versions', async () => {
    const operation = await app.batchDelete([a, b, all].map(app.version));
    expect(operation.metadata.failedVersions).toHaveLength(3);
  });

  it('may be new, and may be set to what they are', async () => {
    await admin.ok('POST', `${app.name}/tags?tagId=b2`, { version: app.version(b) });
    await admin.ok('PATCH', `${app.tag('b2')}?updateMask=version`, { version: app.version(b) });
  });

  it('go with their repository, and are free again once the repository says so', async () => {
    const repository = IMAGES.replace(/images$/, 'fixed');
    await admin.ok('PATCH', `${repository}?updateMask=dockerConfig.immutableTags`, {});
    await admin.ok('DELETE', app.tag('b2'));
    await admin.ok('PATCH', `${repository}?updateMask=dockerConfig.immutableTags`, {
      dockerConfig: { immutableTags: true },
    });
    await admin.ok('DELETE', repository);
  });
});
