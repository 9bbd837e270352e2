import { type Kysely, sql } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import { type RepositoryAddress, repositoryName } from '../../../core/repository.ts';
import type {
  Condition,
  Document,
  FileAddress,
  FileRecord,
  FileResources,
  Listed,
  ListQuery,
  OperationDraft,
  SortField,
} from '../../../core/resources.ts';
import type { Transactions } from '../transactions.ts';
import type { UsualRetention } from '../trash.ts';
import { recordEvent } from '../outbox.ts';
import type { Schema } from '../schema.ts';
import { type Keyset, keysetPage } from './keyset.ts';
import {
  annotationMatching,
  escapedColumn,
  escapeId,
  type Matching,
  nameMatching,
  textMatching,
} from './matching.ts';
import { namedVersion } from './named-version.ts';
import { recordOperation } from './operations.ts';
import { withdrawFile } from '../withdraw-file.ts';
import { findRepository, repositoryOf } from './places.ts';

export class StoredFiles implements FileResources {
  readonly #database: Transactions;
  readonly #now: () => number;
  readonly #usual: UsualRetention;

  constructor(database: Transactions, now: () => number, usual?: UsualRetention) {
    this.#database = database;
    this.#now = now;
    this.#usual = usual;
  }

  async get(address: FileAddress): Promise<FileRecord | undefined> {
    const row = await find(this.#database.read, address);
    return row && record(row);
  }

  async list(
    parent: RepositoryAddress,
    { condition, order, ...wanted }: ListQuery,
  ): Promise<Listed<FileRecord>> {
    const repositoryId = await repositoryOf(this.#database.read, parent);
    const owner = condition && (await namedVersion(this.#database.read, parent, condition));
    const files = selectFiles(this.#database.read).where('file.repository_id', '=', repositoryId);
    const page = await keysetPage(
      owner === undefined ? files : files.where('file.version_id', '=', owner),
      KEYSETS[order.by],
      { ...wanted, descending: order.descending },
      condition && matchingOf(parent, condition),
    );
    return { ...page, rows: page.rows.map(record) };
  }

  annotate(
    address: FileAddress,
    change: (current: FileRecord) => FileRecord['annotations'],
  ): Promise<FileRecord> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const row = await find(tx, address);
      if (!row) throw notFound('FILE', { path: address.path });
      const changed = { annotations: JSON.stringify(change(record(row))), updated_at: now };
      await tx.updateTable('file').set(changed).where('id', '=', row.id).execute();
      const { repository_id: repositoryId, path } = row;
      await recordEvent(tx, now, 'file.updated', { repositoryId, path });
      return record({ ...row, ...changed });
    });
  }

  delete(
    address: FileAddress,
    { fromVersions, mayUntag }: Parameters<FileResources['delete']>[1],
    draft: OperationDraft,
  ): Promise<Document> {
    return this.#database.transaction(async (tx) => {
      const now = this.#now();
      const row = await find(tx, address);
      if (!row) throw notFound('FILE', { path: address.path });
      const user = await tx
        .selectFrom('version_use')
        .select('version_id')
        .where('file_id', '=', row.id)
        .limit(1)
        .executeTakeFirst();
      const { repository_id: repositoryId, path } = row;
      if (!user && row.version !== null && fromVersions) {
        await withdrawFile(tx, { repositoryId, path, now, usual: this.#usual }, mayUntag);
        return recordOperation(tx, { at: address, draft, result: undefined, now });
      }
      if (user || row.version !== null)
        throw new RegistryError(
          'FAILED_PRECONDITION',
          'IN_USE',
          'the file is part of a version: delete the version instead',
          { details: { path: address.path } },
        );
      await tx.deleteFrom('file').where('id', '=', row.id).execute();
      await recordEvent(tx, now, 'file.deleted', { repositoryId, path });
      return recordOperation(tx, { at: address, draft, result: undefined, now });
    });
  }
}

/** Files with the size of their bytes, and their version where they have one. */
const selectFiles = (db: Kysely<Schema>) =>
  db
    .selectFrom('file')
    .innerJoin('blob', 'blob.digest', 'file.blob_digest')
    .leftJoin('version', 'version.id', 'file.version_id')
    .leftJoin('package', 'package.id', 'file.package_id')
    .select([
      'file.id',
      'file.repository_id',
      'file.path',
      'file.blob_digest',
      'file.annotations',
      'file.created_at',
      'file.updated_at',
      'blob.size',
      'blob.md5',
      'version.name as version',
      'package.name as package',
    ]);

interface Row {
  readonly id: number;
  readonly repository_id: number;
  readonly path: string;
  readonly blob_digest: string;
  readonly annotations: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly size: number;
  readonly md5: string | null;
  readonly version: string | null;
  readonly package: string | null;
}

async function find(db: Kysely<Schema>, address: FileAddress): Promise<Row | undefined> {
  const repositoryId = await findRepository(db, address);
  if (repositoryId === undefined) return undefined;
  return selectFiles(db)
    .where('file.repository_id', '=', repositoryId)
    .where('file.path', '=', address.path)
    .executeTakeFirst();
}

const KEYSETS: Readonly<Record<SortField, Keyset<Row>>> = {
  name: { columns: ['file.path'], position: (row) => [row.path] },
  createTime: { columns: ['file.created_at', 'file.path'], position: (row) => [row.created_at, row.path] },
  updateTime: { columns: ['file.updated_at', 'file.path'], position: (row) => [row.updated_at, row.path] },
};

function matchingOf(parent: RepositoryAddress, condition: Condition): Matching<Row> {
  const repository = repositoryName(parent);
  const { field, pattern } = condition;
  if (field === 'annotations') return annotationMatching('file.annotations', condition.key, pattern);
  if (field === 'name')
    return nameMatching(
      { below: `${repository}/files/`, column: 'file.path', id: (row) => row.path },
      pattern,
    );
  return textMatching(
    {
      name: sql`${`${repository}/packages/`} || ${escapedColumn('package.name')} || '/versions/'
        || ${escapedColumn('version.name')}`,
      text: (row) => (row.version === null ? '' : ownerName(repository, row)),
    },
    pattern,
  );
}

const ownerName = (repository: string, row: Row): string =>
  `${repository}/packages/${escapeId(row.package ?? '')}/versions/${escapeId(row.version ?? '')}`;

const record = (row: Row): FileRecord => ({
  path: row.path,
  size: row.size,
  sha256: row.blob_digest.slice('sha256:'.length),
  ...(row.md5 !== null && { md5: row.md5 }),
  ...(row.package !== null && { package: row.package }),
  ...(row.version !== null && { owner: { package: row.package ?? '', version: row.version } }),
  annotations: JSON.parse(row.annotations) as Record<string, string>,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
