import { sql, type Transaction } from 'kysely';
import type { Act } from '../../core/audit.ts';
import { RegistryError } from '../../core/error.ts';
import type { ExternalAccounts, ExternalIdentity } from '../../core/external-accounts.ts';
import { newUid } from './account-tables.ts';
import { recordAct } from './audit-entries.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';
import { hasOwner } from './last-owner.ts';

interface Found {
  readonly id: string;
  readonly kind: string;
  readonly password_hash: string | null;
  readonly issuer: string | null;
  readonly subject: string | null;
  readonly disabled: number;
}
const COLUMNS = ['id', 'kind', 'password_hash', 'issuer', 'subject', 'disabled'] as const;

export class ExternalAccountTables implements ExternalAccounts {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  signIn(
    identity: ExternalIdentity,
    options: { readonly create: boolean },
    act: (account: string) => Act,
  ): Promise<string> {
    return this.#database.transaction(async (tx) => {
      const account = await this.#account(tx, identity, options.create);
      await this.#takeGroups(tx, account, identity.groups);
      await recordAct(tx, act(account));
      return account;
    });
  }

  async #account(tx: Transaction<Schema>, identity: ExternalIdentity, create: boolean): Promise<string> {
    const { issuer, subject, name } = identity;
    const known = await tx
      .selectFrom('account')
      .select(COLUMNS)
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .executeTakeFirst();
    if (known) return enabled(known);
    // Names differ by more than case.
    const namesake = await tx
      .selectFrom('account')
      .select(COLUMNS)
      .where(sql`lower(id)`, '=', sql`lower(${name})`)
      .executeTakeFirst();
    if (namesake) return this.#link(tx, namesake, identity);
    if (!create)
      throw refused('ACCOUNT_UNKNOWN', `there is no user ${name} here; ask an administrator to create it`);
    return this.#create(tx, identity);
  }

  /** Somebody else's account must not be had by taking its name at the provider. */
  async #link(
    tx: Transaction<Schema>,
    account: Found,
    { issuer, subject }: ExternalIdentity,
  ): Promise<string> {
    const isFree =
      account.kind === 'user' &&
      account.subject === null &&
      (account.issuer === issuer || (account.issuer === null && account.password_hash === null));
    if (!isFree)
      throw refused(
        'ACCOUNT_NOT_LINKED',
        `the user ${account.id} exists here and does not log in this way; an administrator can remove its ` +
          'password to let it, or you can log in with that password',
      );
    const id = enabled(account);
    await tx
      .updateTable('account')
      .set({ issuer, subject, updated_at: this.#now() })
      .where('id', '=', id)
      .execute();
    return id;
  }

  async #create(
    tx: Transaction<Schema>,
    { issuer, subject, name, displayName }: ExternalIdentity,
  ): Promise<string> {
    const times = { created_at: this.#now(), updated_at: this.#now() };
    await tx
      .insertInto('account')
      .values({ id: name, uid: newUid, kind: 'user', display_name: displayName, issuer, subject, ...times })
      .execute();
    return name;
  }

  async #takeGroups(tx: Transaction<Schema>, account: string, groups: readonly string[]): Promise<void> {
    const here = tx.selectFrom('account_group').select('id').where('id', 'in', groups);
    const claimed = groups.length === 0 ? [] : (await here.execute()).map(({ id }) => id);
    const mine = tx.selectFrom('group_member').select('group_id').where('account', '=', account);
    const had = (await mine.where('source', '=', 'claim').execute()).map((row) => row.group_id);
    const gone = had.filter((group) => !claimed.includes(group));
    const added = claimed.filter((group) => !had.includes(group));
    // What stays as it is moves no revision.
    for (const group of added) await this.#join(tx, account, group);
    const owned = gone.length > 0 && (await hasOwner(tx));
    for (const group of gone) {
      await tx
        .deleteFrom('group_member')
        .where('account', '=', account)
        .where('source', '=', 'claim')
        .where('group_id', '=', group)
        .execute();
      // A provider that forgot a group must not leave the installation to nobody.
      if (owned && !(await hasOwner(tx))) await this.#join(tx, account, group);
    }
  }

  async #join(tx: Transaction<Schema>, account: string, group: string): Promise<void> {
    await tx
      .insertInto('group_member')
      .values({ account, group_id: group, source: 'claim', created_at: this.#now() })
      .execute();
  }
}

function enabled({ id, disabled }: Found): string {
  if (disabled === 0) return id;
  throw refused('ACCOUNT_DISABLED', `the user ${id} is disabled; ask an administrator`);
}

const refused = (reason: string, message: string): RegistryError =>
  new RegistryError('PERMISSION_DENIED', reason, message);
