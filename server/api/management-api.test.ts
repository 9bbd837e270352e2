import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, IMAGES, LOCATION, PROJECT, refusalOf } from '../testing/api.ts';
import { basic, ADMIN_PASSWORD, type Send, TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
const sameWords = (text: string) => text.replaceAll(/absent-project|my-project|absent|images/g, '…');
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

describe('the addresses of the management API', () => {
  const rows: readonly (readonly [says: string, path: string])[] = [
    ['v1', `/v1/${IMAGES}`],
    ['v1beta2, as an older name', `/v1beta2/${IMAGES}`],
    ['v1beta1, as an older name', `/v1beta1/${IMAGES}`],
    ['a slash at the end', `/v1/${IMAGES}/`],
    ['an escaped letter', `/v1/${IMAGES.replace('images', '%69mages')}`],
    ['an id that was escaped twice, as some clients do', `/v1/${IMAGES.replace('images', '%2569mages')}`],
    [
      'the standard parameters of every Google API',
      `/v1/${IMAGES}?alt=json&$.xgafv=2&key=k&quotaUser=q&$alt=json`,
    ],
  ];
  it.each(rows)('answer with %s', async (_, path) => {
    const answer = await server.send('GET', path);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ name: IMAGES });
  });

  const refused: readonly (readonly [
    says: string,
    method: string,
    path: string,
    status: number,
    reason: string,
  ])[] = [
    ['an unknown collection', 'GET', `/v1/${IMAGES}/nothing`, 404, 'METHOD_NOT_FOUND'],
    ['an unknown root', 'GET', '/v1/', 404, 'METHOD_NOT_FOUND'],
    ['an unknown custom method', 'POST', `/v1/${IMAGES}:explode`, 405, 'METHOD_NOT_ALLOWED'],
    ['another HTTP method', 'PUT', `/v1/${IMAGES}`, 405, 'METHOD_NOT_ALLOWED'],
    ['HEAD', 'HEAD', `/v1/${IMAGES}`, 405, 'METHOD_NOT_ALLOWED'],
    ['a slash inside a project', 'GET', '/v1/projects/my-project%2Flocations', 400, 'NAME_INVALID'],
    [
      'a slash inside a project that is escaped twice',
      'GET',
      '/v1/projects/my-project%252Fx',
      400,
      'NAME_INVALID',
    ],
    ['an empty segment', 'GET', '/v1/projects//locations/us', 400, 'NAME_INVALID'],
    ['a control character', 'GET', '/v1/projects/my%00project', 400, 'NAME_INVALID'],
    ['a backslash', 'GET', '/v1/projects/my%5Cproject', 400, 'NAME_INVALID'],
    ['dots that hide in a package', 'GET', `/v1/${IMAGES}/packages/a%2F..%2Fb`, 400, 'NAME_INVALID'],
    ['bytes that are no text', 'GET', '/v1/projects/%ff', 400, 'NAME_INVALID'],
    ['an overlong part', 'GET', `/v1/projects/${'p'.repeat(256)}`, 400, 'NAME_INVALID'],
    ['an overlong path', 'GET', `/v1/${IMAGES}/files/${'a%2F'.repeat(2200)}a`, 414, 'URI_TOO_LONG'],
  ];
  it.each(refused)('refuse %s', async (_, method, path, status, reason) => {
    const answer = await server.send(method, path);
    expect(answer.status).toBe(status);
    if (method !== 'HEAD') expect(await refusalOf(answer)).toMatchObject({ reason });
  });

  it('say which methods there are where one is not', async () => {
    const answer = await server.send('PUT', `/v1/${IMAGES}`);
    expect(answer.headers.get('allow')?.split(', ').sort()).toEqual(['DELETE', 'GET', 'PATCH']);
  });
});

