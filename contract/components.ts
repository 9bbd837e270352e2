import * as z from 'zod/mini';
import {
  dockerImage,
  file,
  goModule,
  mavenArtifact,
  npmPackage,
  pkg,
  pythonPackage,
  tag,
  version,
} from './schemas/artifacts.ts';
import {
  cleanupDecision,
  cleanupPolicy,
  cleanupRun,
  previewCleanupRequest,
  runCleanupRequest,
} from './schemas/cleanup.ts';
import { group, membership } from './schemas/group.ts';
import { listLogEntriesRequest, logEntry } from './schemas/logging.ts';
import { operation, status, uploadMediaResponse } from './schemas/operation.ts';
import {
  getIamPolicyRequest,
  policy,
  setIamPolicyRequest,
  testIamPermissionsRequest,
  testIamPermissionsResponse,
} from './schemas/policy.ts';
import {
  troubleshootRequest,
  troubleshootResponse,
  whoCanRequest,
  whoCanResponse,
} from './schemas/explain.ts';
import { location, project, projectV3, service } from './schemas/project.ts';
import { repository } from './schemas/repository.ts';
import {
  blobExplanation,
  garbageCollection,
  garbageRun,
  runGarbageCollectionRequest,
} from './schemas/garbage.ts';
import { scrubStatus } from './schemas/scrub.ts';
import { recountUsageResponse, usageReport } from './schemas/usage.ts';
import {
  createRoleRequest,
  permission,
  queryGrantableRolesRequest,
  queryTestablePermissionsRequest,
  role,
  undeleteRoleRequest,
} from './schemas/role.ts';
import {
  batchDeleteVersionsRequest,
  batchEnableServicesRequest,
  listOf,
  noFields,
} from './schemas/requests.ts';
import {
  createServiceAccountKeyRequest,
  createServiceAccountRequest,
  generateAccessTokenRequest,
  generateAccessTokenResponse,
  listServiceAccountKeysResponse,
  patchServiceAccountRequest,
  serviceAccount,
  serviceAccountKey,
  uploadServiceAccountKeyRequest,
} from './schemas/service-account.ts';
import {
  prefetchReport,
  prefetchRequest,
  purgeCacheRequest,
  purgeCacheResponse,
  upstreamStatus,
} from './schemas/remote-cache.ts';
import { projectConfig, projectSettings, vpcscConfig } from './schemas/settings.ts';

import { listTagEventsResponse, rollbackTagRequest, tagEvent } from './schemas/tag-history.ts';
import { token } from './schemas/token.ts';
import {
  cascadeMetadata,
  deletedVersion,
  undeleteVersionRequest,
  undeleteVersionResponse,
} from './schemas/trash.ts';
import { identity, setPasswordRequest, user } from './schemas/user.ts';
import { workloadIdentityPool, workloadIdentityPoolProvider } from './schemas/workload-identity.ts';

