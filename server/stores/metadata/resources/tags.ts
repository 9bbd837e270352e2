import type { Kysely, Transaction } from 'kysely';
import { sql } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import { repositoryName } from '../../../core/repository.ts';
import type {
  Condition,
  Listed,
  ListQuery,
  PackageAddress,
  TagAddress,
  TagRecord,
  TagResources,
} from '../../../core/resources.ts';
import type { Transactions } from '../transactions.ts';
import type { Schema } from '../schema.ts';
import { removeTag, setTag } from '../tags.ts';
import { type Keyset, keysetPage } from './keyset.ts';
import { escapedColumn, escapeId, type Matching, nameMatching, textMatching } from './matching.ts';
import { namedVersion } from './named-version.ts';
import { findPackage, packageOf } from './places.ts';

export class StoredTags implements TagResources {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async get(address: TagAddress): Promise<TagRecord | undefined> {
    const pkg = await findPackage(this.#database.read, address);
    return (
      pkg && selectTags(this.#database.read, pkg.id).where('tag.name', '=', address.tag).executeTakeFirst()
    );
  }

  /** By name, whatever order is asked for: the API has no other for tags. */
  async list(parent: PackageAddress, { condition, order, ...wanted }: ListQuery): Promise<Listed<TagRecord>> {
    const { id } = await packageOf(this.#database.read, parent);
    const version = condition && (await namedVersion(this.#database.read, parent, condition));
    const tags = selectTags(this.#database.read, id);
    return keysetPage(
      version === undefined ? tags : tags.where('tag.version_id', '=', version),
      BY_NAME,
      { ...wanted, descending: order.descending },
      condition && matchingOf(parent, condition),
    );
  }

  create(address: TagAddress, version: string): Promise<TagRecord> {
    return this.#point(address, version, (known) => {
      if (known)
        throw new RegistryError('ALREADY_EXISTS', 'TAG_EXISTS', `tag ${address.tag} already exists`, {
          details: { tag: address.tag },
        });
    });
  }

  move(address: TagAddress, version: string): Promise<TagRecord> {
    return this.#point(address, version, (known) => {
      if (!known) throw notFound('TAG', { tag: address.tag });
    });
  }

  delete(address: TagAddress): Promise<void> {
    return this.#database.transaction(async (tx) => {
      const { repositoryId } = await packageOf(tx, address);
      await removeTag(tx, { repositoryId, package: address.package, tag: address.tag, now: this.#now() });
    });
  }

  #point(
    address: TagAddress,
    version: string,
    check: (known: TagRecord | undefined) => void,
  ): Promise<TagRecord> {
    return this.#database.transaction(async (tx) => {
      const { id: packageId, repositoryId } = await packageOf(tx, address);
      check(await selectTags(tx, packageId).where('tag.name', '=', address.tag).executeTakeFirst());
      const versionId = await versionOf(tx, packageId, version);
      const { package: pkg, tag } = address;
      await setTag(tx, { repositoryId, packageId, package: pkg, tag, versionId, version, now: this.#now() });
      return { tag, version };
    });
  }
}

const BY_NAME: Keyset<TagRecord> = { columns: ['tag.name'], position: ({ tag }) => [tag] };

const selectTags = (db: Kysely<Schema>, packageId: number) =>
  db
    .selectFrom('tag')
    .innerJoin('version', 'version.id', 'tag.version_id')
    .select(['tag.name as tag', 'version.name as version'])
    .where('tag.package_id', '=', packageId);

async function versionOf(tx: Transaction<Schema>, packageId: number, version: string): Promise<number> {
  const row = await tx
    .selectFrom('version')
    .select('id')
    .where('package_id', '=', packageId)
    .where('name', '=', version)
    .executeTakeFirst();
  if (!row) throw notFound('VERSION', { version });
  return row.id;
}

function matchingOf(parent: PackageAddress, { field, pattern }: Condition): Matching<TagRecord> {
  const pkg = `${repositoryName(parent)}/packages/${escapeId(parent.package)}`;
  if (field === 'name')
    return nameMatching({ below: `${pkg}/tags/`, column: 'tag.name', id: ({ tag }) => tag }, pattern);
  return textMatching(
    {
      name: sql`${`${pkg}/versions/`} || ${escapedColumn('version.name')}`,
      text: ({ version }) => `${pkg}/versions/${escapeId(version)}`,
    },
    pattern,
  );
}