describe('callers of the management API', () => {
  it('are asked who they are when they are nobody', async () => {
    const answer = await server.send('GET', `/v1/${IMAGES}`, { as: null });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await refusalOf(answer)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });

  it('are refused with a credential that is not good', async () => {
    const answer = await server.send('GET', `/v1/${IMAGES}`, { as: 'Bearer nonsense' });
    expect(answer.status).toBe(401);
  });

  it('may use user name and password', async () => {
    const answer = await server.send('GET', `/v1/${IMAGES}`, { as: basic('admin', ADMIN_PASSWORD) });
    expect(answer.status).toBe(200);
  });

  it('cannot tell what they may not see from what is not there', async () => {
    const stranger = new ApiCaller(server, await server.account('stranger'));
    for (const [method, there, nowhere] of [
      ['GET', IMAGES, `${LOCATION}/repositories/absent`],
      ['GET', `${IMAGES}/packages`, `${LOCATION}/repositories/absent/packages`],
      ['DELETE', IMAGES, `${LOCATION}/repositories/absent`],
      ['GET', `${LOCATION}/repositories`, 'projects/absent-project/locations/us-central1/repositories'],
      ['GET', PROJECT, 'projects/absent-project'],
    ] as const) {
      const seen = await stranger.refused(method, there);
      const unseen = await stranger.refused(method, nowhere);
      expect(seen).toMatchObject({ status: 403, code: 'PERMISSION_DENIED', reason: 'IAM_PERMISSION_DENIED' });
      expect({ ...seen, message: sameWords(seen.message) }).toEqual({
        ...unseen,
        message: sameWords(unseen.message),
      });
    }
  });

  it('read a refusal in Google’s own words', async () => {
    const stranger = new ApiCaller(server, await server.account('somebody'));
    const { message } = await stranger.refused('GET', IMAGES);
    expect(message).toBe(
      `Permission 'artifactregistry.repositories.get' denied on resource '//artifactregistry.googleapis.com/${IMAGES}' (or it may not exist). You are logged in as user:somebody.`,
    );
  });

  it('are refused before their request is read', async () => {
    const stranger = new ApiCaller(server, await server.account('nosy'));
    const { status } = await stranger.refused('POST', `${LOCATION}/repositories?nonsense=1`, '{"broken');
    expect(status).toBe(403);
  });

  it('who may see a parent read that a child is not there', async () => {
    expect(await admin.refused('GET', `${LOCATION}/repositories/absent`)).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
      message: `Requested entity was not found: ${LOCATION}/repositories/absent`,
    });
  });

  it('see only the repositories they were given', async () => {
    await admin.repository('theirs');
    const guest = new ApiCaller(server, await server.account('guest', [`${LOCATION}/repositories/theirs`]));
    const { repositories } = await guest.get(`${LOCATION}/repositories`);
    expect(repositories.map((row: { name: string }) => row.name)).toEqual([
      `${LOCATION}/repositories/theirs`,
    ]);
    await guest.get(`${LOCATION}/repositories/theirs`);
    expect(await guest.refused('GET', IMAGES)).toMatchObject({ status: 403 });
  });
});

