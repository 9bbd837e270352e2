import type { Scope } from '../core/iam.ts';
import { PREDEFINED_ROLES } from './predefined-roles.ts';

/** Of Google's OAuth scopes, those that only let one look. All others are no limit: roles are what limits. */
const READING = new Set(
  ['cloud-platform.read-only', 'devstorage.read_only'].map(
    (name) => `https://www.googleapis.com/auth/${name}`,
  ),
);

/** The words of a `scope` claim or parameter. */
export const scopeWords = (scope: unknown): readonly string[] =>
  typeof scope === 'string' ? scope.split(' ').filter((word) => word !== '') : [];

/** What a token for these scopes is limited to, if it is. */
export function scopeOfGoogles(scopes: readonly string[]): Scope | undefined {
  if (scopes.length === 0 || !scopes.every((scope) => READING.has(scope))) return undefined;
  const viewer = PREDEFINED_ROLES.get('roles/viewer');
  return { permissions: viewer ? [...viewer.permissions] : [] };
}
