import { type Answer, choice, int32, maybe, message, text } from '../proto-json.ts';

const PACKAGE = 'type.googleapis.com/google.devtools.artifactregistry.v1';

export const platformLogsConfig = message({
  loggingState: maybe(
    choice(`${PACKAGE}.PlatformLogsConfig.LoggingState`, {
      LOGGING_STATE_UNSPECIFIED: 0,
      ENABLED: 1,
      DISABLED: 2,
    }),
  ),
  severityLevel: maybe(
    choice(`${PACKAGE}.PlatformLogsConfig.SeverityLevel`, {
      SEVERITY_LEVEL_UNSPECIFIED: 0,
      DEBUG: 1,
      INFO: 2,
      NOTICE: 3,
      WARNING: 4,
      ERROR: 5,
      CRITICAL: 6,
      ALERT: 7,
      EMERGENCY: 8,
    }),
  ),
});

export const projectSettings = message({
  name: maybe(text()),
  legacyRedirectionState: maybe(
    choice(`${PACKAGE}.ProjectSettings.RedirectionState`, {
      REDIRECTION_STATE_UNSPECIFIED: 0,
      REDIRECTION_FROM_GCR_IO_DISABLED: 1,
      REDIRECTION_FROM_GCR_IO_ENABLED: 2,
      REDIRECTION_FROM_GCR_IO_FINALIZED: 3,
      REDIRECTION_FROM_GCR_IO_PARTIAL: 4,
      REDIRECTION_FROM_GCR_IO_ENABLED_AND_COPYING: 5,
      REDIRECTION_FROM_GCR_IO_PARTIAL_AND_COPYING: 6,
    }),
  ),
  pullPercent: maybe(int32()),
});
export type ProjectSettings = Answer<typeof projectSettings>;

export const projectConfig = message({ name: maybe(text()), platformLogsConfig: maybe(platformLogsConfig) });
export type ProjectConfig = Answer<typeof projectConfig>;

export const vpcscConfig = message({
  name: maybe(text()),
  vpcscPolicy: maybe(
    choice(`${PACKAGE}.VPCSCConfig.VPCSCPolicy`, { VPCSC_POLICY_UNSPECIFIED: 0, DENY: 1, ALLOW: 2 }),
  ),
});
export type VpcscConfig = Answer<typeof vpcscConfig>;
