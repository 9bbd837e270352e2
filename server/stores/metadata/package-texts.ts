import { type Kysely, sql, type Transaction } from 'kysely';
import { onlyRow, prepared } from './prepared.ts';
import type { NewTextTable, Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

/** Texts that wait. The index that is searched takes as long and as many pages for one as for some dozens together. */
const MOST_WAITING = 64;

const insertText = prepared((db, { package_id, text }: Omit<NewTextTable, 'seq'>) =>
  db.insertInto('new_text').values({ package_id, text }).returning('seq'),
);

/** Gives a package another text to be found by. It waits for others, at most until somebody searches. */
export async function noteText(tx: Transaction<Schema>, packageId: number, text: string): Promise<void> {
  const { rows } = await insertText(tx, { package_id: packageId, text });
  // Numbers begin anew where none waits.
  if (onlyRow(rows).seq >= MOST_WAITING) await indexTexts(tx);
}

/** The text of the package that a statement is about, wherever that is. */
export const textOfPackage = sql<string | null>`coalesce(
  (SELECT text FROM new_text WHERE package_id = package.id ORDER BY seq DESC LIMIT 1),
  (SELECT text FROM package_text WHERE rowid = package.id))`;

/**
 * Has all texts found by whoever searches next. Where nothing can be written, what waits is not found until something can.
 */
export async function settleTexts(database: Pick<Transactions, 'read' | 'transaction'>): Promise<void> {
  if (await areWaiting(database.read)) await database.transaction(indexTexts).catch(() => undefined);
}

async function areWaiting(db: Kysely<Schema>): Promise<boolean> {
  return (await db.selectFrom('new_text').select('seq').limit(1).executeTakeFirst()) !== undefined;
}

/** The last text of each package counts. */
async function indexTexts(tx: Transaction<Schema>): Promise<void> {
  await sql`DELETE FROM package_text WHERE rowid IN (SELECT package_id FROM new_text)`.execute(tx);
  await sql`INSERT INTO package_text (rowid, repository, name, text)
    SELECT package.id, package.repository_id, package.name, new_text.text FROM new_text
    JOIN package ON package.id = new_text.package_id
    WHERE NOT EXISTS (SELECT 1 FROM new_text AS later
      WHERE later.seq > new_text.seq AND later.package_id = new_text.package_id)`.execute(tx);
  await tx.deleteFrom('new_text').execute();
}
