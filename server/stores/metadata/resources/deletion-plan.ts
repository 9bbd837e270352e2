import { type Kysely, sql } from 'kysely';
import { listed } from '../listed.ts';
import type { Schema } from '../schema.ts';

export interface DeletionPlan {
  /** Parents before their children. */
  readonly possible: readonly string[];
  /** Absent, held by an immutable tag, or part of something that stays. */
  readonly refused: readonly string[];
}

/** Which of these versions of a package could be deleted together, and in which order. */
export async function planDeletion(
  db: Kysely<Schema>,
  packageId: number,
  versions: readonly string[],
): Promise<DeletionPlan> {
  const wanted = listed(versions);
  const rows = await db
    .selectFrom('version')
    .select(['name', held.as('held')])
    .where('package_id', '=', packageId)
    .where('name', 'in', wanted)
    .execute();
  const links = await db
    .selectFrom('version_link')
    .select(['target', 'version'])
    .where('package_id', '=', packageId)
    .where('kind', '=', 'child')
    .where('target', 'in', wanted)
    .execute();
  const parents = Map.groupBy(links, ({ target }) => target);
  const parentsOf = (name: string): readonly string[] =>
    parents.get(name)?.map(({ version }) => version) ?? [];

  const going = new Set(rows.filter((row) => row.held === 0).map(({ name }) => name));
  for (let before = -1; before !== going.size;) {
    before = going.size;
    for (const name of going) if (!parentsOf(name).every((parent) => going.has(parent))) going.delete(name);
  }
  return {
    possible: parentsFirst(going, parentsOf),
    refused: versions.filter((name) => !going.has(name)),
  };
}

const held = sql<0 | 1>`EXISTS (SELECT 1 FROM held_tag WHERE held_tag.version_id = version.id)`;

function parentsFirst(
  names: ReadonlySet<string>,
  parentsOf: (name: string) => readonly string[],
): readonly string[] {
  const ordered = new Set<string>();
  const begun = new Set<string>();
  const visit = (name: string): void => {
    if (begun.has(name)) return;
    begun.add(name);
    for (const parent of parentsOf(name)) visit(parent);
    ordered.add(name);
  };
  for (const name of names) visit(name);
  return [...ordered];
}
