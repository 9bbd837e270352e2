import { describe, expect, it } from 'bun:test';
import { PERMISSIONS, type Permission } from '../core/permissions.ts';
import { PREDEFINED_ROLES } from './predefined-roles.ts';

/** `repositories.{get,list}` is two permissions. */
const spelled = (...groups: readonly string[]): readonly string[] =>
  groups.flatMap((group) => {
    const [, collection, verbs] = /^(.*)\.\{(.*)\}$/.exec(group) ?? [];
    const names = verbs === undefined ? [group] : verbs.split(',').map((verb) => `${collection}.${verb}`);
    return names.map((name) =>
      /^(?:resourcemanager|cloud|iam|storage|serviceusage|pubsub)/.test(name)
        ? name
        : `artifactregistry.${name}`,
    );
  });

/* The published lists (cloud.google.com/iam/docs/roles-permissions/artifactregistry), written down a second time. */
const READER = spelled(
  'attachments.{get,list}',
  'dockerimages.{get,list}',
  'files.{get,list,download}',
  'locations.{get,list}',
  'mavenartifacts.{get,list}',
  'npmpackages.{get,list}',
  'packages.{get,list}',
  'projectconfigs.get',
  'projectsettings.get',
  'pythonpackages.{get,list}',
  'repositories.{downloadArtifacts,exportArtifacts,get,list,listEffectiveTags,listTagBindings,readViaVirtualRepository}',
  'rules.{get,list}',
  'tags.{get,list}',
  'versions.{get,list}',
  'resourcemanager.projects.get',
);
const WRITER = [
  ...READER,
  ...spelled(
    'aptartifacts.create',
    'yumartifacts.create',
    'kfpartifacts.create',
    'attachments.{create,delete}',
    'files.{upload,update}',
    'packages.update',
    'repositories.uploadArtifacts',
    'tags.{create,update}',
  ),
];
const REPO_ADMIN = [
  ...WRITER,
  ...spelled(
    'files.delete',
    'packages.delete',
    'repositories.deleteArtifacts',
    'rules.{create,update,delete}',
    'tags.delete',
    'versions.{delete,update}',
  ),
];
const EDITOR = [
  ...REPO_ADMIN,
  ...spelled(
    'projectconfigs.update',
    'projectsettings.update',
    'repositories.{create,delete,update,getIamPolicy,deleteTagBinding,createOnPush}',
  ),
];
const ADMIN = [
  ...REPO_ADMIN,
  ...spelled(
    'projectconfigs.update',
    'projectsettings.update',
    'repositories.{create,delete,update,getIamPolicy,setIamPolicy,createTagBinding,deleteTagBinding}',
    'cloudkms.keyHandles.{create,get,list}',
    'cloudkms.operations.get',
    'cloudkms.projects.showEffectiveAutokeyConfig',
  ),
];
const ATTACHMENT_READER = spelled('attachments.{get,list}', 'files.download');
const CREATE_ON_PUSH = spelled('repositories.createOnPush');

const PUBLISHED: readonly (readonly [role: string, count: number, permissions: readonly string[]])[] = [
  ['reader', 33, READER],
  ['writer', 44, WRITER],
  ['repoAdmin', 53, REPO_ADMIN],
  ['editor', 61, EDITOR],
  ['admin', 67, ADMIN],
  ['createOnPushWriter', 45, [...WRITER, ...CREATE_ON_PUSH]],
  ['createOnPushRepoAdmin', 54, [...REPO_ADMIN, ...CREATE_ON_PUSH]],
  ['viewer', 35, [...READER, ...spelled('repositories.getIamPolicy', 'resourcemanager.projects.list')]],
  ['attachmentReader', 3, ATTACHMENT_READER],
  ['attachmentWriter', 6, [...ATTACHMENT_READER, ...spelled('attachments.{create,delete}', 'files.upload')]],
  [
    'containerRegistryMigrationAdmin',
    18,
    spelled(
      'projectsettings.{get,update}',
      'repositories.{create,downloadArtifacts,get,getIamPolicy,list,setIamPolicy,uploadArtifacts}',
      'cloudasset.assets.{analyzeIamPolicy,searchAllIamPolicies,searchAllResources}',
      'iam.roles.get',
      'storage.objects.{get,list}',
      'serviceusage.services.use',
      'resourcemanager.projects.{get,getIamPolicy}',
    ),
  ],
  [
    'serviceAgent',
    5,
    spelled(
      'repositories.{downloadArtifacts,get,readViaVirtualRepository}',
      'versions.delete',
      'pubsub.topics.publish',
    ),
  ],
];

const permissionsOf = (role: string): readonly Permission[] => [
  ...(PREDEFINED_ROLES.get(`roles/${role}`)?.permissions ?? []),
];

describe('roles/artifactregistry.', () => {
  it.each(PUBLISHED)('%s has its %i permissions', (role, count, permissions) => {
    expect(permissionsOf(`artifactregistry.${role}`).toSorted()).toEqual(
      [...permissions].sort() as Permission[],
    );
    expect(permissions).toHaveLength(count);
  });

  it('has no role that is not here', () => {
    const ours = [...PREDEFINED_ROLES.keys()].filter((name) => name.startsWith('roles/artifactregistry.'));
    expect(ours.sort()).toEqual(PUBLISHED.map(([role]) => `roles/artifactregistry.${role}`).sort());
  });
});

describe('the basic roles', () => {
  it('each have what the one before has', () => {
    const [viewer, editor, owner] = ['viewer', 'editor', 'owner'].map((role) => new Set(permissionsOf(role)));
    expect(owner).toEqual(new Set(PERMISSIONS));
    for (const permission of viewer ?? []) expect(editor?.has(permission)).toBe(true);
    expect(editor?.size).toBeGreaterThan(viewer?.size ?? 0);
  });

  it('let none but owners say who may do what', () => {
    for (const role of ['viewer', 'editor'])
      expect(
        permissionsOf(role).filter((name) =>
          /setIamPolicy$|^iam\..*(?:create|update|delete|getAccessToken|sign)|grantPublic/.test(name),
        ),
      ).toEqual([]);
    expect(permissionsOf('viewer').filter((name) => /\.(?:create|update|delete|upload)/.test(name))).toEqual(
      [],
    );
  });
});
