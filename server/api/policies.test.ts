import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, IMAGES, type Json, LOCATION, PROJECT } from '../testing/api.ts';
import { ADMIN_PASSWORD, basic, TestServer } from '../testing/harness.ts';

const READER = 'roles/artifactregistry.reader';
const WRITER = 'roles/artifactregistry.writer';
const ANN = 'user:ann@example.com';
const MINE = { expression: "resource.tag == 'v1'", title: 'only v1' };

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  await server.account('ann@example.com');
  await server.account('bob');
  await server.database.transaction(async (tx) => {
    const times = { created_at: 0, updated_at: 0 };
    await tx
      .insertInto('account_group')
      .values({ id: 'web', uid: '1', ...times })
      .execute();
    await tx
      .insertInto('account')
      .values({
        id: 'ci@my-project.iam.gserviceaccount.com',
        uid: '2',
        kind: 'service-account',
        project: 'my-project',
        password_hash: null,
        ...times,
      })
      .execute();
    await tx
      .insertInto('workload_pool')
      .values({ project: 'my-project', id: 'github', ...times })
      .execute();
  });
});
afterAll(() => server[Symbol.asyncDispose]());

let made = 0;
/** A repository of its own for each test. */
async function place(): Promise<string> {
  made += 1;
  await server.repository(`place-${made}`);
  return `${LOCATION}/repositories/place-${made}`;
}
const get = (name: string, version = 3): Promise<Json> =>
  admin.get(`${name}:getIamPolicy?options.requestedPolicyVersion=${version}`);
const set = (name: string, policy: Json, more: Json = {}): Promise<Json> =>
  admin.ok('POST', `${name}:setIamPolicy`, { policy, ...more });
const refused = (name: string, policy: Json, more: Json = {}) =>
  admin.refused('POST', `${name}:setIamPolicy`, { policy, ...more });
const binding = (members: readonly string[], role = READER, condition?: object) => ({
  role,
  members,
  ...(condition && { condition }),
});

