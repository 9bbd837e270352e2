import * as z from 'zod/mini';
import { type Answer, maybe, message, text, timestamp } from '../proto-json.ts';

/** Its name is `groups/NAME`. */
export const group = message({
  name: maybe(text()),
  uid: maybe(text()),
  displayName: maybe(text()),
  description: maybe(text()),
  createTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
});
export type Group = Answer<typeof group>;

export const createGroupQuery = message({ groupId: maybe(text()) });

/** Its name is `groups/NAME/memberships/ACCOUNT`. */
export const membership = message({
  name: maybe(text()),
  /** `user:NAME` or `serviceAccount:EMAIL`; `users/NAME` and `serviceAccounts/EMAIL` are taken too. */
  member: maybe(text()),
  /** `CLAIM`: the identity provider said so at the last log-in. */
  source: maybe(z.enum(['MANUAL', 'CLAIM'])),
  createTime: maybe(timestamp()),
});
export type Membership = Answer<typeof membership>;
