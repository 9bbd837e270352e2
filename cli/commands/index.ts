import type { Command } from '../grammar/command.ts';
import { commandTree, type Group } from '../grammar/tree.ts';
import { activateServiceAccount } from './auth/activate-service-account.ts';
import { canI, canIShort } from './access/can-i.ts';
import { policyTroubleshoot } from './access/policy-troubleshoot.ts';
import { whoCan, whoCanShort } from './access/who-can.ts';
import { configureDocker } from './auth/configure-docker.ts';
import { previewCleanup } from './cleanup/preview.ts';
import { runCleanup } from './cleanup/run.ts';
import { cleanupRunCommands } from './cleanup/runs.ts';
import { listLogins } from './auth/list.ts';
import { login } from './auth/login.ts';
import { logout } from './auth/logout.ts';
import { printAccessToken } from './auth/print-access-token.ts';
import { revoke } from './auth/revoke.ts';
import { tokenCommands } from './auth/tokens.ts';
import { whoami } from './auth/whoami.ts';
import { configGet, configGetValue } from './config/get-value.ts';
import { configList } from './config/list.ts';
import { configSet } from './config/set.ts';
import { configUnset } from './config/unset.ts';
import { downloadGeneric } from './generic/download.ts';
import { uploadGeneric } from './generic/upload.ts';
import { deleteFile } from './files/delete.ts';
import { describeFile } from './files/describe.ts';
import { downloadFileCommand } from './files/download.ts';
import { listFiles } from './files/list.ts';
import { updateFile } from './files/update.ts';
import { uploadFileCommand } from './files/upload.ts';
import { copyRole } from './iam/roles/copy.ts';
import { createRole } from './iam/roles/create.ts';
import { deleteRole, undeleteRole } from './iam/roles/delete.ts';
import { describeRole } from './iam/roles/describe.ts';
import { listTestablePermissions } from './iam/roles/list-testable-permissions.ts';
import { listRoles } from './iam/roles/list.ts';
import { updateRole } from './iam/roles/update.ts';
import { policyCommands } from './iam-policy/commands.ts';
import { serviceAccountCommands } from './iam/service-accounts/accounts.ts';
import { serviceAccountKeyCommands } from './iam/service-accounts/keys.ts';
import { createCredConfig } from './iam/workload-identity-pools/create-cred-config.ts';
import { workloadPoolCommands } from './iam/workload-identity-pools/pools.ts';
import { workloadProviderCommands } from './iam/workload-identity-pools/providers.ts';
import { groupCommands } from './identity/groups.ts';
import { membershipCommands } from './identity/memberships.ts';
import { setPassword } from './identity/set-password.ts';
import { userCommands } from './identity/users.ts';
import { addImageTag } from './image-tags/add.ts';
import { deleteImageTag } from './image-tags/delete.ts';
import { imageTagHistory } from './image-tags/history.ts';
import { listImageTags } from './image-tags/list.ts';
import { rollbackImageTag } from './image-tags/rollback.ts';
import { deleteImage } from './images/delete.ts';
import { describeImage } from './images/describe.ts';
import { pruneImages } from './images/prune.ts';
import { listImages } from './images/list.ts';
import { listLocations } from './locations/list.ts';
import { exportLog } from './logging/export.ts';
import { readLog } from './logging/read.ts';
import { describeOperation } from './operations/describe.ts';
import { completionCommand } from './own/completion.ts';
import { helpCommand } from './own/help.ts';
import { recountUsage } from './storage/recount.ts';
import { listUsage } from './usage/list.ts';
import { describeGarbageCollection, explainBlob, runGarbageCollection } from './storage/garbage.ts';
import { scrub } from './storage/scrub.ts';
import { backup, doctor, restore, serve } from './own/serve-and-doctor.ts';
import { version } from './own/version.ts';
import { deletePackage } from './packages/delete.ts';
import { describePackage } from './packages/describe.ts';
import { listPackages } from './packages/list.ts';
import { updatePackage } from './packages/update.ts';
import { printDockerSettings } from './print-settings/docker.ts';
import { goAuth } from './go/auth.ts';
import { uploadGoModule } from './go/upload.ts';
import { printGoSettings } from './print-settings/go.ts';
import { printGradleSettings } from './print-settings/gradle.ts';
import { printMavenSettings } from './print-settings/mvn.ts';
import { printGenericSettings } from './print-settings/generic.ts';
import { printNpmSettings } from './print-settings/npm.ts';
import { printPythonSettings } from './print-settings/python.ts';
import { describeSettings } from './project-settings/describe.ts';
import { createProject } from './projects/create.ts';
import { deleteProject } from './projects/delete.ts';
import { describeProject } from './projects/describe.ts';
import { updateProject } from './projects/update.ts';
import { listProjects } from './projects/list.ts';
import { cacheCommands } from './repositories/caches.ts';
import { unyank, yank } from './python/yank.ts';
import { createRepository } from './repositories/create.ts';
import { deleteCleanupPolicies } from './repositories/delete-cleanup-policies.ts';
import { deleteRepository } from './repositories/delete.ts';
import { describeRepository } from './repositories/describe.ts';
import { listCleanupPolicies } from './repositories/list-cleanup-policies.ts';
import { listRepositories } from './repositories/list.ts';
import { setCleanupPolicies } from './repositories/set-cleanup-policies.ts';
import { prefetch } from './repositories/prefetch.ts';
import { updateRepository } from './repositories/update.ts';
import { enableServices } from './services/enable.ts';
import { listServices } from './services/list.ts';
import { createTag } from './tags/create.ts';
import { deleteTag } from './tags/delete.ts';
import { tagHistory } from './tags/history.ts';
import { listTags } from './tags/list.ts';
import { rollbackTag } from './tags/rollback.ts';
import { updateTag } from './tags/update.ts';
import { deleteVersion } from './versions/delete.ts';
import { describeVersion } from './versions/describe.ts';
import { listVersions } from './versions/list.ts';
import { trashCommands } from './versions/trash.ts';
import { updateVersion } from './versions/update.ts';

