import { type Kysely, sql } from 'kysely';

/** Versions know how many tags they have, so that those without any are found and not searched for. */
const STATEMENTS = [
  `ALTER TABLE version ADD COLUMN tag_count INTEGER NOT NULL DEFAULT 0`,
  `UPDATE version SET tag_count = (SELECT count(*) FROM tag WHERE tag.version_id = version.id)`,
  `CREATE INDEX version_untagged ON version (package_id, name) WHERE tag_count = 0`,
  `CREATE TRIGGER tag_counted AFTER INSERT ON tag BEGIN ${count('NEW', '+')}; END`,
  `CREATE TRIGGER tag_recounted AFTER UPDATE OF version_id ON tag WHEN NEW.version_id <> OLD.version_id BEGIN
     ${count('OLD', '-')};
     ${count('NEW', '+')}; END`,
  `CREATE TRIGGER tag_uncounted AFTER DELETE ON tag BEGIN ${count('OLD', '-')}; END`,
];

function count(row: 'NEW' | 'OLD', sign: '+' | '-'): string {
  return `UPDATE version SET tag_count = tag_count ${sign} 1 WHERE id = ${row}.version_id`;
}

export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
