import { type Kysely, sql } from 'kysely';
import type { Cascade, CascadeLine } from '../../../core/cascade.ts';
import { RegistryError } from '../../../core/error.ts';
import type { Schema } from '../schema.ts';

/** Versions that one transaction deletes together: few enough that other writers hardly wait. */
const MOST = 1_000;
/** Versions that it is found out about in that transaction, whether they go or stay. */
const MOST_LOOKED_AT = 2_000;

interface Candidate {
  readonly name: string;
  readonly because: string;
  readonly isPart: boolean;
}

/**
 * What goes with a version: its parts that nothing else needs and no tag names, and whatever refers to what goes, such as
 * signatures; then theirs. A part that another index has, or a tag, stays; so does what an immutable tag names.
 */
export async function planCascade(db: Kysely<Schema>, packageId: number, root: string): Promise<Cascade> {
  const going = new Map<string, CascadeLine>([
    [root, { version: root, reason: 'REQUESTED', tags: await tagsOf(db, packageId, root) }],
  ]);
  const kept = new Map<string, CascadeLine>();
  const open: Candidate[] = await belongings(db, packageId, root);
  let lookedAt = 0;
  // What stays because of something that goes later is looked at again then, as another belonging of that.
  for (let candidate = open.shift(); candidate; candidate = open.shift()) {
    const { name, because } = candidate;
    if (going.has(name)) continue;
    lookedAt += 1;
    if (lookedAt > MOST_LOOKED_AT)
      throw tooLarge(
        root,
        `more than ${MOST_LOOKED_AT} versions belong to ${root}, and to what goes with it`,
      );
    const tags = await tagsOf(db, packageId, name);
    const keeper = await keeperOf(db, packageId, { candidate, tags, going });
    if (keeper) {
      kept.set(name, { version: name, tags, ...keeper });
      continue;
    }
    kept.delete(name);
    going.set(name, { version: name, reason: candidate.isPart ? 'PART_OF' : 'REFERS_TO', because, tags });
    if (going.size > MOST) throw tooLarge(root, `more than ${MOST} versions would go with ${root}`);
    open.push(...(await belongings(db, packageId, name)));
  }
  return { deleted: [...going.values()], kept: [...kept.values()] };
}

const tooLarge = (root: string, what: string): RegistryError =>
  new RegistryError(
    'FAILED_PRECONDITION',
    'CASCADE_TOO_LARGE',
    `${what}: delete the package, or let a cleanup policy do it`,
    { details: { version: root } },
  );

/** The version alone. */
export const planAlone = async (db: Kysely<Schema>, packageId: number, root: string): Promise<Cascade> => ({
  deleted: [{ version: root, reason: 'REQUESTED', tags: await tagsOf(db, packageId, root) }],
  kept: [],
});

/** Its parts, then what refers to it, as far as that is there. */
async function belongings(db: Kysely<Schema>, packageId: number, name: string): Promise<Candidate[]> {
  const parts = await db
    .selectFrom('version_link as link')
    .innerJoin('version as whole', 'whole.id', 'link.version_id')
    .innerJoin('version as part', (join) =>
      join.onRef('part.package_id', '=', 'link.package_id').onRef('part.name', '=', 'link.target'),
    )
    .select('part.name')
    .where('whole.package_id', '=', packageId)
    .where('whole.name', '=', name)
    .where('link.kind', '=', 'child')
    .limit(MOST_LOOKED_AT + 1)
    .execute();
  const about = await db
    .selectFrom('version_link')
    .select('version')
    .where('package_id', '=', packageId)
    .where('kind', 'in', ['subject', 'companion'])
    .where('target', '=', name)
    .where('version', '<>', name)
    .limit(MOST_LOOKED_AT + 1)
    .execute();
  return [
    ...parts.map((part) => ({ name: part.name, because: name, isPart: true })),
    ...about.map(({ version }) => ({ name: version, because: name, isPart: false })),
  ];
}

async function keeperOf(
  db: Kysely<Schema>,
  packageId: number,
  {
    candidate: { name, isPart, because },
    tags,
    going,
  }: {
    readonly candidate: Candidate;
    readonly tags: readonly string[];
    readonly going: ReadonlyMap<string, CascadeLine>;
  },
): Promise<Pick<CascadeLine, 'reason' | 'because'> | undefined> {
  const { rows: held } = await sql`SELECT 1 FROM held_tag JOIN version ON version.id = held_tag.version_id
    WHERE held_tag.package_id = ${packageId} AND version.name = ${name} LIMIT 1`.execute(db);
  if (held.length > 0) return { reason: 'IMMUTABLE_TAG', because };
  if (isPart && tags.length > 0) return { reason: 'TAGGED', because };
  const wholes = await db
    .selectFrom('version_link')
    .select('version')
    .where('package_id', '=', packageId)
    .where('kind', '=', 'child')
    .where('target', '=', name)
    // One of so many is another than those that go.
    .limit(going.size + 1)
    .execute();
  const other = wholes.find(({ version }) => !going.has(version));
  return other && { reason: 'PART_OF', because: other.version };
}

async function tagsOf(db: Kysely<Schema>, packageId: number, name: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('version')
    .innerJoin('tag', 'tag.version_id', 'version.id')
    .select('tag.name')
    .where('version.package_id', '=', packageId)
    .where('version.name', '=', name)
    .orderBy('tag.name')
    .execute();
  return rows.map((row) => row.name);
}
