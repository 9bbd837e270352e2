import type { Act, Actor } from '../../core/audit.ts';

interface Parts {
  readonly now: () => number;
  readonly newId: () => string;
}

/** The record of a token that was made, for a user unless another member is named. */
export const tokenAct = (
  { now, newId }: Parts,
  actor: Actor,
  account: string,
  member = `user:${account}`,
): Act => ({
  id: newId(),
  at: now(),
  actor: { ...actor, member },
  type: 'ADMIN_WRITE',
  service: 'sts.googleapis.com',
  method: 'google.identity.sts.v1.SecurityTokenService.IssueToken',
  resource: '/',
  request: { account },
});
