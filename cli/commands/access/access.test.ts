import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ADMIN_PASSWORD, basic, type TestServer } from '../../../server/testing/harness.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';
import { grantLine } from './grant-line.ts';

const IMAGES = 'projects/my-project/locations/us-central1/repositories/images';
const READER = 'roles/artifactregistry.reader';

let registry: TestRegistry;
let server: TestServer;
const people = new Map<string, Person>();
beforeAll(async () => {
  registry = await TestRegistry.start();
  ({ server } = registry);
  people.set('admin', await registry.admin());
  for (const id of ['ann', 'bob']) {
    await server.account(id);
    people.set(id, await registry.login(id));
  }
  await server.grant(IMAGES, READER, 'user:ann');
});
afterAll(() => registry[Symbol.asyncDispose]());

const runAs = async (id: string, line: string) => {
  const ran = await people
    .get(id)
    ?.run([...line.split(' '), '--project=my-project', '--location=us-central1']);
  if (!ran) throw new Error(`${id} is not here`);
  return ran;
};

describe('can-i', () => {
  it.each([
    'can-i pull images',
    `can-i artifactregistry.repositories.downloadArtifacts ${IMAGES}`,
    'iam can-i pull images',
  ])('%s answers yes, and why', async (line) => {
    expect(await runAs('ann', line)).toEqual({
      exit: 0,
      stderr: '',
      stdout: `yes

user:ann has artifactregistry.repositories.downloadArtifacts on ${IMAGES}: ${READER} is granted on ${IMAGES}.

${IMAGES}
  ${READER}  has the permission  granted to user:ann
`,
    });
  });

  it('answers no with 1, what is there, and what would change it', async () => {
    expect(await runAs('ann', 'can-i push images')).toEqual({
      exit: 1,
      stderr: '',
      stdout: `no

user:ann does not have artifactregistry.repositories.uploadArtifacts on ${IMAGES}: it has only ${READER} on ${IMAGES}, and no role with this permission.

${IMAGES}
  ${READER}  lacks the permission  granted to user:ann

This would grant it, with roles/artifactregistry.writer, the least role that has it:
  entrepot artifacts repositories add-iam-policy-binding images --project=my-project --location=us-central1 --member=user:ann --role=roles/artifactregistry.writer
`,
    });
  });

  it('answers programs in their format', async () => {
    const ran = await runAs('ann', 'can-i delete images --format=value(access)');
    expect(ran).toEqual({ exit: 1, stderr: '', stdout: 'NOT_GRANTED\n' });
  });

  it('tells nothing of what there is to whoever has nothing', async () => {
    const [there, absent] = await Promise.all(
      ['images', 'none'].map((id) => runAs('bob', `can-i pull ${id}`)),
    );
    expect(there?.exit).toBe(1);
    expect(there?.stdout.replaceAll('images', 'none')).toBe(absent?.stdout ?? '');
  });

  it('asks about others only for those who may see the policy', async () => {
    expect((await runAs('admin', 'can-i pull images --member=ann')).exit).toBe(0);
    expect((await runAs('admin', 'can-i pull images --member=user:bob')).exit).toBe(1);
    expect(await runAs('bob', 'can-i pull images --member=ann')).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('artifactregistry.repositories.getIamPolicy'),
    });
    expect(await runAs('admin', 'can-i pull images --member=eve')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('eve does not exist'),
    });
  });

  it('says that it depends, until it is told on what', async () => {
    await server.repository('partly');
    const name = 'projects/my-project/locations/us-central1/repositories/partly';
    const condition = { expression: "resource.tag.startsWith('v')", title: 'releases' };
    await server.send('POST', `/v1/${name}:setIamPolicy`, {
      as: basic('admin', ADMIN_PASSWORD),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        policy: { version: 3, bindings: [{ role: READER, members: ['user:bob'], condition }] },
      }),
    });
    const open = await runAs('bob', 'can-i pull partly');
    expect(open.exit).toBe(1);
    expect(open.stdout).toStartWith('it depends\n');
    expect(open.stdout).toContain('condition "releases" depends on more');
    expect(await runAs('bob', 'can-i pull partly --tag=v1')).toMatchObject({ exit: 0 });
    expect((await runAs('bob', 'can-i pull partly --tag=main')).stdout).toContain(
      `condition "releases" does not hold: ${condition.expression}`,
    );
    const listed = await runAs(
      'admin',
      'who-can pull partly --format=value(member,condition.title,conditional)',
    );
    expect(listed.stdout.split('\n')).toContain('user:bob\treleases\tTrue');
  });

  it('knows three words, and no others', async () => {
    expect(await runAs('ann', 'can-i fetch images')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('[fetch] is not a permission, nor one of pull, push, delete'),
    });
    expect(await runAs('ann', 'can-i artifactregistry.none.get images')).toMatchObject({
      stderr: expect.stringContaining('Permission artifactregistry.none.get is not valid.'),
    });
  });
});

