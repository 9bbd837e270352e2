import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Json } from '../../testing/api.ts';
import { TestServer } from '../../testing/harness.ts';
import { NpmClient } from '../../testing/npm.ts';

let server: TestServer;
let npm: NpmClient;
let name: string;
let made = 0;
beforeAll(async () => {
  server = await TestServer.start();
  await server.repository('packages', { format: 'NPM' });
  npm = new NpmClient(server, 'packages');
});
afterAll(() => server[Symbol.asyncDispose]());

/** A package with these versions, the last of which is its latest. */
const withVersions = async (...versions: readonly string[]): Promise<string> => {
  made += 1;
  name = `@acme/package-${made}`;
  for (const version of versions) await npm.publish({ name, version });
  return name.replace('/', '%2f');
};
const refused = async (answer: Response): Promise<readonly [number, string]> => [
  answer.status,
  ((await answer.json()) as { error: string }).error,
];
const versionsOf = async (at: string) => Object.keys((await npm.json(at)).versions);
/** What a client reads to send it back changed. */
const packument = (at: string): Promise<Json> => npm.json(`${at}?write=true`);

describe('a tag', () => {
  test.each(['PUT', 'POST'])('is set by %s, moved, read and removed', async (method) => {
    const at = await withVersions('1.0.0', '1.1.0');
    const tags = `-/package/${at}/dist-tags`;

    for (const version of ['1.0.0', '1.1.0'])
      expect((await npm.send(method, `${tags}/stable`, { body: JSON.stringify(version) })).status).toBe(201);
    expect(await npm.json(tags)).toEqual({ latest: '1.1.0', stable: '1.1.0' });
    expect((await npm.json(at))['dist-tags']).toEqual({ latest: '1.1.0', stable: '1.1.0' });
    expect((await npm.send('DELETE', `${tags}/stable`)).status).toBe(200);
    expect(await npm.json(tags)).toEqual({ latest: '1.1.0' });
  });

  test.each([
    ['of a version that is not there', 'stable', '"9.0.0"', 404, 'version not found'],
    ['that is a range', '1.x', '"1.0.0"', 400, 'not a tag'],
    ['of no version', 'stable', '"latest"', 400, 'not a version'],
    ['without a JSON string', 'stable', '1.0.0', 400, 'JSON string'],
    ['with a body that is too long', 'stable', `"${'1'.repeat(5000)}"`, 413, 'larger'],
  ])('%s is not set', async (_, tag, body, status, words) => {
    const at = await withVersions('1.0.0');
    const answer = await npm.send('PUT', `-/package/${at}/dist-tags/${tag}`, { body });

    expect(await refused(answer)).toEqual([status, expect.stringContaining(words)]);
  });

  test.each([
    ['latest', 403, 'every package has it'],
    ['gone', 404, 'has no tag gone'],
  ])('%s is not removed', async (tag, status, words) => {
    const at = await withVersions('1.0.0');
    const answer = await npm.send('DELETE', `-/package/${at}/dist-tags/${tag}`);

    expect(await refused(answer)).toEqual([status, expect.stringContaining(words)]);
  });

  test('of two that are set at once is not lost', async () => {
    const at = await withVersions('1.0.0');
    const tags = Array.from({ length: 8 }, (_, index) => `tag-${index}`);
    await Promise.all(tags.map((tag) => npm.put(`-/package/${at}/dist-tags/${tag}`, '1.0.0')));

    expect(Object.keys(await npm.json(`-/package/${at}/dist-tags`)).sort()).toEqual(['latest', ...tags]);
  });
});

describe('a deprecation', () => {
  test('is said of the versions it was sent of, and taken back', async () => {
    const at = await withVersions('1.0.0', '2.0.0');
    const body = await packument(at);
    body.versions['1.0.0'].deprecated = 'use 2';
    expect((await npm.put(at, body)).status).toBe(201);
    const { versions } = await npm.json(at, { headers: { accept: 'application/vnd.npm.install-v1+json' } });
    expect([versions['1.0.0'].deprecated, versions['2.0.0'].deprecated]).toEqual(['use 2', undefined]);

    body.versions['1.0.0'].deprecated = '';
    expect((await npm.put(at, body)).status).toBe(201);
    expect((await npm.json(at)).versions['1.0.0']).not.toHaveProperty('deprecated');
  });

  test('changes nothing else that is sent with it', async () => {
    const at = await withVersions('1.0.0');
    const before = await packument(at);
    const body = structuredClone(before);
    Object.assign(body.versions['1.0.0'], { deprecated: 'no', dependencies: { evil: '1' }, dist: {} });
    body['dist-tags'] = { latest: '1.0.0', mine: '1.0.0' };
    expect((await npm.put(at, body)).status).toBe(201);

    const { _rev: _changed, ...after } = await npm.json(at);
    const { _rev: _old, ...expected } = before;
    expected.versions['1.0.0'].deprecated = 'no';
    expect(after).toEqual({ ...expected, time: expect.anything() });
  });

  test('of a version that is not there is refused', async () => {
    const at = await withVersions('1.0.0');
    const body = await packument(at);
    body.versions['9.0.0'] = { deprecated: 'no' };

    expect(await refused(await npm.put(at, body))).toEqual([400, expect.stringContaining('9.0.0')]);
  });
});

