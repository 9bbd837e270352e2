import type { ResourceName } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { Listed, ListQuery } from '../core/resources.ts';
import { denied } from './refusals.ts';
import type { ApiCall } from './route.ts';

interface Visibility<T> {
  readonly permission: Permission;
  /** Holding the permission here shows everything. */
  readonly parent: ResourceName;
  readonly of: (row: T) => ResourceName;
}

/** Rounds after which a page is answered as it is: the rest comes with its next page. */
const MOST_ROUNDS = 10;

/**
 * A page of what the caller may see. Where that is nothing, the refusal is the same as for a parent that is not
 * there.
 */
export async function visiblePage<T>(
  { parts, principal }: Pick<ApiCall<unknown, unknown>, 'parts' | 'principal'>,
  { permission, parent, of }: Visibility<T>,
  query: ListQuery,
  list: (query: ListQuery) => Promise<Listed<T>>,
): Promise<Listed<T>> {
  const { authorizer } = parts;
  if ((await authorizer.check(principal, permission, parent)).allow) return list(query);

  const seen: T[] = [];
  let next = query.after;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const limit = query.limit - seen.length;
    const page = await list({ ...query, limit, ...(next && { after: next }) });
    const visible = await authorizer.visible(principal, permission, page.rows.map(of));
    seen.push(...page.rows.filter((row) => visible.has(of(row))));
    next = page.next;
    if (!next || seen.length >= query.limit) break;
  }
  if (seen.length === 0 && !next && !query.after) throw denied(principal, permission, parent);
  return next ? { rows: seen, next } : { rows: seen };
}
