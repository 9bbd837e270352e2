import { type Kysely, sql, type Transaction } from 'kysely';
import type { BlobInfo, Checksum, CommittedBlob } from '../../core/blob.ts';
import { notFound } from '../../core/error.ts';
import { prepared } from './prepared.ts';
import type { BlobTable, Schema } from './schema.ts';

/** What of a committed blob turned out to be stored already, to be deleted once the transaction has committed. */
export type Surplus = Pick<BlobInfo, 'digest' | 'generation'>;

/**
 * Makes a blob something that rows may name: live, under one generation. Bytes that were just written replace an
 * object that is going away or is damaged, and are surplus where a sound one is there. Without new bytes the blob
 * must be sound already, else it is NOT_FOUND (BLOB_UNKNOWN) and the client sends it again.
 */
export async function adoptBlob(
  tx: Transaction<Schema>,
  blob: BlobInfo | CommittedBlob,
  now: number,
): Promise<Surplus | undefined> {
  const { digest, size, generation } = blob;
  const [known] = (await findBlob(tx, { digest })).rows;

  const fresh = known?.generation !== generation && 'checksums' in blob;
  if (!known && fresh) {
    await insertBlob(tx, { digest, size, generation, ...columns(blob.checksums), created_at: now });
    return undefined;
  }

  const sound = known?.state === 'live' || known?.state === 'condemned';
  if (fresh && known) await learnChecksums(tx, blob);
  if (sound && known.state === 'live') return fresh ? blob : undefined;
  if (!known || (!sound && !fresh)) throw notFound('BLOB', { digest: blob.digest });

  await tx
    .updateTable('blob')
    .set(({ eb }) => ({
      state: 'live',
      revision: eb('revision', '+', 1),
      ...(!sound && { generation: blob.generation, size: blob.size }),
    }))
    .where('digest', '=', blob.digest)
    .execute();
  return sound && fresh ? blob : undefined;
}

const findBlob = prepared((db, { digest }: Pick<BlobTable, 'digest'>) =>
  db.selectFrom('blob').select(['generation', 'state']).where('digest', '=', digest),
);
const insertBlob = prepared((db, row: Omit<BlobTable, 'state' | 'revision'>) =>
  db.insertInto('blob').values({
    digest: row.digest,
    size: row.size,
    generation: row.generation,
    state: 'live',
    md5: row.md5,
    sha1: row.sha1,
    sha512: row.sha512,
    created_at: row.created_at,
  }),
);

/** What was computed this time and not before; most uploads compute sha256 alone, which is the name. */
async function learnChecksums(tx: Transaction<Schema>, { digest, checksums }: CommittedBlob): Promise<void> {
  const { md5, sha1, sha512 } = columns(checksums);
  if (md5 === null && sha1 === null && sha512 === null) return;
  await addChecksums(tx, { digest, md5, sha1, sha512 });
}

const addChecksums = prepared((db, row: Pick<BlobTable, 'digest' | 'md5' | 'sha1' | 'sha512'>) =>
  db
    .updateTable('blob')
    .set({
      md5: sql`coalesce(md5, ${row.md5})`,
      sha1: sql`coalesce(sha1, ${row.sha1})`,
      sha512: sql`coalesce(sha512, ${row.sha512})`,
    })
    .where('digest', '=', row.digest),
);

/**
 * Of blobs that came with a change that was refused, those that no row names: their objects are nobody's. A generation
 * is never made twice, so none of them can be named any more.
 */
export async function unnamed(db: Kysely<Schema>, blobs: readonly BlobInfo[]): Promise<readonly Surplus[]> {
  const nobodys: Surplus[] = [];
  for (const { digest, generation } of blobs) {
    const row = await db
      .selectFrom('blob')
      .select('generation')
      .where('digest', '=', digest)
      .executeTakeFirst();
    if (row?.generation !== generation) nobodys.push({ digest, generation });
  }
  return nobodys;
}

function columns(checksums: readonly Checksum[]) {
  const hex = (algorithm: Checksum['algorithm']) =>
    checksums.find((checksum) => checksum.algorithm === algorithm)?.hex ?? null;
  return { md5: hex('md5'), sha1: hex('sha1'), sha512: hex('sha512') };
}
