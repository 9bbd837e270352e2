import * as z from 'zod/mini';
import { type Answer, choice, flag, int32, int64, maybe, message, text, timestamp } from '../proto-json.ts';

/** A version that was deleted and can be restored. Google has no such thing; its fields are named as google.aip.dev/164 does. */
export const deletedVersion = message({
  /** `…/repositories/R/deletedVersions/ID`. */
  name: maybe(text()),
  /** Name of the version that it was. */
  version: maybe(text()),
  /** Names of the tags that went with it. */
  tags: maybe(z.array(text())),
  sizeBytes: maybe(int64()),
  createTime: maybe(timestamp()),
  deleteTime: maybe(timestamp()),
  /** When it goes for good. */
  purgeTime: maybe(timestamp()),
  /** Who deleted it, as policies name them. */
  member: maybe(text()),
});
export type DeletedVersion = Answer<typeof deletedVersion>;

export const deletedVersionListQuery = message({
  pageSize: maybe(int32()),
  pageToken: maybe(text()),
  /** Id of the only package to list of. */
  package: maybe(text()),
});

export const undeleteVersionRequest = message({});

export const undeleteVersionResponse = message({
  /** Names of what is there again: what was asked for first, then its parts and what refers to it. */
  versions: maybe(z.array(text())),
  /** Names of the tags that are there again. */
  tags: maybe(z.array(text())),
  /** Names of the tags that name another version by now, and stay there. */
  takenTags: maybe(z.array(text())),
});
export type UndeleteVersionResponse = Answer<typeof undeleteVersionResponse>;

export const deleteVersionQuery = message({
  force: maybe(flag()),
  /** Beyond Google: takes along its parts that nothing else needs, and what refers to what goes. */
  cascade: maybe(flag()),
  /** Past the trash. */
  permanently: maybe(flag()),
  /** Says in the operation's metadata what would go, and deletes nothing. */
  validateOnly: maybe(flag()),
});
export const deletePackageQuery = message({ permanently: maybe(flag()) });

const line = message({
  /** Name of the version. */
  version: maybe(text()),
  reason: maybe(
    choice('type.googleapis.com/entrepot.v1.CascadeMetadata.Reason', {
      REASON_UNSPECIFIED: 0,
      REQUESTED: 1,
      PART_OF: 2,
      REFERS_TO: 3,
      TAGGED: 4,
      IMMUTABLE_TAG: 5,
    }),
  ),
  /** Name of the version that it is a part of, or refers to. */
  because: maybe(text()),
  /** Names of its tags. */
  tags: maybe(z.array(text())),
});

/** The metadata of the operation of a deletion with `cascade` or `validateOnly`. */
export const cascadeMetadata = message({
  '@type': maybe(text()),
  validateOnly: maybe(flag()),
  deleted: maybe(z.array(line)),
  kept: maybe(z.array(line)),
});
export type CascadeMetadata = Answer<typeof cascadeMetadata>;
