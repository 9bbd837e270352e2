import { type Kysely, sql } from 'kysely';
import type { Found } from '../../core/catalog.ts';
import type { Schema } from './schema.ts';

/** Of how many packages that match a search is told which fit best; more are the first of them that were published. */
const RANKED = 1_000;
/** How far the packages are counted that match. */
const COUNTED = 10_000;

/**
 * Packages of a repository whose name or text has words that begin with all of these; names weigh more. However many there
 * are, the time that this takes has a bound.
 */
export async function searchPackages(
  db: Kysely<Schema>,
  repositoryId: number,
  words: readonly string[],
  { limit, skip }: { readonly limit: number; readonly skip: number },
): Promise<Found> {
  const wanted = words.map(prefixOf).join(' ');
  if (wanted === '') return listed(db, repositoryId, { limit, skip });
  const match = (columns: string) => `repository : "${repositoryId}" AND ${columns} : (${wanted})`;
  const among = (columns: string) => sql`SELECT name, bm25(package_text, 0, 10, 1) AS score FROM package_text
    WHERE package_text MATCH ${match(columns)} LIMIT ${RANKED}`;
  // What is called so is among the ranked ones, though many others only tell of it.
  const { rows } = await sql<{ readonly name: string }>`
    SELECT name FROM (SELECT * FROM (${among('{name}')}) UNION ALL SELECT * FROM (${among('{name text}')}))
    GROUP BY name ORDER BY min(score), name LIMIT ${limit} OFFSET ${skip}`.execute(db);
  const counted = await sql<{ readonly total: number }>`SELECT count(*) AS total FROM (
    SELECT 1 FROM package_text WHERE package_text MATCH ${match('{name text}')} LIMIT ${COUNTED})`.execute(
    db,
  );
  return { packages: rows.map(({ name }) => name), total: counted.rows[0]?.total ?? 0 };
}

/** SQLite ends a text at a NUL, where a quote is open. */
const prefixOf = (word: string): string => `"${word.replaceAll('\0', ' ').replaceAll('"', '""')}"*`;

async function listed(
  db: Kysely<Schema>,
  repositoryId: number,
  { limit, skip }: { readonly limit: number; readonly skip: number },
): Promise<Found> {
  const published = db
    .selectFrom('package')
    .select('name')
    .where('repository_id', '=', repositoryId)
    .where('published_at', 'is not', null);
  const rows = await published.orderBy('name').limit(limit).offset(skip).execute();
  const { total } = await db
    .selectFrom(published.limit(COUNTED).as('first'))
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return { packages: rows.map(({ name }) => name), total };
}
