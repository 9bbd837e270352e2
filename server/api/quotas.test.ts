import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, type Json, LOCATION } from '../testing/api.ts';
import { GenericClient } from '../testing/generic.ts';
import { GoClient, moduleZip } from '../testing/go.ts';
import { TestServer } from '../testing/harness.ts';
import { jarOf, MavenClient, pathOf } from '../testing/maven.ts';
import { NpmClient, packed, publication } from '../testing/npm.ts';
import { digestOf, freshImage, refusal } from '../testing/oci.ts';
import { fieldsOf, PythonClient, wheel, wheelName } from '../testing/python.ts';

let server: TestServer;
let admin: ApiCaller;
let owner: ApiCaller;
let repoAdmin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  owner = new ApiCaller(server, await server.account('olga', ['projects/my-project']));
  repoAdmin = new ApiCaller(server, await server.account('rita'));
  await server.grant('projects/my-project', 'roles/artifactregistry.admin', 'user:rita');
});
afterAll(() => server[Symbol.asyncDispose]());

let made = 0;
async function limited(quota: Json, format = 'DOCKER'): Promise<string> {
  made += 1;
  const id = `limited${made}`;
  await admin.ok('POST', `${LOCATION}/repositories?repositoryId=${id}`, { format, quota });
  return id;
}
const QUOTA = { maxBytes: '1048576', maxVersions: '10' };

describe('the quota of a repository', () => {
  it('is shown as it was set, and not at all where there is none', async () => {
    const name = `${LOCATION}/repositories/${await limited(QUOTA)}`;
    expect((await admin.get(name)).quota).toEqual(QUOTA);
    const other = `${LOCATION}/repositories/${await limited({ max_bytes: 5 })}`;
    expect((await admin.get(other)).quota).toEqual({ maxBytes: '5' });
    expect(await admin.get(`${LOCATION}/repositories/images`)).not.toHaveProperty('quota');
  });

  const masks: readonly (readonly [says: string, mask: string | undefined, body: Json, after: Json])[] = [
    ['one limit', 'quota.maxBytes', { quota: { maxBytes: '7' } }, { ...QUOTA, maxBytes: '7' }],
    ['in snake case', 'quota.max_versions', { quota: { max_versions: '7' } }, { ...QUOTA, maxVersions: '7' }],
    ['one away', 'quota.maxVersions', {}, { maxBytes: QUOTA.maxBytes }],
    ['all away', 'quota', {}, undefined],
    ['not by clients that know of none', undefined, { description: 'x' }, QUOTA],
    ['not by another field', 'description', { description: 'x' }, QUOTA],
    ['as a whole', undefined, { quota: { maxVersions: '3' } }, { maxVersions: '3' }],
  ];
  it.each(masks)('is changed, %s', async (_, mask, body, after) => {
    const name = `${LOCATION}/repositories/${await limited(QUOTA)}`;
    await admin.ok('PATCH', mask === undefined ? name : `${name}?updateMask=${mask}`, body);
    expect((await admin.get(name)).quota).toEqual(after);
  });

  it.each([
    { maxBytes: '0' },
    { maxBytes: '-1' },
    { maxVersions: 0 },
    { maxBytes: '9223372036854775807' },
    { maxBytes: 1.5 },
    { maxBytes: '10GiB' },
    { bytes: '1' },
  ])('cannot be %p', async (quota) => {
    const refused = await admin.refused('POST', `${LOCATION}/repositories?repositoryId=wrong`, {
      format: 'DOCKER',
      quota,
    });
    expect(refused).toMatchObject({ status: 400, code: 'INVALID_ARGUMENT' });
  });

  it('is none of a virtual repository', async () => {
    const refused = await admin.refused('POST', `${LOCATION}/repositories?repositoryId=virtual`, {
      format: 'DOCKER',
      mode: 'VIRTUAL_REPOSITORY',
      quota: QUOTA,
    });
    expect(refused).toMatchObject({ status: 400, field: 'repository.quota' });
  });

  it('is set by who holds that on the project, and by nobody who only administers repositories', async () => {
    const name = `${LOCATION}/repositories/${await limited(QUOTA)}`;
    const more = { quota: { maxBytes: '2097152' } };

    expect(await repoAdmin.refused('PATCH', `${name}?updateMask=quota.maxBytes`, more)).toMatchObject({
      status: 403,
      message: expect.stringContaining("'entrepot.quotas.update'"),
    });
    expect(
      await repoAdmin.refused('POST', `${LOCATION}/repositories?repositoryId=mine`, {
        format: 'DOCKER',
        ...more,
      }),
    ).toMatchObject({ status: 403 });
    await repoAdmin.ok('PATCH', `${name}?updateMask=description,quota`, { description: 'x', quota: QUOTA });
    await repoAdmin.ok('PATCH', name, { description: 'y' });
    await owner.ok('PATCH', `${name}?updateMask=quota.maxBytes`, more);
    expect((await admin.get(name)).quota).toEqual({ ...QUOTA, ...more.quota });
  });
});

