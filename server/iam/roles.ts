import { PERMISSIONS, type Permission } from '../core/iam.ts';

const everything: ReadonlySet<Permission> = new Set(PERMISSIONS);

/** What each role may do. A role that is not here may do nothing. */
export const ROLES: ReadonlyMap<string, ReadonlySet<Permission>> = new Map([['roles/owner', everything]]);
