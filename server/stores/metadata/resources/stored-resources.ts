import type { Resources } from '../../../core/resources.ts';
import type { SecretSealer } from '../../../lib/sealed-secret.ts';
import type { Transactions } from '../transactions.ts';
import type { UsualRetention } from '../trash.ts';
import { StoredTokens } from './account-tokens.ts';
import { StoredTrash } from './deleted-versions.ts';
import { StoredFiles } from './files.ts';
import { StoredGarbage } from './garbage.ts';
import { StoredGroups } from './groups.ts';
import { StoredOperations } from './operations.ts';
import { StoredPackages } from './packages.ts';
import { StoredPolicies } from './policies.ts';
import { StoredProjects } from './projects.ts';
import { StoredRepositories } from './repositories.ts';
import { StoredRoles } from './roles.ts';
import { StoredScrub } from './scrub.ts';
import { StoredServiceAccountKeys } from './service-account-keys.ts';
import { StoredServiceAccounts } from './service-accounts.ts';
import { StoredTagHistory } from './tag-history.ts';
import { StoredTags } from './tags.ts';
import { StoredUsage } from './usage.ts';
import { StoredUsers } from './users.ts';
import { StoredVersions } from './versions.ts';
import { StoredWorkloadPools } from './workload-pools.ts';
import { StoredWorkloadProviders } from './workload-providers.ts';

interface StoredResourcesOptions {
  readonly database: Transactions;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What e-mails of service accounts end in, after the project. */
  readonly serviceAccountDomain: string;
  /** Seals what is kept of upstreams' credentials; without it, none are. */
  readonly upstreamSecrets?: SecretSealer;
  /** Without it, nothing goes into the trash. */
  readonly trashRetention?: UsualRetention;
}

/** What the management API works on, in the metadata database. */
export const storedResources = ({
  database,
  now,
  serviceAccountDomain,
  upstreamSecrets,
  trashRetention,
}: StoredResourcesOptions): Resources => ({
  projects: new StoredProjects(database, now),
  repositories: new StoredRepositories(database, now, upstreamSecrets),
  packages: new StoredPackages(database, now, trashRetention),
  versions: new StoredVersions(database, now, trashRetention),
  tags: new StoredTags(database, now),
  tagHistory: new StoredTagHistory(database, now),
  files: new StoredFiles(database, now, trashRetention),
  operations: new StoredOperations(database, now),
  users: new StoredUsers(database, now),
  groups: new StoredGroups(database, now),
  tokens: new StoredTokens(database, now),
  policies: new StoredPolicies(database),
  serviceAccounts: new StoredServiceAccounts(database, now, serviceAccountDomain),
  serviceAccountKeys: new StoredServiceAccountKeys(database, now),
  roles: new StoredRoles(database, now),
  scrub: new StoredScrub(database, now),
  workloadPools: new StoredWorkloadPools(database, now),
  workloadProviders: new StoredWorkloadProviders(database, now),
  garbage: new StoredGarbage(database, now),
  trash: new StoredTrash(database, now),
  usage: new StoredUsage(database),
});