describe('a policy', () => {
  it('is empty at first, and then what was set', async () => {
    const name = await place();
    expect(await admin.get(`${name}:getIamPolicy`)).toEqual({ etag: 'ACAB' });
    const bindings = [binding([ANN, 'user:bob']), binding(['group:web'], WRITER)];
    const policy = await set(name, { bindings });
    expect(policy).toEqual({ version: 1, bindings, etag: expect.stringMatching(/^[\w+/]{11}=$/) });
    expect(await admin.get(`${name}:getIamPolicy`)).toEqual(policy);
    expect(await admin.ok('POST', `${name}:getIamPolicy`, {})).toEqual(policy);
    expect(await set(name, { etag: policy.etag })).toEqual({ version: 1, etag: expect.any(String) });
  });

  it('echoes its bindings in their order, merged by role and condition', async () => {
    const name = await place();
    const { bindings } = await set(name, {
      version: 3,
      bindings: [
        binding(['user:bob'], WRITER),
        binding([ANN], READER, MINE),
        binding([ANN, 'user:bob', ANN]),
        binding([]),
        binding([ANN, 'user:bob'], WRITER),
      ],
    });
    expect(bindings).toEqual([
      binding(['user:bob', ANN], WRITER),
      binding([ANN], READER, MINE),
      binding([ANN, 'user:bob']),
    ]);
  });

  it('decides at once, on connections that are open', async () => {
    const name = await place();
    const bob = new ApiCaller(server, basic('bob', "bob's password"));
    expect((await bob.refused('GET', name)).status).toBe(403);
    const { etag } = await set(name, { bindings: [binding(['user:bob'])] });
    expect(await bob.get(name)).toMatchObject({ name });
    await set(name, { etag });
    expect((await bob.refused('GET', name)).status).toBe(403);
  });

  it.each([
    ['projects', PROJECT, 'v1'],
    ['projects of v3', PROJECT, 'v3'],
    ['service accounts', `${PROJECT}/serviceAccounts/ci@my-project.iam.gserviceaccount.com`, 'v1'],
    [
      'service accounts of any project',
      'projects/-/serviceAccounts/ci@my-project.iam.gserviceaccount.com',
      'v1',
    ],
    ['the installation', 'organizations/entrepot', 'v1'],
    ['the installation in v3', 'organizations/entrepot', 'v3'],
  ])('is there for %s', async (_, name, version) => {
    const call = async (method: string, verb: string, body?: object): Promise<Json> => {
      const answer = await server.send(method, `/${version}/${name}:${verb}`, {
        headers: { 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      expect({ status: answer.status, text: await answer.clone().text() }).toMatchObject({ status: 200 });
      return answer.json();
    };
    const before = await call('POST', 'getIamPolicy', { options: { requestedPolicyVersion: 3 } });
    expect(await call('GET', 'getIamPolicy')).toEqual(before);
    const bindings = [...(before.bindings ?? []), binding(['user:bob'], 'roles/iam.roleViewer')];
    const after = await call('POST', 'setIamPolicy', { policy: { ...before, bindings } });
    expect(after.bindings).toEqual(bindings);
    await call('POST', 'setIamPolicy', { policy: { ...after, bindings: before.bindings ?? [] } });
  });

  it.each([`${LOCATION}/repositories/none`, 'projects/none', `${PROJECT}/serviceAccounts/x@y.z`])(
    'of %s is not found',
    async (name) => {
      expect((await admin.refused('GET', `${name}:getIamPolicy`)).status).toBe(404);
      expect((await refused(name, {})).status).toBe(404);
    },
  );

  it('is written to the audit log with what it gave and took', async () => {
    const name = await place();
    const { etag } = await set(name, { bindings: [binding([ANN, 'user:bob'])] });
    await set(name, { etag, bindings: [binding([ANN]), binding(['group:web'], WRITER)] });
    const { response, method } = await server.database.read
      .selectFrom('audit_entry')
      .selectAll()
      .where('resource', '=', name)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
    expect(method).toEndWith('SetIamPolicy');
    expect(JSON.parse(response ?? '')).toMatchObject({
      policyDelta: {
        bindingDeltas: [
          { action: 'ADD', role: WRITER, member: 'group:web' },
          { action: 'REMOVE', role: READER, member: 'user:bob' },
        ],
      },
    });
  });
});

describe('an etag', () => {
  it('must be the current one', async () => {
    const name = await place();
    const first = await set(name, { etag: 'ACAB', bindings: [binding([ANN])] });
    const second = await set(name, { etag: first.etag, bindings: [binding(['user:bob'])] });
    expect(await refused(name, { etag: first.etag, bindings: [] })).toMatchObject({
      status: 409,
      code: 'ABORTED',
      message: expect.stringContaining('There were concurrent policy changes. Please retry the whole'),
    });
    expect(await refused(name, { etag: 'ACAB' })).toMatchObject({ status: 409 });
    expect(await refused(name, { etag: '§' })).toMatchObject({ status: 400, field: 'policy.etag' });
    expect(await get(name)).toEqual(second);
  });

  it('may be missing only while there is no policy', async () => {
    const name = await place();
    await set(name, { bindings: [binding([ANN])] });
    expect(await refused(name, { bindings: [] })).toMatchObject({
      status: 400,
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('Send the one that getIamPolicy answered'),
    });
  });

  it('lets one of several at once through', async () => {
    const name = await place();
    const { etag } = await set(name, { bindings: [binding([ANN])] });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        admin.send('POST', `${name}:setIamPolicy`, {
          policy: { etag, bindings: [binding([ANN], at % 2 === 0 ? READER : WRITER)] },
        }),
      ),
    );
    expect(answers.map(({ status }) => String(status)).sort()).toEqual([
      '200',
      ...Array<string>(7).fill('409'),
    ]);
  });

  it('of a repository is no good for another of the same name', async () => {
    const name = await place();
    const { etag } = await set(name, { bindings: [binding([ANN])] });
    await admin.ok('DELETE', name);
    await server.repository(name.slice(name.lastIndexOf('/') + 1));
    expect(await get(name)).toEqual({ etag: 'ACAB' });
    expect(await refused(name, { etag })).toMatchObject({ status: 409 });
  });
});

describe('conditions', () => {
  it('are for those who know of them', async () => {
    const name = await place();
    const bindings = [binding([ANN], READER, MINE), binding(['user:bob'])];
    expect(await refused(name, { bindings })).toMatchObject({ status: 400, field: 'policy.version' });
    expect(await refused(name, { version: 1, bindings })).toMatchObject({ status: 400 });
    const policy = await set(name, { version: 3, bindings });
    expect(policy).toMatchObject({ version: 3, bindings });

    for (const version of [0, 1]) {
      const old = await get(name, version);
      expect(old).toEqual({
        version: 1,
        etag: policy.etag,
        bindings: [
          binding([ANN], expect.stringMatching(/^roles\/artifactregistry\.reader_withcond_[0-9a-f]{20}$/)),
          binding(['user:bob']),
        ],
      });
      expect(await refused(name, { ...old, version })).toMatchObject({
        status: 400,
        field: 'policy.version',
      });
      expect(await refused(name, { ...old, version: 3 })).toMatchObject({
        status: 400,
        message: expect.stringContaining('is not supported for this resource'),
      });
    }
    expect(await set(name, { version: 3, etag: policy.etag })).toEqual({
      version: 1,
      etag: expect.any(String),
    });
  });

  it.each([2, 4, -1])('know no version %i', async (version) => {
    expect(
      await admin.refused('GET', `${IMAGES}:getIamPolicy?options.requestedPolicyVersion=${version}`),
    ).toMatchObject({ status: 400 });
    expect(await refused(IMAGES, { version })).toMatchObject({ status: 400, field: 'policy.version' });
  });

  const wrong: readonly (readonly [says: string, condition: Json, message: string])[] = [
    ['is not CEL', { expression: 'resource.name ==', title: 't' }, 'condition'],
    ['asks for what there is not', { expression: "resource.nam == 'x'", title: 't' }, 'condition'],
    ['comes to no yes or no', { expression: 'resource.name', title: 't' }, 'true or false'],
    ['loops', { expression: '[1].all(x, [2].all(y, x < y))', title: 't' }, 'condition'],
    ['is too long', { expression: `resource.name == '${'x'.repeat(5_000)}'`, title: 't' }, 'bytes'],
    ['has no title', { expression: 'true' }, 'needs a title'],
    ['has a long title', { expression: 'true', title: 'x'.repeat(101) }, 'at most 100 characters'],
    [
      'has a long description',
      { expression: 'true', title: 't', description: 'x'.repeat(257) },
      'at most 256',
    ],
    ['has no expression', { title: 't' }, 'needs an expression'],
    ['is blank', { expression: ' ', title: 't' }, 'needs an expression'],
  ];
  it.each(wrong)('that %s are refused', async (_, condition, message) => {
    expect(
      await refused(IMAGES, { version: 3, bindings: [binding([ANN], READER, condition)] }),
    ).toMatchObject({
      status: 400,
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(new RegExp(message, 'i')),
    });
    expect(await get(IMAGES)).toEqual({ etag: 'ACAB' });
  });
});

describe('members', () => {
  const number = 100_000_000_001;
  const pool = `iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/github`;
  it.each([
    ANN,
    'group:web',
    'serviceAccount:ci@my-project.iam.gserviceaccount.com',
    'domain:example.com',
    'allUsers',
    'allAuthenticatedUsers',
    `principal://${pool}/subject/repo:org/name:ref:refs/heads/main`,
    `principalSet://${pool}/group/team`,
    `principalSet://${pool}/attribute.repository/org/name`,
    `principalSet://${pool}/*`,
    'deleted:user:eve@example.com?uid=123456789012345678901',
    'deleted:serviceAccount:x@p.iam.gserviceaccount.com?uid=1',
    'projectOwner:my-project',
  ])('may be %s', async (member) => {
    const { projectNumber } = await admin.get(PROJECT);
    const written = member.replace(String(number), projectNumber);
    expect(await set(await place(), { bindings: [binding([written])] })).toMatchObject({
      bindings: [{ members: [written] }],
    });
  });

  const wrong: readonly (readonly [member: string, says: string])[] = [
    ['ann@example.com', 'of an unknown type. Please set a valid type prefix'],
    ['people:ann', 'of an unknown type'],
    ['', 'of an unknown type'],
    ['user:', 'not well formed'],
    ['user: ann', 'not well formed'],
    ['user:ann\u0000', 'not well formed'],
    ['user:eve', 'User eve does not exist.'],
    ['user:ci@my-project.iam.gserviceaccount.com', 'does not exist'],
    ['serviceAccount:ann@example.com', 'Service account ann@example.com does not exist.'],
    ['group:none', 'Group none does not exist.'],
    ['domain:no_domain', 'not well formed'],
    ['allusers', 'of an unknown type'],
    [
      'principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/none/subject/x',
      'Pool does not',
    ],
    ['principal://example.com/subject/x', 'not well formed'],
    [
      'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/x/all',
      'not well formed',
    ],
    ['deleted:user:eve', 'not well formed'],
    ['projectOwner:other-project', 'of another project'],
    [`user:${'x'.repeat(2_000)}`, 'not well formed'],
  ];
  it.each(wrong)('may not be %#', async (member, says) => {
    expect(await refused(IMAGES, { bindings: [binding([member])] })).toMatchObject({
      status: 400,
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(says),
    });
  });

  it('that are gone meanwhile do not keep others from being changed', async () => {
    const name = await place();
    await server.account('leaver');
    const { etag } = await set(name, { bindings: [binding(['user:leaver'])] });
    await server.database.transaction((tx) => tx.deleteFrom('account').where('id', '=', 'leaver').execute());
    await set(name, { etag, bindings: [binding(['user:leaver', ANN])] });
  });
});

const many = (count: number, of: (at: number) => string) => Array.from({ length: count }, (_, at) => of(at));

describe('a policy is refused', () => {
  it('with a role that is not there, or of another project', async () => {
    for (const role of ['roles/none', 'reader', '', 'projects/other/roles/x', 'roles/owner_withcond_0'])
      expect(await refused(IMAGES, { bindings: [binding([ANN], role)] })).toMatchObject({
        status: 400,
        message: `Role ${role} is not supported for this resource.`,
      });
  });

  it('when it is too large', async () => {
    const members = many(1_501, (at) => `deleted:user:u${at}?uid=${at}`);
    expect((await refused(IMAGES, { bindings: [binding(members)] })).message).toContain('1501 members');
    const groups = many(251, (at) => `group:g${at}`);
    expect((await refused(IMAGES, { bindings: [binding(groups)] })).message).toContain('251 groups');
    const long = many(200, (at) => `deleted:user:${'x'.repeat(400)}${at}?uid=${at}`);
    expect((await refused(IMAGES, { bindings: [binding(long)] })).message).toContain('65536 are possible');
    const bindings = Array.from({ length: 101 }, (_, at) => ({
      ...binding(['user:ann']),
      condition: { title: 'often', expression: `resource.name != "${at}"` },
    }));
    expect((await refused(IMAGES, { version: 3, bindings })).message).toContain('101 conditional bindings');
    expect(await refused(IMAGES, { bindings: [binding([`user:${'x'.repeat(2 ** 20)}`])] })).toMatchObject({
      status: 413,
    });
  });

  it('with fields that no policy has', async () => {
    expect(await refused(IMAGES, { binding: [] })).toMatchObject({ status: 400 });
    expect(await refused(IMAGES, {}, { updateMask: 'rules' })).toMatchObject({ status: 400 });
  });
});

describe('audit configs', () => {
  const configs = [
    {
      service: 'artifactregistry.googleapis.com',
      auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers: [ANN] }, { logType: 'DATA_WRITE' }],
    },
  ];

  it('are a part of the policies of projects that a mask leaves alone', async () => {
    const { etag: first } = await get(PROJECT);
    const { etag } = await set(PROJECT, { etag: first, bindings: [binding([ANN])], auditConfigs: configs });
    const kept = await set(PROJECT, { etag, bindings: [] }, { updateMask: 'bindings,etag' });
    expect(kept).toEqual({ version: 1, auditConfigs: configs, etag: expect.any(String) });
    const same = await set(PROJECT, { etag: kept.etag, bindings: [binding([ANN])] });
    expect(same).toMatchObject({ auditConfigs: configs });
    const none = await set(PROJECT, { etag: same.etag }, { updateMask: 'audit_configs' });
    expect(none).toEqual({ version: 1, bindings: [binding([ANN])], etag: expect.any(String) });
  });

  it('are refused where they mean nothing', async () => {
    expect((await refused(IMAGES, { auditConfigs: configs })).message).toContain(
      'belong into the policy of a project',
    );
    for (const wrong of [
      { service: 'x' },
      { service: 'allServices', auditLogConfigs: [{}] },
      { service: 'allServices', auditLogConfigs: [{ logType: 'EVERYTHING' }] },
      { service: 'allServices', auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers: ['eve'] }] },
    ]) {
      const { etag } = await get(PROJECT);
      expect(await refused(PROJECT, { etag, auditConfigs: [wrong] })).toMatchObject({ status: 400 });
    }
  });
});

