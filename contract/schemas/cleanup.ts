import * as z from 'zod/mini';
import { type Answer, choice, duration, int32, maybe, message, text } from '../proto-json.ts';

const TYPE = 'type.googleapis.com/google.devtools.artifactregistry.v1.CleanupPolicy';

export const cleanupPolicy = message({
  id: maybe(text()),
  action: maybe(choice(`${TYPE}.Action`, { ACTION_UNSPECIFIED: 0, DELETE: 1, KEEP: 2 })),
  condition: maybe(
    message({
      tagState: maybe(
        choice('type.googleapis.com/google.devtools.artifactregistry.v1.CleanupPolicyCondition.TagState', {
          TAG_STATE_UNSPECIFIED: 0,
          TAGGED: 1,
          UNTAGGED: 2,
          ANY: 3,
        }),
      ),
      tagPrefixes: maybe(z.array(text())),
      versionNamePrefixes: maybe(z.array(text())),
      packageNamePrefixes: maybe(z.array(text())),
      olderThan: maybe(duration()),
      newerThan: maybe(duration()),
    }),
  ),
  mostRecentVersions: maybe(
    message({ packageNamePrefixes: maybe(z.array(text())), keepCount: maybe(int32()) }),
  ),
});
export type CleanupPolicy = Answer<typeof cleanupPolicy>;
