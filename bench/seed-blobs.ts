import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from 'bun:sqlite';
import type { Digest } from '../server/core/blob.ts';
import { layout } from '../server/stores/blobs/layout.ts';
import { bulk, digestSql, generationSql } from './bulk.ts';

/** Bytes that each object has; nobody reads them. */
const CONTENT = 'garbage';
const OLD_MS = 3 * 24 * 3_600_000;
const SERIES = 1;

export interface BlobPlan {
  /** Rows of blobs in all. */
  readonly blobs: number;
  /** Of them, what no file names and is due to be looked at. These have objects too. */
  readonly garbage: number;
}

/** Fills a stopped server's data directory, which has an image, with rows of blobs that files name, and with garbage. */
export function seedBlobs(data: string, { blobs, garbage }: BlobPlan): void {
  const old = String(Date.now() - OLD_MS);
  const [digest, kept] = [digestSql(SERIES), blobs - garbage];
  bulk(data, (rows) => {
    rows.copy('blob', { from: 0, to: blobs }, 'digest = (SELECT min(digest) FROM blob)', {
      digest,
      generation: generationSql(SERIES),
      size: String(CONTENT.length),
      state: `'live'`,
      created_at: old,
    });
    rows.copy('file', { from: 0, to: kept }, 'id = (SELECT min(id) FROM file)', {
      id: 'NULL',
      version_id: 'NULL',
      path: `'kept/' || i`,
      blob_digest: digest,
      lease_until: 'NULL',
    });
    rows.run(`INSERT INTO gc_queue (kind, key, due_at, reason)
      SELECT 'blob', digest, ${old}, 'released' FROM blob
      WHERE NOT EXISTS (SELECT 1 FROM file WHERE blob_digest = digest) ON CONFLICT DO NOTHING`);
    rows.run('UPDATE gc_state SET blobs = (SELECT count(*) FROM blob), bytes = (SELECT sum(size) FROM blob)');
  });
  writeObjects(data);
}

function writeObjects(data: string): void {
  const store = layout(join(data, 'blobs'));
  using database = new Database(join(data, 'entrepot.db'), { readonly: true });
  const due = database.query<{ readonly digest: Digest; readonly generation: string }, []>(
    `SELECT digest, generation FROM blob JOIN gc_queue ON kind = 'blob' AND key = digest WHERE size = ${CONTENT.length}`,
  );
  for (const row of due.iterate()) {
    const path = store.object(row);
    writeFileSync(path, CONTENT, { mode: 0o600 });
  }
}