describe('who-can', () => {
  it('lists holders, those of groups too', async () => {
    await server.database.transaction(async (tx) => {
      const times = { created_at: 0, updated_at: 0 };
      await tx
        .insertInto('account_group')
        .values({ id: 'web', uid: '1', ...times })
        .execute();
      await tx
        .insertInto('group_member')
        .values({ account: 'bob', group_id: 'web', source: 'manual', created_at: 0 })
        .execute();
    });
    await server.repository('grouped');
    await server.grant('projects/my-project/locations/us-central1/repositories/grouped', READER, 'group:web');
    const ran = await runAs('admin', 'who-can pull grouped');
    expect(ran.stdout.split('\n')[0]).toMatch(/^MEMBER +ROLE +GRANTED_ON +CONDITION +GROUP_MEMBERS$/);
    expect(ran.stdout).toMatch(/user:admin +roles\/owner +organizations\/entrepot/);
    expect(ran.stdout).toMatch(/group:web +roles\/artifactregistry.reader +.*grouped +user:bob/);
  });

  it('says whose policies are not shown', async () => {
    await server.grant(IMAGES, 'roles/artifactregistry.viewer', 'user:bob');
    const ran = await runAs('bob', 'who-can pull images --format=value(member)');
    expect(ran.stdout).toBe('user:ann\nuser:bob\n');
    expect(ran.stderr).toContain('by policies you may not see: organizations/entrepot');
    expect((await runAs('ann', 'who-can pull images')).exit).toBe(4);
  });
});

describe('policy-troubleshoot', () => {
  it('shows every binding that has a say', async () => {
    const ran = await runAs(
      'admin',
      `policy-troubleshoot iam //artifactregistry.googleapis.com/${IMAGES} --principal-email=ann --permission=artifactregistry.repositories.downloadArtifacts`,
    );
    expect(ran.exit).toBe(0);
    expect(ran.stdout).toContain(
      'organizations/entrepot\n  roles/owner  has the permission  granted to another',
    );
  });
});

describe('the line that would grant', () => {
  it.each([
    [
      '//artifactregistry.googleapis.com/projects/p/locations/us/repositories/r/packages/a%2Fb/tags/t',
      'user:ann',
      'entrepot artifacts repositories add-iam-policy-binding r --project=p --location=us --member=user:ann --role=roles/x',
    ],
    [
      'projects/p',
      'group:web team',
      "entrepot projects add-iam-policy-binding p '--member=group:web team' --role=roles/x",
    ],
    [
      'projects/p/serviceAccounts/ci@p.iam.gserviceaccount.com',
      "user:o'neil",
      "entrepot iam service-accounts add-iam-policy-binding ci@p.iam.gserviceaccount.com '--member=user:o'\\''neil' --role=roles/x",
    ],
    [
      'organizations/entrepot',
      'allUsers',
      'entrepot organizations add-iam-policy-binding entrepot --member=allUsers --role=roles/x',
    ],
  ])('for %s', (resource, member, line) => {
    expect(grantLine({ resource, member, role: 'roles/x' })).toBe(line);
  });
});