/** Schemas of the API that stand under a name of their own in its description. */
export const components = {
  BatchDeleteVersionsRequest: batchDeleteVersionsRequest,
  BatchEnableServicesRequest: batchEnableServicesRequest,
  CascadeMetadata: cascadeMetadata,
  CleanupDecision: cleanupDecision,
  CleanupPolicy: cleanupPolicy,
  CleanupRun: cleanupRun,
  CreateRoleRequest: createRoleRequest,
  ScrubStatus: scrubStatus,
  BlobExplanation: blobExplanation,
  UsageReport: usageReport,
  RecountUsageResponse: recountUsageResponse,
  GarbageCollection: garbageCollection,
  GarbageCollectionRun: garbageRun,
  RunGarbageCollectionRequest: runGarbageCollectionRequest,
  CreateServiceAccountKeyRequest: createServiceAccountKeyRequest,
  CreateServiceAccountRequest: createServiceAccountRequest,
  DeletedVersion: deletedVersion,
  DockerImage: dockerImage,
  Empty: noFields,
  File: file,
  Group: group,
  Identity: identity,
  ListGroupsResponse: listOf('groups', group),
  ListMembershipsResponse: listOf('memberships', membership),
  ListTokensResponse: listOf('tokens', token),
  ListUsersResponse: listOf('users', user),
  MavenArtifact: mavenArtifact,
  Membership: membership,
  NpmPackage: npmPackage,
  PythonPackage: pythonPackage,
  GoModule: goModule,
  SetPasswordRequest: setPasswordRequest,
  Token: token,
  UploadServiceAccountKeyRequest: uploadServiceAccountKeyRequest,
  UploadMediaResponse: uploadMediaResponse,
  UpstreamStatus: upstreamStatus,
  User: user,
  GenerateAccessTokenRequest: generateAccessTokenRequest,
  GenerateAccessTokenResponse: generateAccessTokenResponse,
  GetIamPolicyRequest: getIamPolicyRequest,
  ListCleanupDecisionsResponse: listOf('decisions', cleanupDecision),
  ListCleanupRunsResponse: listOf('cleanupRuns', cleanupRun),
  ListDeletedVersionsResponse: listOf('deletedVersions', deletedVersion),
  ListDockerImagesResponse: listOf('dockerImages', dockerImage),
  ListFilesResponse: listOf('files', file),
  ListLocationsResponse: listOf('locations', location),
  ListLogEntriesRequest: listLogEntriesRequest,
  ListLogEntriesResponse: listOf('entries', logEntry),
  ListMavenArtifactsResponse: listOf('mavenArtifacts', mavenArtifact),
  ListNpmPackagesResponse: listOf('npmPackages', npmPackage),
  ListPythonPackagesResponse: listOf('pythonPackages', pythonPackage),
  ListGoModulesResponse: listOf('goModules', goModule),
  ListPackagesResponse: listOf('packages', pkg),
  ListProjectsResponse: listOf('projects', project),
  ListRepositoriesResponse: listOf('repositories', repository),
  ListRolesResponse: listOf('roles', role),
  ListServiceAccountKeysResponse: listServiceAccountKeysResponse,
  ListServiceAccountsResponse: listOf('accounts', serviceAccount),
  ListTagEventsResponse: listTagEventsResponse,
  ListTagsResponse: listOf('tags', tag),
  ListVersionsResponse: listOf('versions', version),
  Location: location,
  LogEntry: logEntry,
  Operation: operation,
  Package: pkg,
  PatchServiceAccountRequest: patchServiceAccountRequest,
  Policy: policy,
  PreviewCleanupRequest: previewCleanupRequest,
  PrefetchReport: prefetchReport,
  PrefetchRequest: prefetchRequest,
  Project: project,
  ProjectConfig: projectConfig,
  ProjectSettings: projectSettings,
  ProjectV3: projectV3,
  PurgeCacheRequest: purgeCacheRequest,
  PurgeCacheResponse: purgeCacheResponse,
  QueryGrantableRolesRequest: queryGrantableRolesRequest,
  QueryTestablePermissionsRequest: queryTestablePermissionsRequest,
  QueryTestablePermissionsResponse: listOf('permissions', permission),
  Repository: repository,
  Role: role,
  RollbackTagRequest: rollbackTagRequest,
  RunCleanupRequest: runCleanupRequest,
  SearchProjectsResponse: listOf('projects', projectV3),
  Service: service,
  ServiceAccount: serviceAccount,
  ServiceAccountKey: serviceAccountKey,
  SetIamPolicyRequest: setIamPolicyRequest,
  Status: status,
  Tag: tag,
  TagEvent: tagEvent,
  TestIamPermissionsRequest: testIamPermissionsRequest,
  TestIamPermissionsResponse: testIamPermissionsResponse,
  TroubleshootIamPolicyRequest: troubleshootRequest,
  TroubleshootIamPolicyResponse: troubleshootResponse,
  UndeleteRoleRequest: undeleteRoleRequest,
  UndeleteVersionRequest: undeleteVersionRequest,
  UndeleteVersionResponse: undeleteVersionResponse,
  VPCSCConfig: vpcscConfig,
  Version: version,
  ListWorkloadIdentityPoolProvidersResponse: listOf(
    'workloadIdentityPoolProviders',
    workloadIdentityPoolProvider,
  ),
  ListWorkloadIdentityPoolsResponse: listOf('workloadIdentityPools', workloadIdentityPool),
  WorkloadIdentityPool: workloadIdentityPool,
  WorkloadIdentityPoolProvider: workloadIdentityPoolProvider,
  WhoCanRequest: whoCanRequest,
  WhoCanResponse: whoCanResponse,
} as const;

/** The same, as zod's JSON Schema output takes names. */
export function namedSchemas() {
  const registry = z.registry<{ readonly id: string }>();
  for (const [id, schema] of Object.entries(components)) registry.add(schema, { id });
  return registry;
}

/** The views that formats show their versions in, by collection. */
export const versionViews = {
  dockerImages: { item: components.DockerImage, page: components.ListDockerImagesResponse },
  mavenArtifacts: { item: components.MavenArtifact, page: components.ListMavenArtifactsResponse },
  npmPackages: { item: components.NpmPackage, page: components.ListNpmPackagesResponse },
  pythonPackages: { item: components.PythonPackage, page: components.ListPythonPackagesResponse },
  goModules: { item: components.GoModule, page: components.ListGoModulesResponse },
} as const;
