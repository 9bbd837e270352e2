import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { ResourceName } from '../core/iam.ts';
import { type Permission, PERMISSIONS } from '../core/permissions.ts';
import { TestServer } from '../testing/harness.ts';
import { type Descriptor, freshImage, type ImageClient, NOWHERE, refusal } from '../testing/oci.ts';

let server: TestServer;
let image: ImageClient;
let manifest: Descriptor;
beforeAll(async () => {
  server = await TestServer.start();
  image = freshImage(server);
  manifest = await image.image('v1');
});
afterAll(() => server[Symbol.asyncDispose]());

const PLACE = 'us-central1-docker';
/** Every kind of request there is, to an image that is there and to ones that are not. */
const REQUESTS = [
  ['GET', 'manifests/v1'],
  ['HEAD', 'manifests/v1'],
  ['PUT', 'manifests/v1'],
  ['DELETE', 'manifests/v1'],
  ['GET', `blobs/${NOWHERE}`],
  ['DELETE', `blobs/${NOWHERE}`],
  ['POST', 'blobs/uploads/'],
  ['GET', 'blobs/uploads/session'],
  ['PATCH', 'blobs/uploads/session'],
  ['PUT', 'blobs/uploads/session'],
  ['DELETE', 'blobs/uploads/session'],
  ['GET', 'tags/list'],
  ['GET', `referrers/${NOWHERE}`],
  ['GET', '_oci/ext/discover'],
] as const;

/** Everyone who may not, and how they are told. */
const CALLERS = [
  ['nobody', 401],
  ['an account without rights', 403],
  ['a reader of another repository', 403],
  ['a reader of another package', 403],
  ['a reader of another package of every repository', 403],
  ['a disabled account', 401],
  ['an expired token', 401],
] as const;
const callers = new Map<(typeof CALLERS)[number][0], string>();
beforeAll(async () => {
  const role = 'roles/artifactregistry.repoAdmin';
  const repository = 'projects/my-project/locations/us-central1/repositories/images' as const;
  await server.repository('other');
  await server.grant(repository.replace('images', 'other') as ResourceName, role, 'user:reader-elsewhere');
  await server.grantIf(repository, role, 'user:package-reader', 'resource.package == "own"');
  await server.grantIf('projects/my-project', role, 'user:everywhere', 'resource.package == "own"');
  callers
    .set('an account without rights', await server.account('stranger'))
    .set('a reader of another repository', await server.account('reader-elsewhere'))
    .set('a reader of another package', await server.account('package-reader'))
    .set('a reader of another package of every repository', await server.account('everywhere'))
    .set('a disabled account', await server.account('gone', ['/'], { disabled: true }))
    .set('an expired token', await scoped('expired', PERMISSIONS, -1));
});

describe.each(REQUESTS)('%s …/%s', (method, path) => {
  const body = method === 'GET' || method === 'HEAD' ? {} : { body: 'x' };
  /** All of an answer that a caller can tell apart, with the name it asked for taken out. */
  const asked = async (name: string, as: string | null) => {
    const answer = await server.send(method, `/v2/${PLACE}/${name}/${path}`, { ...body, as });
    const text = (await answer.text()) + JSON.stringify(answer.headers.toJSON());
    const [project = '', repository = '', ...rest] = name.split('/');
    const bare = text.replaceAll(name, 'NAME').replaceAll(rest.join('/'), 'IMAGE');
    return {
      status: answer.status,
      text: bare.replaceAll(repository, 'REPO').replaceAll(project, 'PROJECT'),
    };
  };

  test.each(CALLERS)('tells %s the same of what is there and what is not', async (caller, expected) => {
    const as = callers.get(caller) ?? null;
    const known = await asked(image.name.slice(PLACE.length + 1), as);
    expect(known.status).toBe(expected);
    for (const name of ['my-project/images/absent', 'my-project/absent/thing', 'absent/nowhere/thing'])
      expect(await asked(name, as)).toEqual(known);
  });
});