describe('unpublishing', () => {
  test('takes one version away, as clients do it', async () => {
    const at = await withVersions('1.0.0', '1.1.0');
    const { _rev, ...body } = await packument(at);
    const { tarball } = body.versions['1.1.0'].dist;
    delete body.versions['1.1.0'];
    expect((await npm.put(`${at}/-rev/${_rev}`, { _rev, ...body })).status).toBe(201);
    const path = new URL(tarball).pathname.slice(npm.path.length + 1);
    expect((await npm.send('GET', path)).status).toBe(404);
    expect((await npm.send('DELETE', `${path}/-rev/${await npm.revision(name)}`)).status).toBe(200);

    expect((await npm.json(at))['dist-tags']).toEqual({ latest: '1.0.0' });
    expect(await versionsOf(at)).toEqual(['1.0.0']);
  });

  test('takes everything away', async () => {
    const at = await withVersions('1.0.0', '1.1.0');
    expect((await npm.send('DELETE', `${at}/-rev/${await npm.revision(name)}`)).status).toBe(200);

    expect((await npm.send('GET', at)).status).toBe(404);
    expect((await npm.send('GET', `${name}/-/package-${made}-1.0.0.tgz`)).status).toBe(404);
    expect((await npm.json('-/v1/search?text=acme')).objects).not.toContainEqual(
      expect.objectContaining({ package: expect.objectContaining({ name }) }),
    );
  });

  test('does not take away what came since the client looked', async () => {
    const at = await withVersions('1.0.0', '1.1.0');
    const { _rev, ...body } = await packument(at);
    delete body.versions['1.1.0'];
    await npm.publish({ name, version: '1.2.0' });

    const outdated = [409, expect.stringContaining('changed by somebody else')] as const;
    expect(await refused(await npm.put(`${at}/-rev/${_rev}`, body))).toEqual(outdated);
    expect(await refused(await npm.send('DELETE', `${at}/-rev/${_rev}`))).toEqual(outdated);
    expect(await versionsOf(at)).toEqual(['1.0.0', '1.1.0', '1.2.0']);
  });

  test('is not meant by a document that lacks versions, without a revision', async () => {
    const at = await withVersions('1.0.0', '1.1.0');
    const body = await packument(at);
    delete body.versions['1.1.0'];

    await npm.put(at, body);

    expect(await versionsOf(at)).toEqual(['1.0.0', '1.1.0']);
  });

  test('leaves a published version its tarball', async () => {
    const at = await withVersions('1.0.0');
    const answer = await npm.send(
      'DELETE',
      `${name}/-/package-${made}-1.0.0.tgz/-rev/${await npm.revision(name)}`,
    );

    expect(await refused(answer)).toEqual([400, expect.stringContaining('still published')]);
    expect(await versionsOf(at)).toEqual(['1.0.0']);
  });

  test('is for those who may delete, not for all who may publish', async () => {
    const at = await withVersions('1.0.0', '1.1.0');
    const as = await server.account(`writer-${made}`);
    const on = 'projects/my-project/locations/us-central1/repositories/packages';
    await server.grant(on, 'roles/artifactregistry.writer', `user:writer-${made}`);
    const { _rev, ...body } = await packument(at);
    delete body.versions['1.1.0'];

    expect((await npm.put(`${at}/-rev/${_rev}`, body, { as })).status).toBe(403);
    expect((await npm.send('DELETE', `${at}/-rev/${_rev}`, { as })).status).toBe(403);
    expect(await versionsOf(at)).toEqual(['1.0.0', '1.1.0']);
  });
});

describe('people', () => {
  test('are kept as clients list them, who are told that it gives no right', async () => {
    const at = await withVersions('1.0.0');
    const { _rev, ...body } = await packument(at);
    const maintainers = [{ name: 'ann', email: 'ann@example.com' }];

    const answer = await npm.put(`${at}/-rev/${_rev}`, { _id: name, _rev, maintainers });
    expect([answer.status, answer.headers.get('npm-notice')]).toEqual([
      201,
      expect.stringContaining('IAM policy'),
    ]);
    expect((await npm.put(at, { ...body, maintainers, users: { ann: true } })).status).toBe(201);

    expect(await npm.json(at)).toMatchObject({ maintainers, users: { ann: true } });
    const { objects } = await npm.json(`-/v1/search?text=${name}`);
    const found = objects.find(
      (one: { readonly package: { readonly name: string } }) => one.package.name === name,
    );
    expect(found.package.maintainers).toEqual([{ username: 'ann', email: 'ann@example.com' }]);
  });

  test('are not kept of a package that is not there', async () => {
    const answer = await npm.put('nowhere', { _id: 'nowhere', name: 'nowhere', users: { ann: true } });

    expect(answer.status).toBe(404);
    expect((await npm.send('GET', 'nowhere')).status).toBe(404);
  });
});

describe('a grant for one scope', () => {
  test('is good for its packages, and shows nothing else', async () => {
    await npm.publish({ name: '@own/a', more: { description: 'narrowly' } });
    await npm.publish({ name: '@other/a', more: { description: 'narrowly' } });
    const on = 'projects/my-project/locations/us-central1/repositories/packages';
    await server.grantIf(
      on,
      'roles/artifactregistry.writer',
      'user:narrow',
      'resource.package.startsWith("@own/")',
    );
    const as = await server.account('narrow');

    for (const path of ['', '/1.0.0', '/-/a-1.0.0.tgz']) {
      expect((await npm.send('GET', `@own%2fa${path}`, { as })).status).toBe(200);
      expect((await npm.send('GET', `@other/a${path}`, { as })).status).toBe(403);
    }
    expect((await npm.put('-/package/@own%2fa/dist-tags/x1-y', '1.0.0', { as })).status).toBe(201);
    expect((await npm.put('-/package/@other%2fa/dist-tags/x1-y', '1.0.0', { as })).status).toBe(403);
    const { objects } = await npm.json('-/v1/search?text=narrowly', { as });
    expect(objects.map((each: Json) => each.package.name)).toEqual(['@own/a']);
  });
});
