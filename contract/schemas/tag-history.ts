import * as z from 'zod/mini';
import { type Answer, choice, maybe, message, text, timestamp } from '../proto-json.ts';

/** Something that happened to a tag. Google has no such thing. */
export const tagEvent = message({
  /** Name of the tag. */
  tag: maybe(text()),
  type: maybe(
    choice('type.googleapis.com/entrepot.v1.TagEvent.Type', {
      TYPE_UNSPECIFIED: 0,
      CREATED: 1,
      MOVED: 2,
      REMOVED: 3,
    }),
  ),
  eventTime: maybe(timestamp()),
  /** Name of the version that the tag names since then; none for a removal. */
  version: maybe(text()),
  /** Name of the version that it named until then. */
  previousVersion: maybe(text()),
  /** Who did it, as policies name them. */
  member: maybe(text()),
});
export type TagEvent = Answer<typeof tagEvent>;

export const listTagEventsResponse = message({
  events: maybe(z.array(tagEvent)),
  nextPageToken: maybe(text()),
});

/** At most one of them; with none, the version before the last move. */
export const rollbackTagRequest = message({ version: maybe(text()), asOf: maybe(timestamp()) });
export type RollbackTagRequest = Answer<typeof rollbackTagRequest>;
