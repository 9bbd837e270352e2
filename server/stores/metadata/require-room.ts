import { setImmediate } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { Announced } from '../../core/blob.ts';
import { repositoryName } from '../../core/repository.ts';
import { quotaExceeded } from '../../lib/quota-exceeded.ts';
import type { Schema } from './schema.ts';

/** Fewer bytes than these are sent as soon as refused. */
const WORTH_IT = 64 * 1024;
const LOT = 500;
/** Files that are looked at to find out whether what comes may be there already. */
const LOOKED_AT = 20_000;

/**
 * Refuses what cannot be kept before it is sent: QUOTA_EXCEEDED. Only where that is certain, since contents that are there already
 * may come to a full repository once more. What is not refused here is still held to the quota when it is named.
 */
export async function requireRoom(
  db: Kysely<Schema>,
  repositoryId: number,
  announced: Announced,
): Promise<void> {
  const { atLeast, digest } = announced;
  if (atLeast < WORTH_IT) return;
  const row = await db
    .selectFrom('repository')
    .innerJoin('project', 'project.id', 'repository.project')
    .select(['repository.project', 'repository.location', 'repository.name as repository'])
    .select(['repository.max_bytes', 'repository.size_bytes'])
    .select(['project.max_bytes as project_max', 'project.size_bytes as project_size'])
    .where('repository.id', '=', repositoryId)
    .executeTakeFirst();
  if (!row) return;
  const { max_bytes: limit, size_bytes: used, project_max: projectLimit } = row;
  if (limit !== null && used + atLeast > limit && !(await mayBeThere(db, repositoryId, announced)))
    throw quotaExceeded({ quota: 'bytes', of: repositoryName(row), limit, used, more: atLeast });
  if (projectLimit === null || row.project_size + atLeast <= projectLimit || digest === undefined) return;
  const { rows } = await sql`SELECT 1 FROM project_blob WHERE digest = ${digest}
    AND project = ${row.project}`.execute(db);
  if (rows.length === 0)
    throw quotaExceeded({ quota: 'bytes', of: `projects/${row.project}`, limit: projectLimit });
}

/** Whether the repository has the content, or one of its size, or has too much to be sure. */
async function mayBeThere(db: Kysely<Schema>, repositoryId: number, announced: Announced): Promise<boolean> {
  const { atLeast, atMost, digest } = announced;
  if (digest !== undefined) {
    const { rows } =
      await sql`SELECT 1 FROM file WHERE blob_digest = ${digest} AND repository_id = ${repositoryId}
      UNION ALL SELECT 1 FROM deleted_file WHERE blob_digest = ${digest} AND repository_id = ${repositoryId}
      LIMIT 1`.execute(db);
    return rows.length > 0;
  }
  for (const table of ['file', 'deleted_file'] as const) {
    let after = '';
    for (let seen = 0; ; seen += LOT) {
      if (seen >= LOOKED_AT) return true;
      const { rows } = await sql<{ readonly path: string; readonly size: number }>`SELECT path, size
        FROM ${sql.table(table)} JOIN blob ON blob.digest = blob_digest
        WHERE repository_id = ${repositoryId} AND path > ${after} ORDER BY path LIMIT ${LOT}`.execute(db);
      if (rows.some(({ size }) => size >= atLeast && size <= atMost)) return true;
      const last = rows.at(-1);
      if (!last || rows.length < LOT) break;
      after = last.path;
      await setImmediate();
    }
  }
  return false;
}
