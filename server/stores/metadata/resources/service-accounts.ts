import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import type { Listed, ListQuery } from '../../../core/resources.ts';
import {
  emailOf,
  type NewServiceAccount,
  projectOf,
  type ServiceAccountAddress,
  type ServiceAccountRecord,
  type ServiceAccountResources,
  type ServiceAccountText,
} from '../../../core/service-accounts.ts';
import { newUid } from '../account-tables.ts';
import { endGotWith } from '../end-tokens.ts';
import { forgetMember } from '../forget-member.ts';
import type { AccountTable, Schema } from '../schema.ts';
import type { Transactions } from '../transactions.ts';
import { removeGrants } from './grants.ts';
import { keysetPage } from './keyset.ts';

type Row = Selectable<AccountTable>;

const UID = /^\d{1,30}$/;

export class StoredServiceAccounts implements ServiceAccountResources {
  readonly #database: Transactions;
  readonly #now: () => number;
  readonly #domain: string;

  /** `domain` is what the e-mails end in, after the project. */
  constructor(database: Transactions, now: () => number, domain: string) {
    this.#database = database;
    this.#now = now;
    this.#domain = domain;
  }

  async locate(project: string, account: string): Promise<ServiceAccountAddress> {
    if (!UID.test(account)) {
      const home = project === '-' ? (projectOf(account, this.#domain) ?? project) : project;
      return { project: home, email: account };
    }
    const row = await this.#database.read
      .selectFrom('account')
      .select(['id', 'project'])
      .where('uid', '=', account)
      .where('kind', '=', 'service-account')
      .executeTakeFirst();
    const home = row?.project ?? '-';
    return row && (project === '-' || project === home)
      ? { project: home, email: row.id }
      : { project, email: account };
  }

  async get(address: ServiceAccountAddress): Promise<ServiceAccountRecord | undefined> {
    const row = await find(this.#database.read, address);
    return row && record(row);
  }

  async list(
    project: string,
    query: Pick<ListQuery, 'limit' | 'after'>,
  ): Promise<Listed<ServiceAccountRecord>> {
    const accounts = this.#database.read.selectFrom('account').selectAll().where('project', '=', project);
    const keyset = { columns: ['id'], position: (row: Row) => [row.id] };
    const { rows, next } = await keysetPage(accounts, keyset, { ...query, descending: false });
    return { rows: rows.map(record), ...(next && { next }) };
  }

  create({ project, id, displayName, description }: NewServiceAccount): Promise<ServiceAccountRecord> {
    const email = emailOf({ project, id }, this.#domain);
    return this.#database.transaction(async (tx) => {
      const home = await tx.selectFrom('project').select('id').where('id', '=', project).executeTakeFirst();
      if (!home) throw notFound('PROJECT', { project });
      const row = await tx
        .insertInto('account')
        .values({
          id: email,
          uid: newUid,
          kind: 'service-account',
          project,
          display_name: displayName,
          description,
          password_hash: null,
          created_at: this.#now(),
          updated_at: this.#now(),
        })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst();
      if (row) return record(row);
      throw new RegistryError(
        'ALREADY_EXISTS',
        'SERVICE_ACCOUNT_EXISTS',
        `Service account ${id} already exists within project projects/${project}.`,
        { details: { email } },
      );
    });
  }

  update(
    address: ServiceAccountAddress,
    change: (current: ServiceAccountRecord) => ServiceAccountText,
  ): Promise<ServiceAccountRecord> {
    return this.#database.transaction(async (tx) => {
      const { displayName, description } = change(record(await serviceAccountOf(tx, address)));
      return this.#set(tx, address, { display_name: displayName, description });
    });
  }

  async setDisabled(address: ServiceAccountAddress, disabled: boolean): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await serviceAccountOf(tx, address);
      if (disabled) await endGotWith(tx, address.email);
      await this.#set(tx, address, { disabled: disabled ? 1 : 0 });
    });
  }

  async delete(address: ServiceAccountAddress): Promise<void> {
    await this.#database.transaction(async (tx) =>
      removeServiceAccount(tx, await serviceAccountOf(tx, address)),
    );
  }

  async #set(
    tx: Transaction<Schema>,
    { email }: ServiceAccountAddress,
    values: Partial<Pick<Row, 'display_name' | 'description' | 'disabled'>>,
  ): Promise<ServiceAccountRecord> {
    const row = await tx
      .updateTable('account')
      // Two changes within a millisecond are two.
      .set({ ...values, updated_at: sql<number>`max(updated_at + 1, ${this.#now()})` })
      .where('id', '=', email)
      .returningAll()
      .executeTakeFirstOrThrow();
    return record(row);
  }
}

/** Removes the service accounts of a project that goes. */
export async function removeServiceAccountsOf(tx: Transaction<Schema>, project: string): Promise<void> {
  const rows = await tx.selectFrom('account').selectAll().where('project', '=', project).execute();
  for (const row of rows) await removeServiceAccount(tx, row);
}

async function removeServiceAccount(tx: Transaction<Schema>, { id, uid, project }: Row): Promise<void> {
  await endGotWith(tx, id);
  await tx.deleteFrom('account').where('id', '=', id).execute();
  await removeGrants(tx, `projects/${project}/serviceAccounts/${id}`);
  await forgetMember(tx, `serviceAccount:${id}`, uid);
}

const find = (db: Kysely<Schema>, { project, email }: ServiceAccountAddress): Promise<Row | undefined> =>
  db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', email)
    .where('project', '=', project)
    .executeTakeFirst();

export async function serviceAccountOf(db: Kysely<Schema>, address: ServiceAccountAddress): Promise<Row> {
  const row = await find(db, address);
  if (!row) throw notFound('SERVICE_ACCOUNT', { email: address.email });
  return row;
}

const record = (row: Row): ServiceAccountRecord => ({
  project: row.project ?? '',
  email: row.id,
  uid: row.uid,
  displayName: row.display_name,
  description: row.description,
  disabled: row.disabled === 1,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