/** Every command there is, in the order help shows them. */
export const COMMANDS: readonly Command[] = [
  listImages,
  pruneImages,
  describeImage,
  deleteImage,
  addImageTag,
  listImageTags,
  deleteImageTag,
  imageTagHistory,
  rollbackImageTag,
  printDockerSettings,
  printGradleSettings,
  printMavenSettings,
  printGenericSettings,
  printNpmSettings,
  printPythonSettings,
  printGoSettings,
  uploadGoModule,
  goAuth,
  yank,
  unyank,
  createRepository,
  listRepositories,
  describeRepository,
  updateRepository,
  ...cacheCommands,
  prefetch,
  deleteRepository,
  setCleanupPolicies,
  listCleanupPolicies,
  deleteCleanupPolicies,
  previewCleanup,
  runCleanup,
  ...cleanupRunCommands,
  ...policyCommands('artifacts repositories'),
  listPackages,
  describePackage,
  updatePackage,
  deletePackage,
  listVersions,
  describeVersion,
  updateVersion,
  deleteVersion,
  ...trashCommands,
  createTag,
  listTags,
  updateTag,
  deleteTag,
  tagHistory,
  rollbackTag,
  listFiles,
  describeFile,
  downloadFileCommand,
  uploadFileCommand,
  updateFile,
  deleteFile,
  uploadGeneric,
  downloadGeneric,
  listLocations,
  describeOperation,
  describeSettings,
  login,
  activateServiceAccount,
  logout,
  revoke,
  whoami,
  listLogins,
  printAccessToken,
  ...tokenCommands,
  configureDocker,
  configSet,
  configGetValue,
  configGet,
  configUnset,
  configList,
  createProject,
  listProjects,
  updateProject,
  describeProject,
  deleteProject,
  ...policyCommands('projects'),
  ...policyCommands('organizations'),
  ...serviceAccountCommands,
  ...policyCommands('iam service-accounts'),
  ...serviceAccountKeyCommands,
  ...workloadPoolCommands,
  ...workloadProviderCommands,
  createCredConfig,
  listRoles,
  describeRole,
  createRole,
  updateRole,
  deleteRole,
  undeleteRole,
  copyRole,
  listTestablePermissions,
  canI,
  whoCan,
  policyTroubleshoot,
  canIShort,
  whoCanShort,
  ...userCommands,
  setPassword,
  ...groupCommands,
  ...membershipCommands,
  enableServices,
  listServices,
  readLog,
  exportLog,
  scrub,
  runGarbageCollection,
  describeGarbageCollection,
  explainBlob,
  recountUsage,
  listUsage,
  serve,
  doctor,
  backup,
  restore,
  version,
  completionCommand(() => root()),
  helpCommand(() => root()),
];

const GROUPS: Readonly<Record<string, string>> = {
  '': 'artifact registry, from the command line.',
  'artifacts cleanup-runs': 'What the cleanup policies of a repository came to.',
  artifacts: 'Repositories and what is in them.',
  'artifacts docker': 'Container images.',
  'artifacts docker images': 'Images by digest.',
  'artifacts docker tags': 'Tags of images.',
  'artifacts files': 'The files versions are made of.',
  'artifacts go': 'Modules of Go.',
  'artifacts generic': 'Files of any kind, by package and version.',
  'artifacts locations': 'Where repositories can be.',
  'artifacts operations': 'Work the server does in the background.',
  'artifacts packages': 'Packages; an image is one.',
  'artifacts print-settings': 'What clients need to know of a repository.',
  'artifacts python': 'Packages of Python.',
  'artifacts repositories': 'Repositories and their rules.',
  'artifacts settings': 'Settings of a project.',
  'artifacts usage': 'How much is stored, and where.',
  'artifacts tags': 'Tags of packages of any format.',
  'artifacts versions': 'Versions of packages.',
  auth: 'Logins and credentials.',
  'auth tokens': 'Personal access tokens.',
  config: 'Properties that save typing flags.',
  iam: 'Who there is, what roles give, and who may do what.',
  'iam service-accounts': 'Accounts of programs.',
  'iam service-accounts keys': 'What programs prove with that they are the account.',
  'iam roles': 'What roles give, and roles of one’s own.',
  'iam workload-identity-pools': 'Programs that somebody else vouches for.',
  'iam workload-identity-pools providers': 'Whose tokens are believed, and what becomes of them.',
  logging: 'What was done here, and who did it.',
  organizations: 'The whole installation, as the one organization there is.',
  identity: 'People.',
  'identity users': 'Users.',
  'identity groups': 'Groups of users and service accounts.',
  'identity groups memberships': 'Who is in a group.',
  'policy-troubleshoot': 'Why somebody may do something, or may not.',
  projects: 'Projects, which hold repositories.',
  storage: 'What the server stores, and what it deletes.',
  'storage gc': 'The deletion of what nobody needs.',
  services: 'For scripts that enable services.',
};

/** The tree of all commands. */
export const root = (): Group => commandTree(COMMANDS, GROUPS);
