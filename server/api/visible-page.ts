import { setImmediate } from 'node:timers/promises';
import { RegistryError } from '../core/error.ts';
import type { ResourceName, Within } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { Listed, ListQuery } from '../core/resources.ts';
import { denied } from './refusals.ts';
import type { Asker } from './rights.ts';

type List<T> = (query: ListQuery) => Promise<Listed<T>>;
type See<T> = (rows: readonly T[]) => Promise<readonly T[]>;

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

/** Rows read at once; between two lots other requests have their turn. */
const LARGEST_LOT = 1_000;

/**
 * Nothing where the caller sees nothing of the list, and nothing else tells that it is there: the refusal is then the same as
 * for a list that is not.
 */
async function filtered<T>(
  query: ListQuery,
  list: List<T>,
  see: See<T>,
  isKnown: boolean,
): Promise<Listed<T> | undefined> {
  try {
    const page = await nextVisible(query, list, see);
    const isAllThereIs = !page.next && !query.condition && !query.after;
    if (isKnown || page.rows.length > 0) return page;
    const { limit, order } = query;
    return !isAllThereIs && (await seesAny({ limit, order }, list, see)) ? page : undefined;
  } catch (error) {
    if (isKnown || !(error instanceof RegistryError) || error.status >= 500) throw error;
    return undefined;
  }
}

/**
 * Goes on until the page is full, and says where to go on only when the caller sees something there: where a page ends tells
 * as much as what is on it.
 */
async function nextVisible<T>(query: ListQuery, list: List<T>, see: See<T>): Promise<Listed<T>> {
  const seen: T[] = [];
  let from = query.after;
  for (let { limit } = query; ; limit = LARGEST_LOT) {
    const lot = await list({ ...query, limit, ...(from && { after: from }) });
    const visible = await see(lot.rows);
    const wanted = visible.slice(0, query.limit - seen.length);
    seen.push(...wanted);
    const last = wanted.at(-1);
    if (last !== undefined && seen.length === query.limit) {
      const upToLast = { ...query, limit: lot.rows.indexOf(last) + 1, ...(from && { after: from }) };
      const next = upToLast.limit === lot.rows.length ? lot.next : (await list(upToLast)).next;
      const isMore =
        wanted.length < visible.length || (lot.next && (await seesAny(query, list, see, lot.next)));
      return next && isMore ? { rows: seen, next } : { rows: seen };
    }
    if (!lot.next) return { rows: seen };
    from = lot.next;
    await setImmediate();
  }
}

/** Looks through everything from there on, which only those who see nothing for long have to wait for. */
async function seesAny<T>(
  query: ListQuery,
  list: List<T>,
  see: See<T>,
  start?: ListQuery['after'],
): Promise<boolean> {
  for (let after = start; ;) {
    const page = await list({ ...query, limit: LARGEST_LOT, ...(after && { after }) });
    if ((await see(page.rows)).length > 0) return true;
    if (!page.next) return false;
    after = page.next;
    await setImmediate();
  }
}
