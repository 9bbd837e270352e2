import type { Statement } from 'bun:sqlite';
import { sql, type Transaction } from 'kysely';
import type { CopyState } from '../../core/copies.ts';
import type { BlobStore, CommittedBlob, Digest } from '../../core/blob.ts';
import type {
  CopiedDocuments,
  CopyNote,
  DocumentAddress,
  DocumentLayout,
  DocumentStore,
  StoredDocument,
} from '../../core/documents.ts';
import { adoptBlob, type Surplus } from './adopt-blob.ts';
import { CommittedCache } from './committed-cache.ts';
import { noteState, PURGES, stateOf } from './copy-tables.ts';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

/** Forms of one index that are kept: clients come by a few addresses, and whoever makes some up shall not fill the disk. */
const MOST_FORMS = 4;

/** Bytes of a document that are kept in its row: a blob of its own would cost two syncs. */
const SMALL = 128 * 1024;

interface Row {
  readonly id: number;
  readonly source: string;
  readonly layouts: string;
  readonly stored_at: number;
  readonly digest: Digest | null;
  readonly size: number;
  readonly generation: string;
}

/** Where the bytes of a document are kept. */
type Kept = { readonly blob: CommittedBlob } | { readonly body: Uint8Array };
type New = Pick<StoredDocument, 'source' | 'layouts' | 'madeAt'> & Kept;

/** Kept documents: blobs like any other, named by rows of their own, and the small ones rows alone. Asked for on every request, so prepared. */
export class DocumentTables implements DocumentStore, CopiedDocuments {
  readonly #database: Transactions;
  readonly #blobs: Pick<BlobStore, 'begin' | 'delete'>;
  readonly #now: () => number;
  readonly #found: CommittedCache<StoredDocument | null>;
  readonly #find: Statement<Row, [number, string, string, string]>;
  readonly #body: Statement<{ readonly body: Uint8Array<ArrayBuffer> }, [number, string, number]>;

  constructor(database: Transactions, blobs: Pick<BlobStore, 'begin' | 'delete'>, now: () => number) {
    this.#database = database;
    this.#blobs = blobs;
    this.#now = now;
    this.#found = new CommittedCache(database);
    this.#find = database.reading.prepare(
      `SELECT id, source, layouts, stored_at, blob.digest, blob.size, blob.generation
       FROM document LEFT JOIN blob ON blob.digest = document.blob_digest
       WHERE repository_id = +? AND kind = +? AND key = +? AND form = +?
         AND (document.blob_digest IS NULL OR blob.state IN ('live', 'condemned'))`,
    );
    this.#body = database.reading.prepare(
      'SELECT body FROM document WHERE id = ? AND source = ? AND stored_at = ? AND body IS NOT NULL',
    );
  }

  find({ repositoryId, kind, key, form }: DocumentAddress): StoredDocument | undefined {
    const found = this.#found.get(`${repositoryId}/${kind}/${form} ${key}`, () => {
      const row = this.#find.get(repositoryId, kind, key, form);
      return row && stored(row);
    });
    return found ?? undefined;
  }

  async keep(
    at: DocumentAddress,
    { source, layouts, madeAt }: Pick<StoredDocument, 'source' | 'layouts' | 'madeAt'>,
    body: readonly Uint8Array<ArrayBuffer>[],
  ): Promise<void> {
    const kept = await this.#kept(body);
    await this.#write((tx) => name(tx, at, { source, layouts, madeAt, ...kept }));
  }

  bytes({ id, source, madeAt }: StoredDocument): Uint8Array<ArrayBuffer> | undefined {
    return this.#body.get(Number.parseInt(id, 10), source, madeAt)?.body;
  }

  async keepCopy(
    at: DocumentAddress,
    { source, layouts }: Pick<StoredDocument, 'source' | 'layouts'>,
    body: readonly Uint8Array<ArrayBuffer>[],
    { what, state, purges }: CopyNote,
  ): Promise<void> {
    const kept = await this.#kept(body);
    await this.#write(async (tx) => {
      const later = await stateOf(tx, at.repositoryId, what);
      const purged = await stateOf(tx, at.repositoryId, PURGES);
      if ((purged?.etag ?? '') !== purges || isLater(later?.validated_at, state, this.#now()))
        return 'blob' in kept ? kept.blob : undefined;
      await noteState(tx, at.repositoryId, what, state);
      return name(tx, at, { source, layouts, madeAt: this.#now(), ...kept });
    });
  }

  async drop(repositoryId: number, key?: string): Promise<void> {
    await this.#database.transaction((tx) =>
      tx
        .deleteFrom('document')
        .where('repository_id', '=', repositoryId)
        .$if(key !== undefined, (narrowed) => narrowed.where('key', '=', key ?? ''))
        .execute(),
    );
  }

  async #kept(body: readonly Uint8Array<ArrayBuffer>[]): Promise<Kept> {
    const size = body.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return size <= SMALL ? { body: Buffer.concat(body) } : { blob: await this.#stored(body) };
  }

  async #stored(body: readonly Uint8Array<ArrayBuffer>[]): Promise<CommittedBlob> {
    const writer = await this.#blobs.begin();
    try {
      await writer.append(new Blob([...body]).stream());
      return await writer.commit();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  async #write(work: (tx: Transaction<Schema>) => Promise<Surplus | undefined>): Promise<void> {
    const surplus = await this.#database.transaction(work);
    if (surplus) await this.#blobs.delete(surplus);
  }
}

