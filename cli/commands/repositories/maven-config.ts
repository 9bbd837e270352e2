import type { Repository } from '../../../contract/client.ts';
import { choice, toggle } from '../../grammar/flags.ts';

/** What a Maven repository takes is said once, when it is made. */
export const MAVEN_FLAGS = {
  versionPolicy: choice(['none', 'release', 'snapshot'], 'Which versions may be published (maven only).'),
  allowSnapshotOverwrites: toggle('Snapshots without timestamps can be published again (maven only).'),
} as const;

interface Given {
  readonly versionPolicy: string | undefined;
  readonly allowSnapshotOverwrites: boolean | undefined;
}

const POLICIES = {
  none: 'VERSION_POLICY_UNSPECIFIED',
  release: 'RELEASE',
  snapshot: 'SNAPSHOT',
} as const;
const isPolicy = (text: string): text is keyof typeof POLICIES => Object.hasOwn(POLICIES, text);

/** Only what the flags say. */
export function mavenConfigOf({
  versionPolicy,
  allowSnapshotOverwrites,
}: Given): Repository['mavenConfig'] | undefined {
  if (versionPolicy === undefined && allowSnapshotOverwrites === undefined) return undefined;
  return {
    ...(versionPolicy !== undefined && isPolicy(versionPolicy) && { versionPolicy: POLICIES[versionPolicy] }),
    ...(allowSnapshotOverwrites !== undefined && { allowSnapshotOverwrites }),
  };
}
