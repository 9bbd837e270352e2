import type { ResourceName } from './iam.ts';

/** What stands above all projects, by the name that Google has for such a thing. */
export const INSTALLATION = 'organizations/entrepot';

/** A name as people and programs are shown it. */
export const shownName = (on: ResourceName): string => (on === '/' ? INSTALLATION : on);
