import * as z from 'zod/mini';
import { type Answer, flag, maybe, message, text, timestamp } from '../proto-json.ts';
import { credentialKind, tokenScope } from './token.ts';

/** Its name is `users/NAME`. */
export const user = message({
  name: maybe(text()),
  uid: maybe(text()),
  displayName: maybe(text()),
  description: maybe(text()),
  disabled: maybe(flag()),
  /** Without one it logs in through the identity provider only. */
  hasPassword: maybe(flag()),
  /** Only where the user is created. */
  password: maybe(text()),
  createTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
});
export type User = Answer<typeof user>;

export const createUserQuery = message({ userId: maybe(text()) });

export const setPasswordRequest = message({
  password: maybe(text()),
  /** The caller's own, when it is its own that it changes. */
  currentPassword: maybe(text()),
});

/** Who the caller is, and what its credential says of it. */
export const identity = message({
  /** `users/NAME`, `projects/-/serviceAccounts/EMAIL`; none for an identity of elsewhere. */
  name: maybe(text()),
  kind: maybe(z.enum(['USER', 'SERVICE_ACCOUNT', 'FEDERATED'])),
  /** As bindings write it. */
  member: maybe(text()),
  displayName: maybe(text()),
  /** Members that mean the caller too: `group:G`, `domain:D`, `principalSet://…`. */
  memberOf: maybe(z.array(text())),
  credential: maybe(
    message({
      kind: maybe(credentialKind),
      /** `users/NAME/tokens/ID`, of a stored token. */
      token: maybe(text()),
      scope: maybe(tokenScope),
      expireTime: maybe(timestamp()),
    }),
  ),
});
export type Identity = Answer<typeof identity>;
