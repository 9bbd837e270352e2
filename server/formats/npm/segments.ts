import type { RouteRequest } from '../../core/format.ts';
import { notFound } from '../../core/error.ts';
import { param } from '../../core/format.ts';
import type { Within } from '../../core/iam.ts';
import { packageName } from './names.ts';

/** A scoped name is one segment to the routes, though clients write it as two as often: `@scope/name` and `@scope%2fname`. */
export function scopesJoined(rest: readonly string[]): readonly string[] {
  if (!rest.some(isScope)) return rest;
  const joined: string[] = [];
  for (let at = 0; at < rest.length; at += 1) {
    const segment = rest[at] ?? '';
    const next = rest[at + 1];
    if (!isScope(segment) || next === undefined) joined.push(segment);
    else {
      joined.push(`${segment}/${next}`);
      at += 1;
    }
  }
  return joined;
}

const isScope = (segment: string): boolean => segment.startsWith('@') && !segment.includes('/');

/** The package that a path names, to change it. NAME_INVALID for a name that is none. */
export const packageOf = ({ params }: Pick<RouteRequest, 'params'>): string =>
  packageName(param(params, 'pkg'));

/** The package that a path names, to read it. NOT_FOUND for a name that is none. */
export function packageToRead(request: Pick<RouteRequest, 'params'>): string {
  try {
    return packageOf(request);
  } catch {
    throw notFound('PACKAGE', { name: param(request.params, 'pkg') });
  }
}

/** What a request says of its package to conditions: its name, and the version or tag where the path has one. */
export const within = ({ params }: Pick<RouteRequest, 'params'>): Within => {
  const { pkg, tag } = params;
  if (pkg === undefined) return {};
  return { package: pkg, ...(tag !== undefined && { tag }) };
};
