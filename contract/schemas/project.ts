import * as z from 'zod/mini';
import { type Answer, maybe, message, struct, text, textMap, timestamp } from '../proto-json.ts';
import { quota } from './quota.ts';

/** Cloud Resource Manager v1, whose `name` is for people and whose number is a decimal string. */
export const project = message({
  projectId: maybe(text()),
  projectNumber: maybe(text()),
  lifecycleState: maybe(
    z.enum(['LIFECYCLE_STATE_UNSPECIFIED', 'ACTIVE', 'DELETE_REQUESTED', 'DELETE_IN_PROGRESS']),
  ),
  name: maybe(text()),
  createTime: maybe(timestamp()),
  labels: maybe(textMap()),
  quota: maybe(quota),
  parent: maybe(message({ type: maybe(text()), id: maybe(text()) })),
});
export type Project = Answer<typeof project>;

/** Cloud Resource Manager v3, whose `name` is `projects/NUMBER`. */
export const projectV3 = message({
  name: maybe(text()),
  parent: maybe(text()),
  projectId: maybe(text()),
  state: maybe(z.enum(['STATE_UNSPECIFIED', 'ACTIVE', 'DELETE_REQUESTED'])),
  displayName: maybe(text()),
  createTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
  labels: maybe(textMap()),
});

export const location = message({
  name: maybe(text()),
  locationId: maybe(text()),
  displayName: maybe(text()),
  labels: maybe(textMap()),
  metadata: maybe(struct()),
});
export type Location = Answer<typeof location>;

/** Service Usage, as far as tools ask whether a service is on. */
export const service = message({
  name: maybe(text()),
  parent: maybe(text()),
  state: maybe(z.enum(['STATE_UNSPECIFIED', 'DISABLED', 'ENABLED'])),
});
export type Service = Answer<typeof service>;
