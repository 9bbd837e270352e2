import type { Act } from '../core/audit.ts';

/** Somebody's change of a repository, with everything that an act can say. */
export const ACT: Act = {
  id: 'an-act',
  at: 1_000,
  actor: { member: 'user:ann', peer: '10.0.0.7', userAgent: 'docker/28', token: 'token-1' },
  type: 'ADMIN_WRITE',
  service: 'artifactregistry.googleapis.com',
  method: 'CreateTag',
  resource: 'projects/p/locations/us/repositories/r',
  permission: 'artifactregistry.tags.create',
};
