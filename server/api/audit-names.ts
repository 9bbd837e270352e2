import type { RouteAudit } from './route.ts';

const ARTIFACT_REGISTRY = 'artifactregistry.googleapis.com';
const RESOURCE_MANAGER = 'cloudresourcemanager.googleapis.com';

/** For what Google does not record either: locations, operations, questions about one's own rights. */
export const UNRECORDED = 'unrecorded';

/** cloud.google.com/logging/docs/audit/api-methods: reading entries is itself a data read. */
export const ofLogging = (method: string): RouteAudit => ({
  service: 'logging.googleapis.com',
  method: `google.logging.v2.LoggingServiceV2.${method}`,
  type: 'DATA_READ',
});

/** cloud.google.com/artifact-registry/docs/audit-logging */
export const ofArtifactRegistry = (method: string, type: RouteAudit['type']): RouteAudit => ({
  service: ARTIFACT_REGISTRY,
  method: `google.devtools.artifactregistry.v1.ArtifactRegistry.${method}`,
  type,
});

/** cloud.google.com/resource-manager/docs/audit-logging */
export const ofProjects = (method: string, type: RouteAudit['type']): RouteAudit => ({
  service: RESOURCE_MANAGER,
  method,
  type,
});

/** cloud.google.com/iam/docs/audit-logging/examples-workload-identity */
export const ofWorkloadIdentity = (method: string, type: RouteAudit['type']): RouteAudit => ({
  service: 'iam.googleapis.com',
  method: `google.iam.v1.WorkloadIdentityPools.${method}`,
  type,
});

/** cloud.google.com/iam/docs/audit-logging */
export const ofIam = (method: string, type: RouteAudit['type']): RouteAudit => ({
  service: 'iam.googleapis.com',
  method: `google.iam.admin.v1.${method}`,
  type,
});
