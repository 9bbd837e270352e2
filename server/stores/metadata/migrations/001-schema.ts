import { type Kysely, sql } from 'kysely';
import { COLLECTION } from './001-collection.ts';
import { COPIES } from './001-copies.ts';
import { NAMES } from './001-names.ts';
import { TABLES } from './001-tables.ts';
import { TRASH } from './001-trash.ts';
import { TRIGGERS } from './001-triggers.ts';
import { USAGE } from './001-usage.ts';

export async function createSchema(db: Kysely<never>): Promise<void> {
  for (const statement of [...TABLES, ...NAMES, ...COPIES, ...COLLECTION, ...TRASH, ...TRIGGERS, ...USAGE])
    await sql.raw(statement).execute(db);
}
