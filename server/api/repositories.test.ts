import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, idOf, type Json, LOCATION, PROJECT } from '../testing/api.ts';
import { HOST, TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start(['--domain', 'registry.example']);
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const creating = (id: string, location = 'us-central1') =>
  `${PROJECT}/locations/${location}/repositories?repositoryId=${id}`;
const outbox = () =>
  server.database.read
    .selectFrom('outbox')
    .select(['name', 'payload'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();

const label = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']));
const policy = (fields: Json) => ({ format: 'DOCKER', cleanupPolicies: { p: fields } });
const uriOn = async (host: string) =>
  (await (await admin.send('GET', `${LOCATION}/repositories/images`, undefined, { host })).json()) as Json;
const filter = (text: string) => `filter=${encodeURIComponent(text)}`;

describe('creating a repository', () => {
  it('answers a finished operation that can be asked for again', async () => {
    const fields = { format: 'DOCKER', description: 'first', labels: { team: 'shop' } };
    const operation = await admin.ok('POST', creating('first'), fields);
    expect(operation.name).toMatch(new RegExp(`^${LOCATION}/operations/[0-9a-f-]{36}$`));
    expect(operation).toMatchObject({
      metadata: { '@type': 'type.googleapis.com/google.devtools.artifactregistry.v1.OperationMetadata' },
      done: true,
      response: {
        '@type': 'type.googleapis.com/google.devtools.artifactregistry.v1.Repository',
        name: `${LOCATION}/repositories/first`,
        ...fields,
        mode: 'STANDARD_REPOSITORY',
      },
    });
    expect(await admin.get(operation.name)).toEqual(operation);
    const { '@type': _, ...repository } = operation.response;
    expect(await admin.get(`${LOCATION}/repositories/first`)).toEqual(repository);
  });

  it('shows its operation to nobody else', async () => {
    const { name } = await admin.ok('POST', creating('private'), { format: 'DOCKER' });
    const owner = new ApiCaller(server, await server.account('owner', [PROJECT]));
    expect(await owner.refused('GET', name)).toMatchObject({ status: 404 });
    expect(await admin.ok('POST', `${name}:cancel`, {})).toEqual({});
    expect(await owner.refused('POST', `${name}:cancel`, {})).toMatchObject({ status: 404 });
  });

  it('is news', async () => {
    await admin.repository('newsworthy');
    const news = await outbox();
    expect(news?.name).toBe('repository.created');
    expect(JSON.parse(news?.payload ?? '')).toMatchObject({ name: `${LOCATION}/repositories/newsworthy` });
  });

  const spellings: readonly (readonly [says: string, body: Json, shown: Json])[] = [
    ['an enum in lower case', { format: 'docker' }, { format: 'DOCKER' }],
    ['an enum by number', { format: 1, mode: 1 }, { format: 'DOCKER', mode: 'STANDARD_REPOSITORY' }],
    [
      'snake case',
      { format: 'DOCKER', docker_config: { immutable_tags: true }, cleanup_policy_dry_run: true },
      { dockerConfig: { immutableTags: true }, cleanupPolicyDryRun: true },
    ],
    ['null for what is absent', { format: 'DOCKER', labels: null, description: null }, { format: 'DOCKER' }],
    [
      'hidden fields of the stock command line',
      { format: 'DOCKER', networkConfig: { prefix: 'x' }, sbomConfig: {} },
      { format: 'DOCKER' },
    ],
    [
      'what the server says itself',
      {
        format: 'DOCKER',
        name: 'else',
        createTime: '2020-01-01T00:00:00Z',
        sizeBytes: '5',
        registryUri: 'x',
      },
      { createTime: '2026-03-01T12:00:00.000Z' },
    ],
    [
      'a key of its own',
      { format: 'DOCKER', kmsKeyName: 'projects/p/locations/us/keyRings/r/cryptoKeys/k' },
      { kmsKeyName: 'projects/p/locations/us/keyRings/r/cryptoKeys/k' },
    ],
  ];
  it.each(spellings)('takes %s', async (says, body, shown) => {
    const id = says.replaceAll(' ', '-').toLowerCase();
    const { response } = await admin.ok('POST', creating(id), body);
    expect(response).toMatchObject({ ...shown, name: `${LOCATION}/repositories/${id}` });
  });

  it('takes its id in snake case, as Terraform writes it', async () => {
    await admin.ok('POST', `${LOCATION}/repositories?repository_id=from-terraform`, { format: 'DOCKER' });
    await admin.get(`${LOCATION}/repositories/from-terraform`);
  });

  it('gives the four Container Registry repositories their own homes', async () => {
    for (const [id, location] of [
      ['gcr.io', 'us'],
      ['us.gcr.io', 'us'],
      ['eu.gcr.io', 'europe'],
      ['asia.gcr.io', 'asia'],
    ] as const) {
      const { response } = await admin.ok('POST', creating(id, location), { format: 'DOCKER' });
      expect(response.registryUri).toBe(`${HOST}/${id}/my-project`);
    }
    expect(await admin.refused('POST', creating('gcr.io'), { format: 'DOCKER' })).toMatchObject({
      status: 400,
      field: 'repository_id',
      message: expect.stringContaining('must be in location us'),
    });
  });

  const refused: readonly (readonly [says: string, id: string, body: Json, words: string])[] = [
    ['no id', '', { format: 'DOCKER' }, 'repository_id must be'],
    ['an id in capitals', 'Upper', { format: 'DOCKER' }, 'repository_id must be'],
    ['an id that starts with a digit', '1st', { format: 'DOCKER' }, 'repository_id must be'],
    ['an id that ends with a hyphen', 'end-', { format: 'DOCKER' }, 'repository_id must be'],
    ['an id of 64 letters', 'a'.repeat(64), { format: 'DOCKER' }, 'repository_id must be'],
    ['no format', 'x', {}, 'repository.format is required; this server has DOCKER'],
    ['a format that is not served', 'x', { format: 'KFP' }, 'KFP repositories are not implemented'],
    [
      'a mode left open that must not be',
      'x',
      { format: 'DOCKER', disallowUnspecifiedMode: true },
      'mode is required',
    ],
    [
      'an upstream of a standard repository',
      'x',
      { format: 'DOCKER', remoteRepositoryConfig: { commonRepository: { uri: 'https://up.example' } } },
      'has no remoteRepositoryConfig',
    ],
    ['too many labels', 'x', { format: 'DOCKER', labels: label(65) }, 'more than 64 labels'],
    ['a label in capitals', 'x', { format: 'DOCKER', labels: { Team: 'x' } }, 'label Team is not valid'],
    ['a label value that is too long', 'x', { format: 'DOCKER', labels: { a: 'v'.repeat(64) } }, 'label a'],
    ['a key that is none', 'x', { format: 'DOCKER', kmsKeyName: 'mine' }, 'kms_key_name must be'],
    ['a long description', 'x', { format: 'DOCKER', description: 'x'.repeat(1025) }, 'longer than 1024'],
    ['a policy without a condition', 'x', policy({ action: 'DELETE' }), 'policy p is missing a condition'],
    [
      'a policy with an empty condition',
      'x',
      policy({ action: 'DELETE', condition: {} }),
      'missing a condition',
    ],
    ['a policy without an action', 'x', policy({ condition: { tagState: 'ANY' } }), 'needs an action'],
    [
      'a policy that deletes the newest',
      'x',
      policy({ action: 'DELETE', mostRecentVersions: { keepCount: 1 } }),
      'only KEEP',
    ],
    ['a policy that keeps none', 'x', policy({ action: 'KEEP', mostRecentVersions: {} }), 'keep_count'],
    [
      'a policy of another name',
      'x',
      policy({ id: 'q', action: 'KEEP', condition: { tagState: 1 } }),
      'its id is q',
    ],
    [
      'tag prefixes of the untagged',
      'x',
      policy({ action: 'KEEP', condition: { tagState: 'untagged', tagPrefixes: ['v'] } }),
      'which no untagged version matches',
    ],
    ['an age that is none', 'x', policy({ action: 'DELETE', condition: { olderThan: '30d' } }), 'older_than'],
    [
      'too many policies',
      'x',
      {
        format: 'DOCKER',
        cleanupPolicies: Object.fromEntries(
          Array.from({ length: 11 }, (_, at) => [
            `p${at}`,
            { action: 'KEEP', condition: { tagState: 'ANY' } },
          ]),
        ),
      },
      'at most 10 policies',
    ],
  ];
  it.each(refused)('refuses %s', async (_, id, body, words) => {
    const refusal = await admin.refused('POST', creating(id), body);
    expect(refusal).toMatchObject({
      status: 400,
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(words),
    });
  });

  it('refuses a name that is taken, a location that is none and a project that is not there', async () => {
    await admin.repository('taken');
    expect(await admin.refused('POST', creating('taken'), { format: 'DOCKER' })).toMatchObject({
      status: 409,
      code: 'ALREADY_EXISTS',
      message: 'the repository already exists',
    });
    expect(await admin.refused('POST', creating('x', 'moon-base1'), { format: 'DOCKER' })).toMatchObject({
      status: 400,
      reason: 'LOCATION_INVALID',
    });
    const nowhere = 'projects/not-there-yet/locations/us/repositories?repositoryId=x';
    expect(await admin.refused('POST', nowhere, { format: 'DOCKER' })).toMatchObject({ status: 404 });
  });

  it('keeps cleanup policies as the stock command line writes them', async () => {
    const { response } = await admin.ok('POST', creating('cleaned'), {
      format: 'DOCKER',
      cleanupPolicies: {
        old: {
          id: 'old',
          action: 'Delete',
          condition: { tagState: 'tagged', tagPrefixes: ['pr-'], olderThan: '2592000.0s' },
        },
        five: { action: 'Keep', mostRecentVersions: { keepCount: 5, packageNamePrefixes: ['team/'] } },
        ten: {
          action: 'KEEP',
          condition: { tag_prefixes: ['v'] },
          most_recent_versions: { keep_count: '10' },
        },
      },
    });
    expect(response.cleanupPolicies).toEqual({
      old: {
        id: 'old',
        action: 'DELETE',
        condition: { tagState: 'TAGGED', tagPrefixes: ['pr-'], olderThan: '2592000s' },
      },
      five: {
        id: 'five',
        action: 'KEEP',
        mostRecentVersions: { keepCount: 5, packageNamePrefixes: ['team/'] },
      },
      ten: {
        id: 'ten',
        action: 'KEEP',
        condition: { tagPrefixes: ['v'] },
        mostRecentVersions: { keepCount: 10 },
      },
    });
  });
});

describe('a repository', () => {
  it('has the address that works for whoever asks', async () => {
    expect((await uriOn(HOST)).registryUri).toBe(`${HOST}/us-central1-docker/my-project/images`);
    expect((await uriOn('registry.example')).registryUri).toBe(
      'us-central1-docker.registry.example/my-project/images',
    );
  });

  it('of a domain-scoped project is written with slashes in addresses and a colon in names', async () => {
    await admin.ok('POST', 'projects', { projectId: 'example.com:team-one' });
    const parent = 'projects/example.com:team-one/locations/us';
    const { response } = await admin.ok('POST', `${parent}/repositories?repositoryId=x`, {
      format: 'DOCKER',
    });
    expect(response.name).toBe(`${parent}/repositories/x`);
    expect(response.registryUri).toBe(`${HOST}/us-docker/example.com/team-one/x`);
    const escaped = parent.replace(':', '%3A');
    expect((await admin.get(`${escaped}/repositories/x`)).name).toBe(`${parent}/repositories/x`);
  });

  it('is gone with its grants when it is deleted', async () => {
    const name = await admin.repository('doomed');
    const holder = await server.account('holder', [name as `projects/${string}`]);
    const operation = await admin.ok('DELETE', name);
    expect(operation).toMatchObject({
      done: true,
      response: { '@type': 'type.googleapis.com/google.protobuf.Empty' },
    });
    expect(await admin.get(operation.name)).toEqual(operation);
    expect(await admin.refused('GET', name)).toMatchObject({ status: 404 });
    expect((await outbox())?.name).toBe('repository.deleted');

    await admin.repository('doomed');
    server.clock.advance(10_000);
    expect(await new ApiCaller(server, holder).refused('GET', name)).toMatchObject({ status: 403 });
    expect(await admin.refused('DELETE', `${LOCATION}/repositories/never`)).toMatchObject({ status: 404 });
  });
});

describe('listing repositories', () => {
  const parent = 'projects/list-project/locations/us';
  beforeAll(async () => {
    await admin.ok('POST', 'projects', { projectId: 'list-project' });
    for (const id of ['beta', 'alpha', 'gamma', 'alpha-2']) {
      server.clock.advance(1000);
      await admin.ok('POST', `${parent}/repositories?repositoryId=${id}`, { format: 'DOCKER' });
    }
    const europe = parent.replace('us', 'europe');
    await admin.ok('POST', `${europe}/repositories?repositoryId=delta`, { format: 'DOCKER' });
    server.clock.advance(1000);
    await admin.ok('PATCH', `${parent}/repositories/beta?updateMask=description`, { description: 'newest' });
  });

  const rows: readonly (readonly [says: string, query: string, ids: readonly string[]])[] = [
    ['by name at first', '', ['alpha', 'alpha-2', 'beta', 'gamma']],
    ['backwards', 'orderBy=name desc', ['gamma', 'beta', 'alpha-2', 'alpha']],
    ['by age', 'orderBy=create_time', ['beta', 'alpha', 'gamma', 'alpha-2']],
    ['by change, in either spelling', 'orderBy=updateTime desc', ['beta', 'alpha-2', 'gamma', 'alpha']],
    ['with a name', filter(`name="${parent}/repositories/beta"`), ['beta']],
    ['with a name in another case', filter(`name="${parent.toUpperCase()}/repositories/BETA"`), ['beta']],
    ['with a name that begins', filter(`name="${parent}/repositories/alpha*"`), ['alpha', 'alpha-2']],
    ['with a name that contains', filter('name="*LPH*"'), ['alpha', 'alpha-2']],
    ['with a name that ends, without quotes', filter('name=*-2'), ['alpha-2']],
    ['with a name nobody has', filter(`name="${parent}/repositories/x*"`), []],
    ['with a name of other parents', filter('name="projects/other/*"'), []],
  ];
  it.each(rows)('answers them %s', async (_, query, ids) => {
    const { items } = await admin.pages(`${parent}/repositories?${query}`, 'repositories');
    expect(items.map(idOf)).toEqual([...ids]);
    const small = await admin.pages(`${parent}/repositories?pageSize=1&${query}`, 'repositories');
    expect(small.items).toEqual([...items]);
  });

  it('answers those of every location', async () => {
    const all = parent.replace('/us', '/-');
    const { items } = await admin.pages(`${all}/repositories?pageSize=2`, 'repositories');
    expect(items.map(idOf)).toEqual(['delta', 'alpha', 'alpha-2', 'beta', 'gamma']);
    const named = await admin.get(`${all}/repositories?${filter('name="*/europe/repositories/d*"')}`);
    expect(named.repositories.map(idOf)).toEqual(['delta']);
    const newest = await admin.get(`${all}/repositories?orderBy=update_time desc&pageSize=1`);
    expect(newest.repositories.map(idOf)).toEqual(['beta']);
  });

  const refused: readonly (readonly [says: string, query: string, field: string])[] = [
    ['a negative page size', 'pageSize=-1', 'page_size'],
    ['a page size that is no number', 'pageSize=many', 'page_size'],
    ['a page token of its own making', 'pageToken=abc.def', 'page_token'],
    ['an order by two fields', 'orderBy=name,create_time', 'order_by'],
    ['an order by an unknown field', 'orderBy=size_bytes', 'order_by'],
    ['a filter by an unknown field', 'filter=format="DOCKER"', 'filter'],
    ['a filter of two comparisons', 'filter=name="a" AND name="b"', 'filter'],
    ['a filter that compares otherwise', 'filter=name>"a"', 'filter'],
    ['a filter without a value', 'filter=name=', 'filter'],
  ];
  it.each(refused)('refuses %s', async (_, query, field) => {
    expect(await admin.refused('GET', `${parent}/repositories?${query}`)).toMatchObject({
      status: 400,
      field,
    });
  });

  it('takes a page token only from whom, and for what, it was given', async () => {
    const { nextPageToken } = await admin.get(`${parent}/repositories?pageSize=1&filter=name%3D*a*`);
    const token = `pageToken=${encodeURIComponent(nextPageToken)}`;
    const same = await admin.get(`${parent}/repositories?${token}&filter=name%3D*a*&pageSize=9`);
    expect(same.repositories).not.toBeEmpty();

    const other = new ApiCaller(server, await server.account('other', ['projects/list-project']));
    for (const [caller, path] of [
      [other, `${parent}/repositories?${token}&filter=name%3D*a*`],
      [admin, `${parent}/repositories?${token}`],
      [admin, `${parent}/repositories?${token}&filter=name%3D*a*&orderBy=name`],
      [admin, `${parent.replace('us', 'europe')}/repositories?${token}&filter=name%3D*a*`],
      [admin, `${parent}/repositories/beta/packages?${token}&filter=name%3D*a*`],
    ] as const)
      expect(await caller.refused('GET', path)).toMatchObject({ status: 400, reason: 'PAGE_TOKEN_INVALID' });
  });

  it('fills pages with what the caller may see', async () => {
    const seen: `projects/${string}`[] = [`${parent}/repositories/beta`, `${parent}/repositories/gamma`];
    const guest = new ApiCaller(server, await server.account('page-guest', seen));
    const { items, pages } = await guest.pages(`${parent}/repositories?pageSize=1`, 'repositories');
    expect(items.map(idOf)).toEqual(['beta', 'gamma']);
    expect(pages).toBeLessThanOrEqual(3);
  });

  it('clamps an overlong page', async () => {
    expect((await admin.get(`${parent}/repositories?pageSize=100000`)).repositories).toHaveLength(4);
  });
});
