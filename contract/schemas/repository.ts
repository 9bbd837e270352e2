import * as z from 'zod/mini';
import {
  type Answer,
  choice,
  duration,
  flag,
  int64,
  maybe,
  message,
  text,
  textMap,
  timestamp,
} from '../proto-json.ts';
import { cleanupPolicy } from './cleanup.ts';
import { quota } from './quota.ts';
import { platformLogsConfig } from './settings.ts';
import { remoteRepositoryConfig, virtualRepositoryConfig } from './remote.ts';

const PACKAGE = 'type.googleapis.com/google.devtools.artifactregistry.v1';

/** Every format Google has a number for, whether or not this server has it. */
export const FORMATS = {
  FORMAT_UNSPECIFIED: 0,
  DOCKER: 1,
  MAVEN: 2,
  NPM: 3,
  APT: 5,
  YUM: 6,
  GOOGET: 7,
  PYTHON: 8,
  KFP: 9,
  GO: 10,
  GENERIC: 11,
  RUBY: 12,
} as const;

const MODES = {
  MODE_UNSPECIFIED: 0,
  STANDARD_REPOSITORY: 1,
  VIRTUAL_REPOSITORY: 2,
  REMOTE_REPOSITORY: 3,
} as const;

export const repository = message(
  {
    name: maybe(text()),
    format: maybe(choice(`${PACKAGE}.Repository.Format`, FORMATS)),
    description: maybe(text()),
    labels: maybe(textMap()),
    createTime: maybe(timestamp()),
    updateTime: maybe(timestamp()),
    mode: maybe(choice(`${PACKAGE}.Repository.Mode`, MODES)),
    kmsKeyName: maybe(text()),
    cleanupPolicies: maybe(z.record(z.string(), cleanupPolicy)),
    cleanupPolicyDryRun: maybe(flag()),
    /** Beyond Google: how long deleted versions can be restored; the installation's setting where absent, `0s` for not at all. */
    trashRetention: maybe(duration()),
    sizeBytes: maybe(int64()),
    satisfiesPzs: maybe(flag()),
    satisfiesPzi: maybe(flag()),
    registryUri: maybe(text()),
    disallowUnspecifiedMode: maybe(flag()),
    dockerConfig: maybe(
      message({
        immutableTags: maybe(flag()),
        /** Beyond Google: only tags that match one of these are immutable, `*` standing for any text. */
        immutableTagPatterns: maybe(z.array(text())),
      }),
    ),
    mavenConfig: maybe(
      message({
        allowSnapshotOverwrites: maybe(flag()),
        versionPolicy: maybe(
          choice(`${PACKAGE}.Repository.MavenRepositoryConfig.VersionPolicy`, {
            VERSION_POLICY_UNSPECIFIED: 0,
            RELEASE: 1,
            SNAPSHOT: 2,
          }),
        ),
      }),
    ),
    virtualRepositoryConfig: maybe(virtualRepositoryConfig),
    remoteRepositoryConfig: maybe(remoteRepositoryConfig),
    vulnerabilityScanningConfig: maybe(
      message({
        enablementConfig: maybe(
          choice(`${PACKAGE}.Repository.VulnerabilityScanningConfig.EnablementConfig`, {
            ENABLEMENT_CONFIG_UNSPECIFIED: 0,
            INHERITED: 1,
            DISABLED: 2,
          }),
        ),
        lastEnableTime: maybe(timestamp()),
        enablementState: maybe(text()),
        enablementStateReason: maybe(text()),
      }),
    ),
    platformLogsConfig: maybe(platformLogsConfig),
    quota: maybe(quota),
  },
  ['networkConfig', 'sbomConfig'],
);
export type Repository = Answer<typeof repository>;