describe('testing permissions', () => {
  const DOWNLOAD = 'artifactregistry.repositories.downloadArtifacts';
  const UPLOAD = 'artifactregistry.repositories.uploadArtifacts';
  it('answers those that the caller holds, of a resource that may not be there', async () => {
    const name = await place();
    await server.grant(name as 'projects/x', READER, 'user:bob');
    const bob = new ApiCaller(server, basic('bob', "bob's password"));
    const test = (on: string, permissions: readonly string[], who = bob) =>
      who.ok('POST', `${on}:testIamPermissions`, { permissions });
    expect(await test(name, [UPLOAD, DOWNLOAD, DOWNLOAD])).toEqual({ permissions: [DOWNLOAD] });
    expect(await test(`${LOCATION}/repositories/none`, [DOWNLOAD])).toEqual({});
    expect(await test(name, [UPLOAD, DOWNLOAD], admin)).toEqual({ permissions: [UPLOAD, DOWNLOAD] });
    const asked = (permissions: readonly string[]) =>
      bob.refused('POST', `${name}:testIamPermissions`, { permissions });
    expect(await asked(['artifactregistry.repositories.*'])).toMatchObject({ status: 400 });
    expect(await asked(Array<string>(101).fill(DOWNLOAD))).toMatchObject({ status: 400 });
  });

  it('needs somebody', async () => {
    const nobody = new ApiCaller(server, null);
    expect(await nobody.refused('POST', `${IMAGES}:testIamPermissions`, {})).toMatchObject({ status: 401 });
  });
});

