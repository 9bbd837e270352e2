import { sql, type Transaction } from 'kysely';
import type { Correction } from '../../core/usage.ts';
import type { Schema } from './schema.ts';
import { COUNTED, type Miscount, miscounts, MISPLACED } from './usage-recount.ts';

type Tx = Transaction<Schema>;
type Limits = {
  readonly id: number | string;
  readonly max_bytes: number | null;
  readonly max_versions: number | null;
};
const LIMITED = ['repository', 'project'] as const;

/** Sets every counter to what a look at everything finds; what is above its limit by that stays above it. */
export async function recounted(tx: Tx): Promise<readonly Correction[]> {
  const limits = new Map<(typeof LIMITED)[number], readonly Limits[]>();
  for (const table of LIMITED) {
    const limited = sql`max_bytes IS NOT NULL OR max_versions IS NOT NULL`;
    const { rows } = await sql<Limits>`SELECT id, max_bytes, max_versions FROM ${sql.table(table)}
      WHERE ${limited}`.execute(tx);
    limits.set(table, rows);
    await sql`UPDATE ${sql.table(table)} SET max_bytes = NULL, max_versions = NULL WHERE ${limited}`.execute(
      tx,
    );
  }
  await placeAnew(tx);
  const corrections: Correction[] = [];
  for (const table of COUNTED) {
    const { rows } = await sql.raw<Miscount>(miscounts(table)).execute(tx);
    for (const { id, place, size, alone, versions, size_bytes, version_count } of rows) {
      await sql`UPDATE ${sql.table(table)} SET size_bytes = ${size}, unique_bytes = ${alone},
        version_count = ${versions} WHERE id = ${id}`.execute(tx);
      corrections.push({
        place,
        before: { sizeBytes: size_bytes, versions: version_count },
        after: { sizeBytes: size, versions },
      });
    }
  }
  for (const [table, rows] of limits)
    for (const { id, max_bytes, max_versions } of rows)
      await sql`UPDATE ${sql.table(table)} SET max_bytes = ${max_bytes}, max_versions = ${max_versions}
        WHERE id = ${id}`.execute(tx);
  return corrections;
}

interface Misplaced {
  readonly digest: string;
  readonly project: string;
  /** Nothing where no repository of the project has it. */
  readonly repositories: number | null;
  readonly repository_ids: number | null;
}

/** Says anew in which projects blobs are. What that does to counters is put right after it. */
async function placeAnew(tx: Tx): Promise<void> {
  const { rows } = await sql.raw<Misplaced>(MISPLACED).execute(tx);
  for (const { digest, project, repositories, repository_ids } of rows) {
    await sql`DELETE FROM project_blob WHERE digest = ${digest} AND project = ${project}`.execute(tx);
    if (repositories !== null)
      await sql`INSERT INTO project_blob (digest, project, repositories, repository_ids)
        VALUES (${digest}, ${project}, ${repositories}, ${repository_ids})`.execute(tx);
  }
}