const scoped = async (id: string, permissions: readonly Permission[], lifeMs = 3_600_000) => {
  const secret = `ent_${id}`;
  const hash = new Bun.CryptoHasher('sha256').update(secret).digest('hex');
  await server.tokens.addToken(hash, {
    id,
    kind: 'personal',
    of: 'admin',
    scope: { permissions },
    expiresAt: server.clock.now() + lifeMs,
  });
  return `Bearer ${secret}`;
};

describe('a credential with scopes', () => {
  test('reads and does not write where that is all it may', async () => {
    const as = await scoped('reader', ['artifactregistry.repositories.downloadArtifacts']);

    expect((await image.send('GET', 'manifests/v1', { as })).status).toBe(200);
    for (const [method, path] of [
      ['POST', 'blobs/uploads/'],
      ['DELETE', 'manifests/v1'],
      ['PUT', 'manifests/v1'],
    ] as const)
      await refusal(await image.send(method, path, { as, body: 'x' }), 403, 'DENIED');
  });

  test('writes and does not delete, nor make repositories, where that is all it may', async () => {
    const as = await scoped('writer', [
      'artifactregistry.repositories.downloadArtifacts',
      'artifactregistry.repositories.uploadArtifacts',
    ]);

    expect((await image.send('POST', 'blobs/uploads/', { as, body: '' })).status).toBe(202);
    await refusal(await image.send('DELETE', `manifests/${manifest.digest}`, { as }), 403, 'DENIED');
    await refusal(
      await server.send('POST', '/v2/gcr.io/my-project/x/blobs/uploads/', { as, body: '' }),
      403,
      'DENIED',
    );
  });

  test('mounts nothing from where it may not read', async () => {
    const as = await scoped('blind-writer', ['artifactregistry.repositories.uploadArtifacts']);
    const { digest } = await image.blob('not for the blind');

    const answer = await freshImage(server).send(
      'POST',
      `blobs/uploads/?mount=${digest}&from=${image.name}`,
      { as, body: '' },
    );

    expect(answer.status).toBe(202);
  });
});

describe('a refusal', () => {
  test('names who is refused, what, where, and what to do', async () => {
    const as = await server.account('curious');

    const { message } = await refusal(
      await image.send('PUT', 'manifests/v1', { as, body: '' }),
      403,
      'DENIED',
    );

    expect(message).toBe(
      'Permission "artifactregistry.repositories.uploadArtifacts" denied on resource ' +
        '"projects/my-project/locations/us-central1/repositories/images" (or it may not exist); ' +
        'logged in as user:curious: ask an owner of the project for roles/artifactregistry.writer',
    );
  });

  test('says that it may be for the limits of a token', async () => {
    const as = await scoped('limited', ['artifactregistry.repositories.downloadArtifacts']);

    const { message } = await refusal(await image.send('DELETE', 'manifests/v1', { as }), 403, 'DENIED');

    expect(message).toContain('logged in as user:admin with a token that is limited');
  });

  test('to whoever shows nothing comes with a challenge, and to nobody else', async () => {
    const as = await server.account('known');

    expect((await image.send('GET', 'manifests/v1', { as: null })).headers.has('www-authenticate')).toBe(
      true,
    );
    expect((await image.send('GET', 'manifests/v1', { as })).headers.has('www-authenticate')).toBe(false);
  });

  test('of a wrong credential is 401 also where nobody needs one', async () => {
    const answer = await image.send('GET', 'manifests/v1', { as: 'Bearer wrong' });

    expect(answer.headers.get('www-authenticate')).toStartWith('Bearer realm=');
    await refusal(answer, 401, 'UNAUTHORIZED');
    await refusal(await server.send('GET', '/v2/token', { as: 'Bearer wrong' }), 401, 'UNAUTHORIZED');
  });

  test('of a method says which ones there are', async () => {
    const allowed = async (path: string) =>
      (await image.send('PATCH', path, { body: 'x' })).headers.get('allow');

    expect(await allowed('manifests/v1')).toBe('GET, HEAD, PUT, DELETE');
    expect(await allowed(`blobs/${NOWHERE}`)).toBe('GET, HEAD, DELETE');
    expect(await allowed('tags/list')).toBe('GET, HEAD');
    await refusal(await image.send('PATCH', 'manifests/v1', { body: 'x' }), 405, 'UNSUPPORTED');
  });
});
