import { PERMISSIONS, type Permission } from '../core/permissions.ts';

export interface Role {
  /** `roles/artifactregistry.reader`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly permissions: ReadonlySet<Permission>;
}

type ArtifactRegistry<P = Permission> = P extends `artifactregistry.${infer Rest}` ? Rest : never;
const ar = (...names: readonly ArtifactRegistry[]): readonly Permission[] =>
  names.map((name) => `artifactregistry.${name}` as const);

/*
 * The roles of Artifact Registry, permission for permission
 * (cloud.google.com/iam/docs/roles-permissions/artifactregistry).
 */
const reader: readonly Permission[] = [
  ...ar('attachments.get', 'attachments.list', 'dockerimages.get', 'dockerimages.list'),
  ...ar('files.download', 'files.get', 'files.list', 'locations.get', 'locations.list'),
  ...ar('mavenartifacts.get', 'mavenartifacts.list', 'npmpackages.get', 'npmpackages.list'),
  ...ar('packages.get', 'packages.list', 'projectconfigs.get', 'projectsettings.get'),
  ...ar('pythonpackages.get', 'pythonpackages.list', 'repositories.downloadArtifacts'),
  ...ar('repositories.exportArtifacts', 'repositories.get', 'repositories.list'),
  ...ar('repositories.listEffectiveTags', 'repositories.listTagBindings'),
  ...ar('repositories.readViaVirtualRepository', 'rules.get', 'rules.list', 'tags.get', 'tags.list'),
  ...ar('versions.get', 'versions.list'),
  'resourcemanager.projects.get',
];
const writer: readonly Permission[] = [
  ...reader,
  ...ar('aptartifacts.create', 'yumartifacts.create', 'kfpartifacts.create', 'attachments.create'),
  ...ar('attachments.delete', 'files.update', 'files.upload', 'packages.update'),
  ...ar('repositories.uploadArtifacts', 'tags.create', 'tags.update'),
];
const repoAdmin: readonly Permission[] = [
  ...writer,
  ...ar('files.delete', 'packages.delete', 'repositories.deleteArtifacts', 'rules.create', 'rules.update'),
  ...ar('rules.delete', 'tags.delete', 'versions.delete', 'versions.update'),
];
const administration = ar(
  'projectconfigs.update',
  'projectsettings.update',
  'repositories.create',
  'repositories.delete',
  'repositories.deleteTagBinding',
  'repositories.getIamPolicy',
  'repositories.update',
);
const admin: readonly Permission[] = [
  ...repoAdmin,
  ...administration,
  ...ar('repositories.createTagBinding', 'repositories.setIamPolicy'),
  'cloudkms.keyHandles.create',
  'cloudkms.keyHandles.get',
  'cloudkms.keyHandles.list',
  'cloudkms.operations.get',
  'cloudkms.projects.showEffectiveAutokeyConfig',
];
const editor: readonly Permission[] = [...repoAdmin, ...administration, ...ar('repositories.createOnPush')];
const viewer: readonly Permission[] = [
  ...reader,
  ...ar('repositories.getIamPolicy'),
  'resourcemanager.projects.list',
];
const migration: readonly Permission[] = [
  ...ar('projectsettings.get', 'projectsettings.update', 'repositories.create'),
  ...ar('repositories.downloadArtifacts', 'repositories.get', 'repositories.getIamPolicy'),
  ...ar('repositories.list', 'repositories.setIamPolicy', 'repositories.uploadArtifacts'),
  'cloudasset.assets.analyzeIamPolicy',
  'cloudasset.assets.searchAllIamPolicies',
  'cloudasset.assets.searchAllResources',
  'iam.roles.get',
  'resourcemanager.projects.get',
  'resourcemanager.projects.getIamPolicy',
  'serviceusage.services.use',
  'storage.objects.get',
  'storage.objects.list',
];

const beginning = (prefix: string, verbs = /./): readonly Permission[] =>
  PERMISSIONS.filter((name) => name.startsWith(prefix) && verbs.test(name.slice(name.lastIndexOf('.') + 1)));
const READS = /^(?:get|list|getIamPolicy|listEffectiveTags|listTagBindings)$/;

/** Basic roles: everything there is to see; that and everything but access; everything. */
const basicViewer: readonly Permission[] = [
  ...viewer,
  ...ar('vpcscconfigs.get'),
  ...beginning('iam.', READS),
  'logging.logEntries.list',
  'resourcemanager.projects.getIamPolicy',
  'serviceusage.services.get',
  'serviceusage.services.list',
];
const basicEditor: readonly Permission[] = [
  ...basicViewer,
  ...editor,
  ...ar('vpcscconfigs.update'),
  'resourcemanager.projects.update',
  'serviceusage.services.enable',
  'serviceusage.services.use',
];

const role = (
  name: string,
  title: string,
  description: string,
  permissions: readonly Permission[],
): Role => ({ name: `roles/${name}`, title, description, permissions: new Set(permissions) });

const ALL: readonly Role[] = [
  role('owner', 'Owner', 'Full access to everything, including who may do what.', PERMISSIONS),
  role('editor', 'Editor', 'Changes everything but who may do what.', basicEditor),
  role('viewer', 'Viewer', 'Sees everything and changes nothing.', basicViewer),

  role(
    'artifactregistry.reader',
    'Artifact Registry Reader',
    'Reads artifacts and what is known of them.',
    reader,
  ),
  role('artifactregistry.writer', 'Artifact Registry Writer', 'Reads and publishes artifacts.', writer),
  role(
    'artifactregistry.repoAdmin',
    'Artifact Registry Repository Administrator',
    'Reads, publishes and deletes artifacts.',
    repoAdmin,
  ),
  role(
    'artifactregistry.admin',
    'Artifact Registry Administrator',
    'Manages repositories, what is in them and who may use them.',
    admin,
  ),
  role(
    'artifactregistry.editor',
    'Artifact Registry Editor',
    'Manages repositories and what is in them.',
    editor,
  ),
  role(
    'artifactregistry.viewer',
    'Artifact Registry Viewer',
    'Reads artifacts and sees who may use them.',
    viewer,
  ),
  role(
    'artifactregistry.createOnPushWriter',
    'Artifact Registry Create-on-Push Writer',
    'Reads and publishes artifacts; the first push makes a gcr.io repository.',
    [...writer, ...ar('repositories.createOnPush')],
  ),
  role(
    'artifactregistry.createOnPushRepoAdmin',
    'Artifact Registry Create-on-Push Repository Administrator',
    'Reads, publishes and deletes artifacts; the first push makes a gcr.io repository.',
    [...repoAdmin, ...ar('repositories.createOnPush')],
  ),
  role(
    'artifactregistry.attachmentReader',
    'Artifact Registry Attachment Reader',
    'Reads what is attached to artifacts.',
    ar('attachments.get', 'attachments.list', 'files.download'),
  ),
  role(
    'artifactregistry.attachmentWriter',
    'Artifact Registry Attachment Writer',
    'Reads and writes what is attached to artifacts.',
    ar(
      'attachments.get',
      'attachments.list',
      'attachments.create',
      'attachments.delete',
      'files.download',
      'files.upload',
    ),
  ),
  role(
    'artifactregistry.containerRegistryMigrationAdmin',
    'Container Registry Migration Administrator',
    'Moves images from Container Registry.',
    migration,
  ),
  role(
    'artifactregistry.serviceAgent',
    'Artifact Registry Service Agent',
    'Lets the registry read upstream repositories and tell of changes.',
    [
      ...ar('repositories.downloadArtifacts', 'repositories.get', 'repositories.readViaVirtualRepository'),
      ...ar('versions.delete'),
      'pubsub.topics.publish',
    ],
  ),

  role('iam.serviceAccountAdmin', 'Service Account Admin', 'Creates and manages service accounts.', [
    ...beginning(
      'iam.serviceAccounts.',
      /^(?:create|delete|disable|enable|get|list|update|[gs]etIamPolicy)$/,
    ),
    'resourcemanager.projects.get',
    'resourcemanager.projects.list',
  ]),
  role('iam.serviceAccountKeyAdmin', 'Service Account Key Admin', 'Creates and manages keys.', [
    ...beginning('iam.serviceAccountKeys.'),
    'iam.serviceAccounts.get',
    'iam.serviceAccounts.list',
    'resourcemanager.projects.get',
    'resourcemanager.projects.list',
  ]),
  role(
    'iam.serviceAccountTokenCreator',
    'Service Account Token Creator',
    'Acts as service accounts: makes tokens for them and signs in their name.',
    [
      'iam.serviceAccounts.get',
      'iam.serviceAccounts.getAccessToken',
      'iam.serviceAccounts.getOpenIdToken',
      'iam.serviceAccounts.implicitDelegation',
      'iam.serviceAccounts.list',
      'iam.serviceAccounts.signBlob',
      'iam.serviceAccounts.signJwt',
    ],
  ),
  role('iam.serviceAccountUser', 'Service Account User', 'Runs things as a service account.', [
    'iam.serviceAccounts.actAs',
    'iam.serviceAccounts.get',
    'iam.serviceAccounts.list',
    'resourcemanager.projects.get',
    'resourcemanager.projects.list',
  ]),
  role(
    'iam.workloadIdentityUser',
    'Workload Identity User',
    'Acts as service accounts from federated workloads.',
    [
      'iam.serviceAccounts.get',
      'iam.serviceAccounts.getAccessToken',
      'iam.serviceAccounts.getOpenIdToken',
      'iam.serviceAccounts.list',
    ],
  ),
  role(
    'iam.workloadIdentityPoolAdmin',
    'Workload Identity Pool Admin',
    'Creates and manages workload identity pools and providers.',
    [
      ...beginning('iam.workloadIdentityPool'),
      'resourcemanager.projects.get',
      'resourcemanager.projects.list',
    ],
  ),
  role(
    'iam.workloadIdentityPoolViewer',
    'Workload Identity Pool Viewer',
    'Sees workload identity pools and providers.',
    [
      ...beginning('iam.workloadIdentityPool', READS),
      'resourcemanager.projects.get',
      'resourcemanager.projects.list',
    ],
  ),
  role('iam.roleAdmin', 'Role Administrator', 'Manages the custom roles of a project.', [
    ...beginning('iam.roles.'),
    'resourcemanager.projects.get',
    'resourcemanager.projects.getIamPolicy',
  ]),
  role('iam.roleViewer', 'Role Viewer', 'Sees the custom roles of a project.', [
    'iam.roles.get',
    'iam.roles.list',
    'resourcemanager.projects.get',
    'resourcemanager.projects.getIamPolicy',
  ]),
  role(
    'iam.securityReviewer',
    'Security Reviewer',
    'Sees every resource and every policy.',
    PERMISSIONS.filter((name) => /\.(?:list|getIamPolicy)$/.test(name) && !name.startsWith('logging.')),
  ),

  role('resourcemanager.projectCreator', 'Project Creator', 'Creates projects.', [
    'resourcemanager.projects.create',
  ]),
  role('resourcemanager.projectDeleter', 'Project Deleter', 'Deletes projects.', [
    'resourcemanager.projects.delete',
  ]),
  role('resourcemanager.projectIamAdmin', 'Project IAM Admin', 'Sets the policy of projects.', [
    'resourcemanager.projects.get',
    'resourcemanager.projects.getIamPolicy',
    'resourcemanager.projects.setIamPolicy',
  ]),
  role('resourcemanager.organizationAdmin', 'Organization Administrator', 'Sets the installation’s policy.', [
    'resourcemanager.organizations.get',
    'resourcemanager.organizations.getIamPolicy',
    'resourcemanager.organizations.setIamPolicy',
    'resourcemanager.projects.get',
    'resourcemanager.projects.getIamPolicy',
    'resourcemanager.projects.list',
    'resourcemanager.projects.setIamPolicy',
  ]),
  role('logging.viewer', 'Logs Viewer', 'Reads the audit log of administrative activity.', [
    'logging.logEntries.list',
    'resourcemanager.projects.get',
  ]),
  role('logging.privateLogViewer', 'Private Logs Viewer', 'Reads the audit log, data access included.', [
    'logging.logEntries.list',
    'logging.privateLogEntries.list',
    'resourcemanager.projects.get',
  ]),

  role('entrepot.userAdmin', 'User Administrator', 'Manages users, groups and their tokens.', [
    ...beginning('entrepot.users.'),
    ...beginning('entrepot.groups.'),
    ...beginning('entrepot.tokens.'),
  ]),
  role('entrepot.quotaAdmin', 'Quota Administrator', 'Sets how much projects and repositories may hold.', [
    'artifactregistry.repositories.get',
    'artifactregistry.repositories.list',
    'artifactregistry.repositories.update',
    'entrepot.quotas.update',
    'resourcemanager.projects.get',
    'resourcemanager.projects.update',
  ]),
  role('entrepot.trashAdmin', 'Trash Administrator', 'Deletes for good what was deleted.', [
    'entrepot.versions.purge',
  ]),
  role('entrepot.publicAccessAdmin', 'Public Access Administrator', 'Opens resources to everyone.', [
    'entrepot.policies.grantPublic',
  ]),
];

/** By name, in the order they are listed. */
export const PREDEFINED_ROLES: ReadonlyMap<string, Role> = new Map(ALL.map((each) => [each.name, each]));
