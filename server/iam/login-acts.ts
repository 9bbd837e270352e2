import type { Act, Actor } from '../core/audit.ts';

interface Parts {
  readonly now: () => number;
  readonly newId: () => string;
}

/** support.google.com/a/answer/4580120, as Cloud Logging names its events. */
const SERVICE = 'login.googleapis.com';
type Event = 'loginSuccess' | 'loginFailure' | 'logout';

/** The record of a person who came, could not come in, or left. */
export const loginAct = (
  { now, newId }: Parts,
  event: Event,
  actor: Actor,
  request: Readonly<Record<string, unknown>>,
): Act => ({
  id: newId(),
  at: now(),
  actor,
  type: 'ADMIN_WRITE',
  service: SERVICE,
  method: `google.login.LoginService.${event}`,
  resource: '/',
  request,
});
