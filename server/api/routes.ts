import type { Format } from '../core/format.ts';
import { cleanupRoutes } from './cleanup.ts';
import { explainRoutes } from './explain.ts';
import { fileRoutes } from './files.ts';
import { groupRoutes } from './groups.ts';
import { iamCredentialsRoutes } from './iam-credentials.ts';
import { locationRoutes } from './locations.ts';
import { membershipRoutes } from './memberships.ts';
import { loggingRoutes } from './logging.ts';
import { operationRoutes } from './operations.ts';
import { packageRoutes } from './packages.ts';
import { permissionRoutes } from './permissions.ts';
import { policyRoutes } from './policies.ts';
import { projectRoutes } from './projects.ts';
import { remoteCacheRoutes } from './remote-caches.ts';
import { repositoryRoutes } from './repositories.ts';
import { customRoleRoutes } from './roles.ts';
import type { ApiRoute } from './route.ts';
import { garbageRoutes } from './garbage.ts';
import { scrubRoutes } from './scrub.ts';
import { serviceAccountKeyRoutes } from './service-account-keys.ts';
import { serviceAccountRoutes } from './service-accounts.ts';
import { serviceRoutes } from './services.ts';
import { settingsRoutes } from './settings.ts';
import { tagHistoryRoutes } from './tag-history.ts';
import { tagRoutes } from './tags.ts';
import { tokenRoutes } from './tokens.ts';
import { trashRoutes } from './trash.ts';
import { usageRoutes } from './usage.ts';
import { ownRoutes } from './users-own.ts';
import { artifactUploadRoutes } from './artifact-uploads.ts';
import { userRoutes } from './users.ts';
import { versionRoutes } from './versions.ts';
import { viewRoutes } from './views.ts';
import { workloadOperationRoutes } from './workload-operations.ts';
import { workloadPoolRoutes } from './workload-pools.ts';
import { workloadProviderRoutes } from './workload-providers.ts';

/** Every method of the management API, those that show a format's own view of its versions among them. */
export const apiRoutes = (formats: readonly Format[]): readonly ApiRoute[] => [
  ...projectRoutes,
  ...locationRoutes,
  ...operationRoutes,
  ...repositoryRoutes,
  ...remoteCacheRoutes,
  ...cleanupRoutes,
  ...packageRoutes,
  ...versionRoutes,
  ...trashRoutes,
  ...tagRoutes,
  ...tagHistoryRoutes,
  ...fileRoutes,
  ...viewRoutes(formats),
  ...artifactUploadRoutes(formats),
  ...settingsRoutes,
  ...serviceRoutes,
  ...loggingRoutes,
  ...scrubRoutes,
  ...garbageRoutes,
  ...usageRoutes,
  ...ownRoutes,
  ...userRoutes,
  ...tokenRoutes,
  ...groupRoutes,
  ...membershipRoutes,
  ...serviceAccountRoutes,
  ...serviceAccountKeyRoutes,
  ...iamCredentialsRoutes,
  ...policyRoutes,
  ...permissionRoutes,
  ...customRoleRoutes,
  ...explainRoutes,
  ...workloadPoolRoutes,
  ...workloadProviderRoutes,
  ...workloadOperationRoutes,
];