describe('the quota of a project', () => {
  it('is shown and changed like a repository’s, by who holds that on the installation', async () => {
    await admin.ok('POST', 'projects', { projectId: 'limited-1', quota: QUOTA });
    expect((await admin.get('projects/limited-1')).quota).toEqual(QUOTA);
    await server.grant('projects/limited-1', 'roles/owner', 'user:olga');

    expect(
      await owner.refused('PATCH', 'projects/limited-1?updateMask=quota', { quota: { maxBytes: '1' } }),
    ).toMatchObject({ status: 403 });
    await owner.ok('PATCH', 'projects/limited-1', { name: 'Still limited' });
    expect((await admin.get('projects/limited-1')).quota).toEqual(QUOTA);
    await admin.ok('PATCH', 'projects/limited-1?updateMask=quota.maxBytes', {});
    expect((await admin.get('projects/limited-1')).quota).toEqual({ maxVersions: '10' });
    await admin.ok('PATCH', 'projects/limited-1?updateMask=quota', {});
    expect(await admin.get('projects/limited-1')).not.toHaveProperty('quota');
  });

  it('holds for all of its repositories together, and counts once what they share', async () => {
    await admin.ok('POST', 'projects', { projectId: 'limited-2', quota: { maxBytes: '12' } });
    for (const name of ['one', 'two']) await server.repository(name, { project: 'limited-2' });
    const [one, two] = [freshImage(server, 'limited-2/one'), freshImage(server, 'limited-2/two')];

    await one.blob('12345678');
    await two.blob('12345678');
    const refused = await two.send('POST', `blobs/uploads/?digest=${digestOf('abcde')}`, { body: 'abcde' });

    const { message } = await refusal(refused, 403, 'DENIED');
    expect(message).toContain('the project limited-2 may hold 12 bytes in all');
  });
});

const SAID = /quota exceeded: the repository limited\d+ may hold .* Delete what is not needed/;
const MESSAGE = /^quota exceeded: the repository limited\d+ may hold .* Delete what is not needed/;

