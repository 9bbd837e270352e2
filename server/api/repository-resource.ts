import type { Repository } from '../../contract/schemas/repository.ts';
import { names } from '../../contract/names.ts';
import type { RepositoryRecord, RepositorySettings } from '../core/resources.ts';
import { checkedPolicies } from './cleanup-rules.ts';
import { checkedDockerConfig } from './immutable-tag-rules.ts';
import type { FieldTree } from './masked-update.ts';
import { checkedQuota, quotaDocument } from './quota-rules.ts';
import { REMOTE_FIELDS } from './remote-fields.ts';
import { checkFields } from './repository-rules.ts';
import { timestamp } from './timestamp.ts';

/** What an update may do (facts: Repository JSON; the immutable ones are those Terraform replaces for). */
export const REPOSITORY_FIELDS: FieldTree = {
  name: 'output',
  format: 'immutable',
  mode: 'immutable',
  kmsKeyName: 'immutable',
  description: 'mutable',
  labels: 'map',
  cleanupPolicies: 'map',
  cleanupPolicyDryRun: 'mutable',
  trashRetention: 'mutable',
  dockerConfig: { immutableTags: 'mutable', immutableTagPatterns: 'mutable' },
  mavenConfig: { allowSnapshotOverwrites: 'immutable', versionPolicy: 'immutable' },
  virtualRepositoryConfig: {
    upstreamPolicies: 'mutable',
    writeRepository: 'mutable',
    memberFailure: 'mutable',
  },
  remoteRepositoryConfig: REMOTE_FIELDS,
  vulnerabilityScanningConfig: {
    enablementConfig: 'mutable',
    lastEnableTime: 'output',
    enablementState: 'output',
    enablementStateReason: 'output',
  },
  platformLogsConfig: { loggingState: 'mutable', severityLevel: 'mutable' },
  quota: { maxBytes: 'mutable', maxVersions: 'mutable' },
  createTime: 'output',
  updateTime: 'output',
  sizeBytes: 'output',
  satisfiesPzs: 'output',
  satisfiesPzi: 'output',
  registryUri: 'output',
  disallowUnspecifiedMode: 'output',
  networkConfig: 'output',
  sbomConfig: 'output',
  etag: 'output',
};

/** The part of a Repository that its owner decides. */
export function editable({ format, mode, description, labels, config }: RepositoryRecord): Repository {
  const { upstreamRepository: _, ...shown } = config;
  return {
    format: format as NonNullable<Repository['format']>,
    mode,
    ...(description !== '' && { description }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(shown as Repository),
  };
}

/** What is stored of a Repository, once it is known to hold. */
export function settingsOf(repository: Repository): RepositorySettings {
  checkFields(repository);
  const { description = '', labels = {}, cleanupPolicies } = repository;
  const dockerConfig = repository.dockerConfig && checkedDockerConfig(repository.dockerConfig);
  const policies = cleanupPolicies && checkedPolicies(cleanupPolicies);
  const quota = repository.quota && checkedQuota(repository.quota, 'repository.quota');
  const limits = quotaDocument(quota);
  return {
    description,
    labels,
    immutableTags: dockerConfig?.immutableTags ?? false,
    immutableTagPatterns: dockerConfig?.immutableTagPatterns ?? [],
    ...(quota && { quota }),
    config: {
      ...kept(repository, ['kmsKeyName', 'mavenConfig', 'remoteRepositoryConfig', 'virtualRepositoryConfig']),
      ...(dockerConfig && { dockerConfig }),
      ...kept(repository, ['cleanupPolicyDryRun', 'trashRetention', 'platformLogsConfig']),
      ...(limits && { quota: limits }),
      ...(policies && Object.keys(policies).length > 0 && { cleanupPolicies: policies }),
      ...scanning(repository),
    },
  };
}

/** A repository as the API shows it. Fields with their default value are left out, as in proto3 JSON. */
export function repositoryResource(record: RepositoryRecord, registryUri: string): Repository {
  const { vulnerabilityScanningConfig: scans, ...rest } = editable(record);
  return {
    name: names.repository.format(record),
    ...rest,
    ...(scans && { vulnerabilityScanningConfig: { ...scans, enablementState: 'SCANNING_DISABLED' } }),
    createTime: timestamp(record.createdAt),
    updateTime: timestamp(record.updatedAt),
    ...(record.sizeBytes > 0 && { sizeBytes: String(record.sizeBytes) }),
    registryUri,
  };
}

/** Only what is asked for; what the scanner says is its own. */
function scanning({ vulnerabilityScanningConfig: config }: Repository): Partial<Repository> {
  const wanted = config?.enablementConfig;
  return wanted === undefined ? {} : { vulnerabilityScanningConfig: { enablementConfig: wanted } };
}

function kept(
  repository: Repository,
  fields: readonly (keyof Repository)[],
): Readonly<Record<string, unknown>> {
  const entries = fields.map((field) => [field, repository[field]] as const);
  return Object.fromEntries(
    entries.filter(([, value]) => value !== undefined && value !== false && value !== ''),
  );
}
