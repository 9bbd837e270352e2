import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import type { GroupChange, GroupRecord, GroupResources, MembershipRecord } from '../../../core/groups.ts';
import type { Listed, ListQuery } from '../../../core/resources.ts';
import { newUid } from '../account-tables.ts';
import { forgetMember } from '../forget-member.ts';
import { keepingAnOwner } from '../last-owner.ts';
import type { AccountGroupTable, Schema } from '../schema.ts';
import type { Transactions } from '../transactions.ts';
import { keysetPage } from './keyset.ts';

type Row = Selectable<AccountGroupTable>;
type PageQuery = Pick<ListQuery, 'limit' | 'after'>;

export class StoredGroups implements GroupResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async get(id: string): Promise<GroupRecord | undefined> {
    const row = await find(this.#database.read, id);
    return row && record(row);
  }

  async list(query: PageQuery): Promise<Listed<GroupRecord>> {
    const groups = this.#database.read.selectFrom('account_group').selectAll();
    const keyset = { columns: ['id'], position: (row: Row) => [row.id] };
    const { rows, next } = await keysetPage(groups, keyset, { ...query, descending: false });
    return { rows: rows.map(record), ...(next && { next }) };
  }

  create({ id, displayName, description }: GroupChange & Pick<GroupRecord, 'id'>): Promise<GroupRecord> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const row = await tx
        .insertInto('account_group')
        .values({
          id,
          uid: newUid,
          display_name: displayName,
          description,
          created_at: now,
          updated_at: now,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst();
      if (row) return record(row);
      throw new RegistryError('ALREADY_EXISTS', 'GROUP_EXISTS', `there is a group called ${id} already`, {
        details: { group: id },
      });
    });
  }

  update(id: string, change: (current: GroupRecord) => GroupChange): Promise<GroupRecord> {
    return this.#database.transaction(async (tx) => {
      const { displayName, description } = change(record(await present(tx, id)));
      const row = await tx
        .updateTable('account_group')
        .set({ display_name: displayName, description, updated_at: this.#now() })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow();
      return record(row);
    });
  }

  delete(id: string): Promise<void> {
    return this.#database.transaction((tx) =>
      keepingAnOwner(tx, async () => {
        const { uid } = await present(tx, id);
        await tx.deleteFrom('account_group').where('id', '=', id).execute();
        await forgetMember(tx, `group:${id}`, uid);
      }),
    );
  }

  async members(group: string, query: PageQuery): Promise<Listed<MembershipRecord>> {
    await present(this.#database.read, group);
    const keyset = { columns: ['group_member.account'], position: (row: MembershipRecord) => [row.account] };
    return keysetPage(memberships(this.#database.read, group), keyset, { ...query, descending: false });
  }

  member(group: string, account: string): Promise<MembershipRecord | undefined> {
    return memberships(this.#database.read, group)
      .where('group_member.account', '=', account)
      .executeTakeFirst();
  }

  addMember(
    group: string,
    { kind, account }: Pick<MembershipRecord, 'kind' | 'account'>,
  ): Promise<MembershipRecord> {
    return this.#database.transaction(async (tx) => {
      await present(tx, group);
      const there = await tx
        .selectFrom('account')
        .select('id')
        .where('id', '=', account)
        .where('kind', '=', kind)
        .executeTakeFirst();
      if (!there) throw notFound('ACCOUNT', { account });
      const { numInsertedOrUpdatedRows: added = 0n } = await tx
        .insertInto('group_member')
        .values({ account, group_id: group, source: 'manual', created_at: this.#now() })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (added === 0n)
        throw new RegistryError(
          'ALREADY_EXISTS',
          'MEMBERSHIP_EXISTS',
          `${account} is a member of ${group} already`,
        );
      return memberships(tx, group).where('group_member.account', '=', account).executeTakeFirstOrThrow();
    });
  }

  removeMember(group: string, account: string): Promise<void> {
    return this.#database.transaction((tx) =>
      keepingAnOwner(tx, async () => {
        const { numDeletedRows } = await tx
          .deleteFrom('group_member')
          .where('group_id', '=', group)
          .where('account', '=', account)
          .executeTakeFirst();
        if (numDeletedRows === 0n) throw notFound('MEMBERSHIP', { membership: account });
      }),
    );
  }
}

/** One row for each account, whoever put it there. */
const memberships = (db: Kysely<Schema>, group: string) =>
  db
    .selectFrom('group_member')
    .innerJoin('account', 'account.id', 'group_member.account')
    .select([
      'group_member.account',
      'account.kind',
      'group_member.source',
      'group_member.created_at as createdAt',
    ])
    .where('group_member.group_id', '=', group)
    // Put there by hand counts more than said by the identity provider.
    .where(
      sql<boolean>`(group_member.source = 'manual' OR NOT EXISTS (SELECT 1 FROM group_member AS other
        WHERE other.account = group_member.account AND other.group_id = ${group} AND other.source = 'manual'))`,
    );

const find = (db: Kysely<Schema>, id: string): Promise<Row | undefined> =>
  db.selectFrom('account_group').selectAll().where('id', '=', id).executeTakeFirst();

async function present(db: Kysely<Schema> | Transaction<Schema>, id: string): Promise<Row> {
  const row = await find(db, id);
  if (!row) throw notFound('GROUP', { group: id });
  return row;
}

const record = (row: Row): GroupRecord => ({
  id: row.id,
  uid: row.uid,
  displayName: row.display_name,
  description: row.description,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