describe('whoever publishes to a full repository', () => {
  it('is told so by Docker’s clients, and keeps what was there', async () => {
    const image = freshImage(server, `my-project/${await limited({ maxVersions: '1' })}`);
    const first = await image.image('v1');
    const document = await image.document('v2');

    const answer = await image.send('PUT', 'manifests/v2', {
      body: document,
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    });

    const { message, detail } = await refusal(answer, 403, 'DENIED');
    expect(message).toMatch(MESSAGE);
    expect(detail).toMatchObject({ quota: 'versions', limit: '1', used: '1' });
    await image.push('v1-again', await (await image.send('GET', 'manifests/v1')).text());
    expect((await image.send('GET', `manifests/${first.digest}`)).status).toBe(200);
  });

  it('is told so when mounting what another repository has', async () => {
    const from = freshImage(server);
    const { digest } = await from.blob('mounted bytes');
    const image = freshImage(server, `my-project/${await limited({ maxBytes: '5' })}`);

    const answer = await image.send(
      'POST',
      `blobs/uploads/?mount=${digest}&from=${encodeURIComponent(from.name)}`,
    );

    const { message } = await refusal(answer, 403, 'DENIED');
    expect(message).toMatch(MESSAGE);
  });

  it('is told so by npm', async () => {
    const npm = new NpmClient(server, await limited({ maxVersions: '1' }, 'NPM'));
    await npm.publish({ name: 'a', version: '1.0.0' });
    const manifest = { name: 'a', version: '1.0.1' };

    const answer = await npm.put('a', publication(manifest, await packed(manifest)));

    expect(answer.status).toBe(403);
    const body = (await answer.json()) as Json;
    expect(body.error).toMatch(MESSAGE);
    expect(body.reason).toBe('QUOTA_EXCEEDED');
    expect(Object.keys((await npm.json('a')).versions)).toEqual(['1.0.0']);
  });

  it('is told so by twine', async () => {
    const python = new PythonClient(server, await limited({ maxBytes: '10' }, 'PYTHON'));
    const release = { name: 'a', version: '1.0' };
    const bytes = wheel(release);

    const answer = await python.upload(wheelName(release), bytes, fieldsOf(release, bytes));

    expect(answer.status).toBe(403);
    expect(((await answer.json()) as Json).message).toMatch(MESSAGE);
  });

  it('is told so by Maven', async () => {
    const maven = new MavenClient(server, await limited({ maxBytes: '10' }, 'MAVEN'));
    const answer = await maven.put(pathOf({ name: 'a' }), jarOf());
    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(SAID);
    expect((await maven.send('GET', pathOf({ name: 'a' }))).status).toBe(404);
  });

  it('is told so by whoever uploads a Go module', async () => {
    const go = new GoClient(server, await limited({ maxVersions: '1' }, 'GO'));
    const first = { module: 'example.com/a', version: 'v1.0.0' };
    expect((await go.upload(moduleZip(first))).status).toBe(201);
    const answer = await go.upload(moduleZip({ ...first, version: 'v1.0.1' }));
    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(SAID);
    expect(await (await go.send('GET', 'example.com/a/@v/list')).text()).toBe('v1.0.0\n');
  });

  it('is told so by curl', async () => {
    const files = new GenericClient(server, await limited({ maxBytes: '10' }, 'GENERIC'));
    expect((await files.put('tool/1.0/a', '123456')).status).toBe(201);
    const answer = await files.put('tool/1.0/b', '12345');
    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(SAID);
    expect((await files.put('tool/1.0/copy-of-a', '123456')).status).toBe(201);
    expect((await files.put('tool/1.0/c', '1234')).status).toBe(201);
  });

  describe('and announces more than there is room for', () => {
    const LARGE = 'x'.repeat(6 * 1024 * 1024);
    const length = String(LARGE.length);

    it.each([
      ['DOCKER', 'POST', `/v2/us-central1-docker/my-project/ID/app/blobs/uploads/?digest=${digestOf(LARGE)}`],
      ['GENERIC', 'PUT', '/us-central1-generic/my-project/ID/tool/1.0/a'],
      ['MAVEN', 'PUT', '/us-central1-maven/my-project/ID/com/acme/a/1.0/a-1.0.jar'],
    ])('is refused before it is sent: %s', async (format, method, path) => {
      const id = await limited({ maxBytes: '100000' }, format);
      let taken = 0;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(out) {
          taken += 1;
          out.enqueue(new Uint8Array(64 * 1024));
        },
      });

      const answer = await server.send(method, path.replace('ID', id), {
        body,
        headers: { 'content-length': length },
      });

      expect([answer.status, await answer.text()]).toEqual([403, expect.stringMatching(SAID)]);
      expect(taken).toBeLessThan(3);
    });

    it('is refused when a resumable upload begins', async () => {
      const id = await limited({ maxBytes: '100000' }, 'GENERIC');

      const refused = await server.send(
        'POST',
        `/upload/v1/${LOCATION}/repositories/${id}/genericArtifacts:create?uploadType=resumable`,
        {
          body: JSON.stringify({ package_id: 'p', version_id: '1', filename: 'f' }),
          headers: { 'content-type': 'application/json', 'x-upload-content-length': length },
        },
      );

      expect([refused.status, await refused.text()]).toEqual([403, expect.stringMatching(SAID)]);
    });

    it('is taken where it is there already, or may be', async () => {
      const id = await limited({ maxBytes: String(LARGE.length) }, 'GENERIC');
      const files = new GenericClient(server, id);
      expect((await files.put('tool/1.0/a', LARGE)).status).toBe(201);
      expect((await files.put('tool/1.0/a', LARGE)).status).toBe(200);
      expect((await files.put('tool/1.0/copy', LARGE)).status).toBe(201);
      expect((await files.put('tool/1.0/other', LARGE.replace('x', 'y'))).status).toBe(403);
    });
  });

  it('leaves no bytes behind', async () => {
    const python = new PythonClient(server, await limited({ maxBytes: '10' }, 'PYTHON'));
    const release = { name: 'left-behind', version: '1.0' };
    const bytes = wheel(release);
    await python.upload(wheelName(release), bytes, fieldsOf(release, bytes));
    const image = freshImage(server, `my-project/${await limited({ maxBytes: '5' })}`);
    const layer = 'larger than may be';
    const begun = await image.begin();
    const refused = await server.send('PUT', `${begun}?digest=${digestOf(layer)}`, { body: layer });
    await refusal(refused, 403, 'DENIED');

    const objects = await Array.fromAsync(new Bun.Glob('sha256/*/*').scan(server.directory.blobs));
    for (const digest of [digestOf(layer), digestOf(bytes)])
      expect(objects.filter((object) => object.includes(digest.slice('sha256:'.length)))).toEqual([]);
  });
});
