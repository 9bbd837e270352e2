import { Database } from 'bun:sqlite';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../server/core/blob.ts';
import { layout } from '../server/stores/blobs/layout.ts';

/** Bytes that each object has; nobody reads them. */
const CONTENT = 'garbage';
const OLD_MS = 3 * 24 * 3_600_000;

export interface BlobPlan {
  /** Rows of blobs in all. */
  readonly blobs: number;
  /** Of them, what no file names and is due to be looked at. These have objects too. */
  readonly garbage: number;
}

/** Fills a stopped server's data directory with rows of blobs that files of its first repository name, and with garbage. */
export function seedBlobs(data: string, { blobs, garbage }: BlobPlan): void {
  using database = new Database(join(data, 'entrepot.db'));
  for (const pragma of ['foreign_keys = ON', 'cache_size = -1000000', 'synchronous = OFF'])
    database.run(`PRAGMA ${pragma}`);
  const old = Date.now() - OLD_MS;
  const numbers = (to: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${to})`;
  // Spread over the whole range of digests, as real ones are.
  const digest = `'sha256:' || printf('%08x', (i * 2654435761) & 4294967295) || printf('%056x', i)`;
  const generation = `printf('%032x', i)`;
  database.transaction(() => {
    database.run(`${numbers(blobs)}
      INSERT INTO blob (digest, size, generation, state, created_at)
      SELECT ${digest}, ${CONTENT.length}, ${generation}, 'live', ${old} FROM n`);
    database.run(`${numbers(blobs - garbage)}
      INSERT INTO file (repository_id, path, blob_digest, created_at, updated_at)
      SELECT (SELECT min(id) FROM repository), 'kept/' || i, ${digest}, ${old}, ${old} FROM n`);
    database.run(`DELETE FROM gc_queue WHERE kind = 'blob'`);
    database.run(`${numbers(blobs)}
      INSERT INTO gc_queue (kind, key, due_at, reason)
      SELECT 'blob', ${digest}, ${old}, 'released' FROM n WHERE i > ${blobs - garbage}`);
  })();
  database.run('PRAGMA wal_checkpoint(TRUNCATE)');
  const store = layout(join(data, 'blobs'));
  const rows = database.query<{ readonly digest: Digest; readonly generation: string }, []>(
    `${numbers(blobs)} SELECT ${digest} AS digest, ${generation} AS generation FROM n WHERE i > ${blobs - garbage}`,
  );
  for (const row of rows.iterate()) {
    const path = store.object(row);
    if (!existsSync(path)) writeFileSync(path, CONTENT, { mode: 0o600 });
  }
}
