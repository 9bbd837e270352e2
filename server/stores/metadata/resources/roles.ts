import { type Kysely, type Selectable, sql } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import type { Permission } from '../../../core/permissions.ts';
import type { Listed, ListQuery } from '../../../core/resources.ts';
import type { RoleContent, RoleRecord, RoleResources, RoleStage } from '../../../core/roles.ts';
import type { CustomRoleTable, Schema } from '../schema.ts';
import type { Transactions } from '../transactions.ts';

type Row = Selectable<CustomRoleTable>;

export class StoredRoles implements RoleResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async get(name: string): Promise<RoleRecord | undefined> {
    const row = await find(this.#database.read, name);
    return row && record(row);
  }

  async list(
    parent: string,
    { limit, after, showDeleted }: Pick<ListQuery, 'limit' | 'after'> & { readonly showDeleted: boolean },
  ): Promise<Listed<RoleRecord>> {
    const db = this.#database.read;
    await requireParent(db, parent);
    const rows = await db
      .selectFrom('custom_role')
      .selectAll()
      .where('name', '>', after === undefined ? `${parent}/roles/` : String(after[0]))
      // `0` follows `/` in byte order.
      .where('name', '<', `${parent}/roles0`)
      .$if(!showDeleted, (query) => query.where('deleted', '=', 0))
      .orderBy('name')
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return { rows: page.map(record), ...(rows.length > limit && last && { next: [last.name] }) };
  }

  create(name: string, content: RoleContent): Promise<RoleRecord> {
    return this.#database.transaction(async (tx) => {
      await requireParent(tx, name.slice(0, name.lastIndexOf('/roles/')));
      const now = this.#now();
      const row = await tx
        .insertInto('custom_role')
        .values({
          name,
          ...columns(content),
          deleted: 0,
          revision: nextRevision,
          created_at: now,
          updated_at: now,
        })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returningAll()
        .executeTakeFirst();
      if (row) return record(row);
      const there = await find(tx, name);
      throw new RegistryError(
        'ALREADY_EXISTS',
        'ROLE_EXISTS',
        there?.deleted
          ? `A role named ${name} was deleted. Undelete it, or choose another id.`
          : `A role named ${name} already exists.`,
        { details: { role: name } },
      );
    });
  }

  change(
    name: string,
    change: (current: RoleRecord) => Promise<RoleContent & Pick<RoleRecord, 'deleted'>>,
  ): Promise<RoleRecord> {
    return this.#database.transaction(async (tx) => {
      const row = await find(tx, name);
      if (!row) throw notFound('ROLE', { role: name });
      const { deleted, ...content } = await change(record(row));
      const changed = await tx
        .updateTable('custom_role')
        .set({
          ...columns(content),
          deleted: deleted ? 1 : 0,
          revision: nextRevision,
          updated_at: this.#now(),
        })
        .where('name', '=', name)
        .returningAll()
        .executeTakeFirstOrThrow();
      return record(changed);
    });
  }
}

/** Of all that decides, so that what was said of one role never fits another of its name. */
const nextRevision = sql<number>`(SELECT policies + 1 FROM iam_revision)`;

const find = (db: Kysely<Schema>, name: string): Promise<Row | undefined> =>
  db.selectFrom('custom_role').selectAll().where('name', '=', name).executeTakeFirst();

async function requireParent(db: Kysely<Schema>, parent: string): Promise<void> {
  if (!parent.startsWith('projects/')) return;
  const project = parent.slice('projects/'.length);
  const row = await db.selectFrom('project').select('id').where('id', '=', project).executeTakeFirst();
  if (!row) throw notFound('PROJECT', { project });
}

const columns = ({ title, description, stage, permissions }: RoleContent) => ({
  title,
  description,
  stage,
  permissions: JSON.stringify(permissions),
});

const record = (row: Row): RoleRecord => ({
  name: row.name,
  title: row.title,
  description: row.description,
  stage: row.stage as RoleStage,
  permissions: JSON.parse(row.permissions) as Permission[],
  revision: row.revision,
  deleted: row.deleted === 1,
});
