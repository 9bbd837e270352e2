import { type Kysely, sql } from 'kysely';
import type { Found } from '../../core/catalog.ts';
import type { Schema } from './schema.ts';

/** Packages of a repository whose name or text has words that begin with all of these; names weigh more. */
export async function searchPackages(
  db: Kysely<Schema>,
  repositoryId: number,
  words: readonly string[],
  { limit, skip }: { readonly limit: number; readonly skip: number },
): Promise<Found> {
  // Quoted, a word is only a word; a NUL would end the whole expression.
  const wanted = words.map((word) => `"${word.replaceAll('"', '""').replaceAll('\0', ' ')}"*`).join(' ');
  if (wanted === '') return listed(db, repositoryId, { limit, skip });
  const matching = sql`package_text MATCH ${wanted} AND repository = ${repositoryId}`;
  const { rows } = await sql<{ readonly name: string }>`
    SELECT name FROM package_text WHERE ${matching}
    ORDER BY bm25(package_text, 0, 10, 1), name LIMIT ${limit} OFFSET ${skip}`.execute(db);
  const counted = await sql<{ readonly total: number }>`
    SELECT count(*) AS total FROM package_text WHERE ${matching}`.execute(db);
  return { packages: rows.map(({ name }) => name), total: counted.rows[0]?.total ?? 0 };
}

async function listed(
  db: Kysely<Schema>,
  repositoryId: number,
  { limit, skip }: { readonly limit: number; readonly skip: number },
): Promise<Found> {
  const published = db
    .selectFrom('package')
    .where('repository_id', '=', repositoryId)
    .where('published_at', 'is not', null);
  const rows = await published.select('name').orderBy('name').limit(limit).offset(skip).execute();
  const { total } = await published
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return { packages: rows.map(({ name }) => name), total };
}