describe('the last owner', () => {
  const ORGANIZATION = 'organizations/entrepot';
  it('stays, whichever way it would go', async () => {
    const { etag, bindings } = await get(ORGANIZATION);
    for (const left of [
      [],
      [binding([ANN], 'roles/owner', { expression: 'true', title: 't' })],
      [binding(['group:web'], 'roles/owner')],
      [binding(['allAuthenticatedUsers'], 'roles/owner')],
      [binding(['serviceAccount:ci@my-project.iam.gserviceaccount.com'], 'roles/owner')],
      [binding([ANN], 'roles/editor')],
    ])
      expect(await refused(ORGANIZATION, { version: 3, etag, bindings: left })).toMatchObject({
        status: 400,
        code: 'FAILED_PRECONDITION',
        reason: 'LAST_OWNER',
      });
    expect(await get(ORGANIZATION)).toMatchObject({ etag, bindings });
  });

  it('stays also when two give up at once', async () => {
    await server.account('second', ['/']);
    const { etag } = await get(ORGANIZATION);
    const owner = (id: string, password: string) => new ApiCaller(server, basic(id, password));
    const giveUp = (who: ApiCaller, other: string, current: string) =>
      who.send('POST', `${ORGANIZATION}:setIamPolicy`, {
        policy: { etag: current, bindings: [binding([`user:${other}`], 'roles/owner')] },
      });
    const answers = await Promise.all([
      giveUp(owner('admin', ADMIN_PASSWORD), 'second', etag),
      giveUp(owner('second', "second's password"), 'admin', etag),
    ]);
    expect(answers.map(({ status }) => String(status)).sort()).toEqual(['200', '409']);
    const { bindings } = await server.database.read
      .selectFrom('iam_policy')
      .select('bindings')
      .where('resource', '=', '/')
      .executeTakeFirstOrThrow();
    expect(JSON.parse(bindings)).toHaveLength(1);
  });
});
