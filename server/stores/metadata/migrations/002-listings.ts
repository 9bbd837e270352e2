import { type Kysely, sql } from 'kysely';

/** What the management API's lists are read from: one index for each order that can be asked for. */
const STATEMENTS = [
  `CREATE INDEX repository_by_creation ON repository (project, created_at, location, name)`,
  `CREATE INDEX repository_by_update ON repository (project, updated_at, location, name)`,
  `CREATE INDEX repository_in_location_by_creation ON repository (project, location, created_at, name)`,
  `CREATE INDEX repository_in_location_by_update ON repository (project, location, updated_at, name)`,
  `CREATE INDEX package_by_creation ON package (repository_id, created_at, name)`,
  `CREATE INDEX package_by_update ON package (repository_id, updated_at, name)`,
  `CREATE INDEX file_by_creation ON file (repository_id, created_at, path)`,
  `CREATE INDEX file_by_update ON file (repository_id, updated_at, path)`,
  `DROP INDEX file_by_version`,
  `CREATE INDEX file_by_version ON file (version_id, path)`,

  // The newest versions of a whole repository cannot be found through its packages.
  `ALTER TABLE version ADD COLUMN repository_id INTEGER`,
  `UPDATE version SET repository_id = (SELECT repository_id FROM package WHERE id = version.package_id)`,
  `CREATE INDEX version_in_repository_by_creation ON version (repository_id, created_at)`,
  `CREATE INDEX version_in_repository_by_update ON version (repository_id, updated_at)`,
  `CREATE TRIGGER version_placed AFTER INSERT ON version WHEN NEW.repository_id IS NULL BEGIN
     UPDATE version SET repository_id = (SELECT repository_id FROM package WHERE id = NEW.package_id)
     WHERE id = NEW.id; END`,

  // An operation is shown to whoever started it.
  `ALTER TABLE operation ADD COLUMN account TEXT NOT NULL DEFAULT ''`,
  // Grants go with what they were given on, so that a name used again starts without any.
  `CREATE INDEX role_binding_by_resource ON role_binding (resource)`,
];

export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
