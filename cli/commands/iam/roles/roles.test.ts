import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestRegistry } from '../../../testing/registry.ts';
import type { Person } from '../../../testing/scripted-io.ts';

let registry: TestRegistry;
let admin: Person;
beforeAll(async () => {
  registry = await TestRegistry.start();
  admin = await registry.admin();
});
afterAll(() => registry[Symbol.asyncDispose]());

const roles = async (line: string): Promise<object> => {
  const { exit, stdout, stderr } = await admin.run(`iam roles ${line} --format=json`);
  expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' });
  return JSON.parse(stdout) as object;
};
const HERE = '--project=my-project';
const TAGS = ['artifactregistry.tags.create', 'artifactregistry.tags.get'];

describe('custom roles', () => {
  it('are created, changed, deleted and brought back', async () => {
    const name = 'projects/my-project/roles/Tagger';
    const created = await roles(
      `create Tagger ${HERE} --title=Tagger --stage=ga --permissions=${TAGS.join(',')}`,
    );
    expect(created).toMatchObject({ name, title: 'Tagger', stage: 'GA', includedPermissions: TAGS });
    expect(await roles(`describe Tagger ${HERE}`)).toEqual(created);

    const changed = await roles(
      `update ${name} --add-permissions=artifactregistry.tags.update --remove-permissions=artifactregistry.tags.create --title=T`,
    );
    expect(changed).toMatchObject({
      title: 'T',
      includedPermissions: ['artifactregistry.tags.get', 'artifactregistry.tags.update'],
    });
    expect(await roles(`update Tagger ${HERE} --stage=disabled`)).toMatchObject({
      title: 'T',
      stage: 'DISABLED',
    });

    expect(await roles(`delete Tagger ${HERE}`)).toMatchObject({ deleted: true });
    expect(await roles(`list ${HERE}`)).toEqual([]);
    expect(await roles(`list ${HERE} --show-deleted`)).toMatchObject([{ name, deleted: true }]);
    expect(await admin.run(`iam roles create Tagger ${HERE}`)).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining('was deleted. Undelete it'),
    });
    expect(await roles(`undelete Tagger ${HERE}`)).not.toHaveProperty('deleted');
  });

  it('come from files', async () => {
    const file = join(admin.home, 'role.yaml');
    await writeFile(file, `title: From a file\nincludedPermissions:\n- ${TAGS[0]}\n`);
    const created = await roles(`create Filed --organization=entrepot --file=${file}`);
    expect(created).toMatchObject({
      name: 'organizations/entrepot/roles/Filed',
      title: 'From a file',
      includedPermissions: [TAGS[0]],
    });
    expect(
      await admin.run(`iam roles update Filed --organization=entrepot --file=${file} --title=x`),
    ).toMatchObject({
      exit: 2,
    });
  });

  it('come from other roles, without what they cannot have', async () => {
    const copied = await admin.run(
      `iam roles copy --source=roles/owner --destination=Most --dest-project=my-project`,
    );
    expect(copied).toMatchObject({ exit: 0, stderr: expect.stringContaining('WARNING: Left out') });
    expect(copied.stdout).toContain('artifactregistry.repositories.setIamPolicy');
    expect(copied.stdout).not.toContain('resourcemanager.organizations.setIamPolicy');
    expect(
      await roles(
        'copy --source=Most --source-project=my-project --destination=Again --dest-organization=entrepot',
      ),
    ).toMatchObject({ name: 'organizations/entrepot/roles/Again' });
  });

  it.each([
    ['describe Tagger', 'whose role is [Tagger]?'],
    ['create roles/x', 'is predefined and never changes'],
    ['delete Tagger --organization=other', '[other] is not an organization'],
    [`list --organization=entrepot ${HERE}`, 'not both'],
    [`update Tagger ${HERE}`, 'nothing to change was given'],
    [`update Tagger ${HERE} --permissions=a --add-permissions=b`, 'leave --permissions out'],
  ])('%s is refused with a sentence', async (line, says) => {
    expect(await admin.run(`iam roles ${line}`)).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining(says),
    });
  });
});

describe('predefined roles', () => {
  it('are listed and described', async () => {
    const listed = await admin.run('iam roles list --filter=name:artifactregistry.writer');
    expect(listed.stdout).toMatch(
      /^NAME +TITLE +STAGE\nroles\/artifactregistry\.writer +Artifact Registry Writer +GA\n$/,
    );
    expect(await roles('describe roles/artifactregistry.reader')).toMatchObject({
      includedPermissions: expect.arrayContaining(['artifactregistry.repositories.downloadArtifacts']),
    });
  });

  it('are made of permissions that can be listed', async () => {
    const { stdout } = await admin.run(
      'iam list-testable-permissions //cloudresourcemanager.googleapis.com/projects/my-project --format=value(name)',
    );
    expect(stdout.split('\n')).toContain('artifactregistry.repositories.get');
    expect(stdout).not.toContain('resourcemanager.organizations');
  });
});
