import type { Kysely, Transaction } from 'kysely';
import type { Cascade } from '../../../core/cascade.ts';
import type { MayUntag } from '../../../core/catalog.ts';
import { notFound, RegistryError } from '../../../core/error.ts';
import type { RepositoryAddress } from '../../../core/repository.ts';
import type {
  Document,
  Listed,
  ListQuery,
  OperationDraft,
  PackageAddress,
  VersionAddress,
  VersionDeletion,
  VersionRecord,
  VersionResources,
} from '../../../core/resources.ts';
import type { Transactions } from '../transactions.ts';
import { recordEvent } from '../outbox.ts';
import type { Schema } from '../schema.ts';
import type { UsualRetention } from '../trash.ts';
import { deleteVersions } from './delete-versions.ts';
import { deleteWith, planDeletionOf } from './delete-cascade.ts';
import { keysetPage } from './keyset.ts';
import { recordOperation } from './operations.ts';
import { findPackage, packageOf, repositoryOf } from './places.ts';
import {
  IN_PACKAGE,
  IN_REPOSITORY,
  selectVersions,
  type VersionColumns,
  versionMatching,
  versionRecord,
} from './version-rows.ts';
import { versionsByPackage } from './versions-by-package.ts';

export class StoredVersions implements VersionResources {
  readonly #database: Transactions;
  readonly #now: () => number;
  readonly #usual: UsualRetention;

  constructor(database: Transactions, now: () => number, usual?: UsualRetention) {
    this.#database = database;
    this.#now = now;
    this.#usual = usual;
  }

  async get(address: VersionAddress): Promise<VersionRecord | undefined> {
    const row = await find(this.#database.read, address);
    return row && versionRecord(row);
  }

  async list(
    parent: PackageAddress,
    { condition, order, withTags, ...wanted }: ListQuery & { readonly withTags: boolean },
  ): Promise<Listed<VersionRecord>> {
    const { id } = await packageOf(this.#database.read, parent);
    const page = await keysetPage(
      selectVersions(this.#database.read, withTags).where('version.package_id', '=', id),
      IN_PACKAGE[order.by],
      { ...wanted, descending: order.descending },
      condition && versionMatching(parent, condition),
    );
    return { ...page, rows: page.rows.map(versionRecord) };
  }

  async listAll(parent: RepositoryAddress, { order, ...wanted }: ListQuery): Promise<Listed<VersionRecord>> {
    const repositoryId = await repositoryOf(this.#database.read, parent);
    const page =
      order.by === 'name'
        ? await versionsByPackage(this.#database.read, repositoryId, {
            ...wanted,
            descending: order.descending,
          })
        : await keysetPage(
            selectVersions(this.#database.read).where('version.repository_id', '=', repositoryId),
            IN_REPOSITORY[order.by],
            { ...wanted, descending: order.descending },
          );
    return { ...page, rows: page.rows.map(versionRecord) };
  }

  annotate(
    address: VersionAddress,
    change: (current: VersionRecord) => VersionRecord['annotations'],
  ): Promise<VersionRecord> {
    return this.#change(address, (current) => ({ annotations: JSON.stringify(change(current)) }));
  }

  amend(
    address: VersionAddress,
    change: (current: VersionRecord) => VersionRecord['attributes'],
  ): Promise<VersionRecord> {
    return this.#change(address, (current) => ({ attributes: JSON.stringify(change(current)) }));
  }

  #change(
    address: VersionAddress,
    change: (current: VersionRecord) => Partial<Pick<VersionColumns, 'annotations' | 'attributes'>>,
  ): Promise<VersionRecord> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const { repositoryId } = await packageOf(tx, address);
      const row = await find(tx, address);
      if (!row) throw notFound('VERSION', { version: address.version });
      const changed = { ...change(versionRecord(row)), updated_at: now };
      await tx.updateTable('version').set(changed).where('id', '=', row.id).execute();
      const { package: pkg, version } = address;
      await recordEvent(tx, now, 'version.updated', { repositoryId, package: pkg, version });
      return versionRecord({ ...row, ...changed });
    });
  }

  delete(
    address: VersionAddress,
    {
      force,
      permanently = false,
      cascade = false,
      validateOnly = false,
      mayDelete,
      mayUntag,
      told = async (plan) => plan,
    }: VersionDeletion,
    draft: OperationDraft<Cascade>,
  ): Promise<Document> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const usual = permanently ? undefined : this.#usual;
      const place = await packageOf(tx, address);
      if (!force) await refuseTagged(tx, address, mayUntag);
      const removal = {
        address,
        place,
        now,
        usual,
        cascade,
        ...(mayDelete && { mayDelete }),
        ...(mayUntag && { mayUntag }),
      };
      const plan = validateOnly ? await planDeletionOf(tx, removal) : await deleteWith(tx, removal);
      const result = await told(plan);
      return recordOperation(tx, { at: address, draft, result, now });
    });
  }

  deleteMany(
    parent: PackageAddress,
    versions: readonly string[],
    how: { readonly validateOnly: boolean; readonly mayUntag?: MayUntag },
    draft: OperationDraft<readonly string[]>,
  ): Promise<Document> {
    return deleteVersions(
      { database: this.#database, parent, now: this.#now, usual: this.#usual },
      versions,
      {
        ...how,
        draft,
      },
    );
  }
}

async function find(db: Kysely<Schema>, address: VersionAddress): Promise<VersionColumns | undefined> {
  const pkg = await findPackage(db, address);
  return (
    pkg &&
    selectVersions(db)
      .where('version.package_id', '=', pkg.id)
      .where('version.name', '=', address.version)
      .executeTakeFirst()
  );
}

async function refuseTagged(
  tx: Transaction<Schema>,
  address: VersionAddress,
  mayUntag?: MayUntag,
): Promise<void> {
  const row = await find(tx, address);
  const tags = row ? versionRecord(row).tags : [];
  if (tags.length === 0) return;
  for (const tag of tags) await mayUntag?.({ tag, version: address.version });
  throw new RegistryError(
    'FAILED_PRECONDITION',
    'VERSION_TAGGED',
    `version ${address.version} is tagged (${tags.slice(0, 5).join(', ')}): delete its tags first, or set force`,
    { details: { version: address.version, tag: tags[0] ?? '' } },
  );
}