describe('a request of the management API', () => {
  const path = `${LOCATION}/repositories?repositoryId=never`;
  const json = { 'content-type': 'application/json' };
  const rows: readonly (readonly [
    says: string,
    body: string,
    headers: Send['headers'],
    status: number,
    words: string,
  ])[] = [
    ['that is no JSON', '{"format"', json, 400, 'Invalid JSON payload received.'],
    ['that is no message', '[]', json, 400, 'Root element must be a message.'],
    ['with an unknown field', '{"x":1}', json, 400, `Unknown name "x" at 'repository': Cannot find field.`],
    [
      'with an unknown field deep inside',
      '{"docker_config":{"x":1}}',
      json,
      400,
      `Unknown name "x" at 'repository.docker_config': Cannot find field.`,
    ],
    [
      'with a field of another type',
      '{"description":5}',
      json,
      400,
      `Invalid value at 'repository.description' (TYPE_STRING), 5`,
    ],
    [
      'with an unknown enum name',
      '{"format":"NOPE"}',
      json,
      400,
      `Invalid value at 'repository.format' (type.googleapis.com/google.devtools.artifactregistry.v1.Repository.Format), "NOPE"`,
    ],
    ['that says a thing twice', '{"format":"DOCKER","format":"NPM"}', json, 400, 'twice'],
    ['that is nested too deep', `${'['.repeat(65)}${']'.repeat(65)}`, json, 400, 'nested'],
    [
      'that is too long',
      `{"description":"${'x'.repeat(1024 * 1024)}"}`,
      json,
      413,
      'larger than 1048576 bytes',
    ],
    [
      'that is a form',
      'format=DOCKER',
      { 'content-type': 'application/x-www-form-urlencoded' },
      400,
      'application/json',
    ],
    ['that is compressed', '{}', { ...json, 'content-encoding': 'gzip' }, 400, 'compressed'],
  ];
  it.each(rows)('%s is refused', async (_, body, headers, status, words) => {
    const refusal = await admin.refused('POST', path, body, { headers: { ...headers } });
    expect(refusal).toMatchObject({ status, message: expect.stringContaining(words) });
  });

  it('with an unknown parameter is refused in Google’s own words', async () => {
    const { message, status } = await admin.refused('GET', `${IMAGES}?colour=red`);
    expect(status).toBe(400);
    expect(message).toBe(
      `Invalid JSON payload received. Unknown name "colour": Cannot bind query parameter. Field 'colour' could not be found in request message.`,
    );
  });

  it('may leave out the body of a method that needs none', async () => {
    const service = `${PROJECT}/services/artifactregistry.googleapis.com`;
    await admin.ok('POST', `${service}:enable`);
  });

  it('never sets what every object inherits', async () => {
    const refusal = await admin.refused('POST', path, '{"__proto__":{"format":"DOCKER"},"constructor":1}');
    expect(refusal.message).toContain('Unknown name "__proto__"');
    expect(({} as { format?: string }).format).toBeUndefined();
  });
});

describe('an answer of the management API', () => {
  it('is small unless it is asked to be pretty', async () => {
    const small = await (await admin.send('GET', IMAGES)).text();
    const pretty = await (await admin.send('GET', `${IMAGES}?prettyPrint=true`)).text();
    expect(small).not.toContain('\n');
    expect(pretty).toContain('\n  "name"');
    expect(JSON.parse(pretty)).toEqual(JSON.parse(small));
  });

  it('keeps only the fields that were asked for', async () => {
    expect(await admin.get(`${IMAGES}?fields=name,mode`)).toEqual({
      name: IMAGES,
      mode: 'STANDARD_REPOSITORY',
    });
    const list = await admin.get(
      `${LOCATION}/repositories?pageSize=1&fields=repositories(name),nextPageToken`,
    );
    expect(list.repositories).toEqual([{ name: IMAGES }]);
    expect(await admin.refused('GET', `${IMAGES}?fields=name(`)).toMatchObject({
      status: 400,
      field: 'fields',
    });
  });

  it('is JSON and nothing else', async () => {
    expect(await admin.refused('GET', `${IMAGES}?alt=proto`)).toMatchObject({ status: 400, field: 'alt' });
    const answer = await admin.send('GET', IMAGES);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=UTF-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('says nothing of a failure of ours but where the log has it', async () => {
    await server.database.transaction((tx) =>
      tx.updateTable('repository').set({ labels: 'not json' }).where('name', '=', 'theirs').execute(),
    );
    const refusal = await admin.refused('GET', `${LOCATION}/repositories/theirs`);
    expect(refusal).toMatchObject({ status: 500, code: 'INTERNAL', reason: 'INTERNAL' });
    expect(refusal.message).toMatch(/^internal error; the server's log has it as [0-9a-f-]{36}$/);
  });
});