/** What is dated later than now was dated before the clock was put back. */
const isLater = (at: number | undefined, { validatedAt }: CopyState, now: number): boolean =>
  at !== undefined && at > validatedAt && at <= now;

/** Answers the blob where it turned out to be there already. */
async function name(
  tx: Transaction<Schema>,
  at: DocumentAddress,
  { source, layouts, madeAt, ...kept }: New,
): Promise<Surplus | undefined> {
  const spare = 'blob' in kept ? await adoptBlob(tx, kept.blob, madeAt) : undefined;
  await upsertDocument(tx, {
    ...at,
    source,
    layouts: JSON.stringify(layouts),
    digest: 'blob' in kept ? kept.blob.digest : null,
    body: 'body' in kept ? kept.body : null,
    madeAt,
  });
  const { rows: outdated } = await tooMany(tx, at);
  for (const { id } of outdated) await tx.deleteFrom('document').where('id', '=', id).execute();
  return spare;
}

interface NewRow extends DocumentAddress {
  readonly source: string;
  readonly layouts: string;
  readonly digest: string | null;
  readonly body: Uint8Array | null;
  readonly madeAt: number;
}

const upsertDocument = prepared((db, row: NewRow) => {
  const values = {
    source: row.source,
    layouts: row.layouts,
    blob_digest: row.digest,
    body: row.body,
    stored_at: row.madeAt,
  };
  return db
    .insertInto('document')
    .values({ repository_id: row.repositoryId, kind: row.kind, key: row.key, form: row.form, ...values })
    .onConflict((conflict) => conflict.columns(['repository_id', 'key', 'kind', 'form']).doUpdateSet(values));
});
/** The forms of an index that are one too many, which there seldom are. */
const tooMany = prepared((db, at: DocumentAddress) =>
  db
    .selectFrom('document')
    .select('id')
    .where('repository_id', '=', at.repositoryId)
    .where('kind', '=', at.kind)
    .where('key', '=', at.key)
    .orderBy('stored_at', 'desc')
    .orderBy('id', 'desc')
    .limit(sql.lit(-1))
    .offset(sql.lit(MOST_FORMS)),
);

const stored = ({
  id,
  source,
  layouts,
  stored_at: madeAt,
  digest,
  size,
  generation,
}: Row): StoredDocument => ({
  id: digest === null ? `${id} ${madeAt} ${source}` : generation,
  source,
  layouts: JSON.parse(layouts) as DocumentLayout[],
  ...(digest !== null && { blob: { digest, size, generation } }),
  madeAt,
});
