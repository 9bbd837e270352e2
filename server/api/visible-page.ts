import { RegistryError } from '../core/error.ts';
import type { ResourceName, Within } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { Listed, ListQuery } from '../core/resources.ts';
import { denied } from './refusals.ts';
import type { Asker } from './rights.ts';

type List<T> = (query: ListQuery) => Promise<Listed<T>>;

interface Resources<T> {
  readonly permission: Permission;
  /** Holding the permission here shows everything. */
  readonly parent: ResourceName;
  readonly of: (row: T) => ResourceName;
}

/** A page of those resources that the caller may see. */
export async function visiblePage<T>(
  { parts, principal }: Asker,
  { permission, parent, of }: Resources<T>,
  query: ListQuery,
  list: List<T>,
): Promise<Listed<T>> {
  const { authorizer } = parts;
  const decision = await authorizer.check(principal, permission, parent);
  // A condition that holds for the parent may not hold for what is below it.
  if (decision.allow && !decision.conditional) return list(query);
  const see = async (rows: readonly T[]) => {
    const visible = await authorizer.visible(principal, permission, rows.map(of));
    return rows.filter((row) => visible.has(of(row)));
  };
  const page = await filtered(query, list, see, decision.allow);
  if (!page) throw denied(principal, permission, parent);
  return page;
}

interface Inside<T> {
  readonly permission: Permission;
  /** The repository. */
  readonly on: ResourceName;
  /** What of it the list is of. */
  readonly within: Within;
  readonly of: (row: T) => Within;
}

/** A page of what the caller may see inside a repository. */
export async function visibleInside<T>(
  { parts, principal }: Asker,
  { permission, on, within, of }: Inside<T>,
  query: ListQuery,
  list: List<T>,
): Promise<Listed<T>> {
  const { authorizer } = parts;
  const extent = await authorizer.extent(principal, permission, on, within);
  if (extent === 'all') return list(query);
  const see = async (rows: readonly T[]) => {
    const seen: T[] = [];
    for (const row of rows)
      if ((await authorizer.check(principal, permission, on, of(row))).allow) seen.push(row);
    return seen;
  };
  const isWhole = Object.keys(within).length === 0;
  const isKnown =
    (await authorizer.check(principal, permission, on, within)).allow ||
    (isWhole && (await authorizer.visible(principal, permission, [on])).has(on));
  const page = extent === 'some' && (await filtered(query, list, see, isKnown));
  if (!page) throw denied(principal, permission, on);
  return page;
}

/** Rounds after which a page is answered as it is: the rest comes with its next page. */
const MOST_ROUNDS = 10;
const LARGEST_LOT = 1_000;

/**
 * Nothing where the caller sees nothing of the list, and nothing else tells that it is there: the refusal is then the same as
 * for a list that is not.
 */
async function filtered<T>(
  query: ListQuery,
  list: List<T>,
  see: (rows: readonly T[]) => Promise<readonly T[]>,
  isKnown: boolean,
): Promise<Listed<T> | undefined> {
  try {
    const page = await nextVisible(query, list, see);
    const isAllThereIs = !page.next && !query.condition && !query.after;
    if (isKnown || page.rows.length > 0) return page;
    return !isAllThereIs && (await seesAny(query, list, see)) ? page : undefined;
  } catch (error) {
    if (isKnown || !(error instanceof RegistryError) || error.status >= 500) throw error;
    return undefined;
  }
}

async function nextVisible<T>(
  query: ListQuery,
  list: List<T>,
  see: (rows: readonly T[]) => Promise<readonly T[]>,
): Promise<Listed<T>> {
  const seen: T[] = [];
  let next = query.after;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const limit = query.limit - seen.length;
    const page = await list({ ...query, limit, ...(next && { after: next }) });
    seen.push(...(await see(page.rows)));
    next = page.next;
    if (!next || seen.length >= query.limit) break;
  }
  return next ? { rows: seen, next } : { rows: seen };
}

/** Looks through everything, which only those who see nothing for long have to wait for. */
async function seesAny<T>(
  { order }: ListQuery,
  list: List<T>,
  see: (rows: readonly T[]) => Promise<readonly T[]>,
): Promise<boolean> {
  for (let after: ListQuery['after']; ;) {
    const page = await list({ order, limit: LARGEST_LOT, ...(after && { after }) });
    if ((await see(page.rows)).length > 0) return true;
    if (!page.next) return false;
    after = page.next;
  }
}
