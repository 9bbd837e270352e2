import * as z from 'zod/mini';
import { type Answer, duration, maybe, message, text, timestamp } from '../proto-json.ts';

const TOKEN_KINDS = ['LOGIN', 'SESSION', 'PERSONAL', 'SERVICE_ACCOUNT', 'FEDERATED', 'IMPERSONATED'] as const;
export const credentialKind = z.enum([...TOKEN_KINDS, 'PASSWORD', 'REGISTRY', 'KEY']);

/** What a token may be used for, within what its owner may do. */
export const tokenScope = message({
  /** Each includes those before it. */
  actions: maybe(z.array(z.enum(['READ', 'WRITE', 'DELETE', 'ADMIN']))),
  /** Names of projects and repositories; everywhere when there are none. */
  repositories: maybe(z.array(text())),
});

/** Its name is `users/NAME/tokens/ID`. */
export const token = message({
  name: maybe(text()),
  displayName: maybe(text()),
  kind: maybe(z.enum(TOKEN_KINDS)),
  scope: maybe(tokenScope),
  createTime: maybe(timestamp()),
  expireTime: maybe(timestamp()),
  /** Instead of a time, where it is created. */
  ttl: maybe(duration()),
  lastUseTime: maybe(timestamp()),
  /** The secret, in the answer that created it and never again. */
  token: maybe(text()),
});
export type Token = Answer<typeof token>;
