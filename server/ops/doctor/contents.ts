import type { Database } from 'bun:sqlite';
import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Digest } from '../../core/blob.ts';
import { type Layout, layout, parseObject } from '../../stores/blobs/layout.ts';
import { type Check, codeOf, count, fail, ok, size, warn } from './check.ts';
import { one } from './database.ts';
import { lookAt } from './look-at.ts';

/** Rows read at a time, so that no read holds the write-ahead log for long. */
const BATCH = 500;
const READ_BYTES = 1024 * 1024;
/** An object younger than this may be about to get its row. */
const SETTLED_MS = 60_000;

interface BlobRow {
  readonly digest: Digest;
  readonly size: number;
  readonly generation: string;
  readonly sha512: string | null;
}
const COLUMNS = 'digest, size, generation, sha512';
const SERVED = `state IN ('live', 'condemned')`;

/** Reads every byte that is served and holds it to its digest. */
export const contents: Check = {
  name: 'contents',
  needs: ['database', 'blobs'],
  deep: true,
  async run({ database, paths, progress }) {
    if (database === undefined) return ok('no database');
    const at = layout(paths.blobs);
    const of = Number(one(database, `SELECT coalesce(sum(size), 0) FROM blob WHERE ${SERVED}`));
    const damage: string[] = [];
    let bytes = 0;
    let blobs = 0;
    for (const row of rows(database)) {
      const wrong = await damageOf(at, row);
      // A row that changed meanwhile was replaced or collected, and what we read was no longer what it names.
      if (wrong !== undefined && unchanged(database, row)) damage.push(`${row.digest} ${wrong}`);
      bytes += row.size;
      blobs += 1;
      progress(bytes, of);
    }
    const [first] = damage;
    if (first === undefined)
      return ok(`${count(blobs, 'blob')} of ${size(bytes)} read, all as they should be`);
    return fail(
      damage.length === 1 ? first : `${first}, and ${damage.length - 1} more are damaged`,
      'restore these objects from a backup',
    );
  },
};

/** Objects that no row names take space and do no harm: a crash between storing and recording leaves one. */
export const orphans: Check = {
  name: 'orphans',
  needs: ['database', 'blobs'],
  deep: true,
  run({ database, paths, running, now }) {
    if (database === undefined) return ok('no database');
    const named = database.query<unknown, [string, string]>(
      'SELECT 1 FROM blob WHERE digest = ? AND generation = ?',
    );
    const at = layout(paths.blobs);
    let objects = 0;
    let bytes = 0;
    for (const shard of at.shards) {
      for (const name of readdirSync(shard)) {
        const blob = parseObject(name);
        if (!blob || named.get(blob.digest, blob.generation) !== null) continue;
        const stats = lookAt(at.object(blob));
        if (!stats || (running && stats.ctimeMs + SETTLED_MS > now())) continue;
        objects += 1;
        bytes += stats.size;
      }
    }
    return objects === 0
      ? ok('every object has its row')
      : warn(
          `${count(objects, 'object')} of ${size(bytes)} without a row`,
          'nothing: the collector sets them aside once a day and deletes them a week later; "entrepot storage gc run" does so at once',
        );
  },
};

function* rows(database: Database): Generator<BlobRow> {
  const page = database.query<BlobRow, [string]>(
    `SELECT ${COLUMNS} FROM blob WHERE digest > ? AND ${SERVED} ORDER BY digest LIMIT ${BATCH}`,
  );
  for (let after = ''; ;) {
    const batch = page.all(after);
    yield* batch;
    const last = batch.at(-1);
    if (last === undefined) return;
    after = last.digest;
  }
}

function unchanged(database: Database, { digest, generation }: BlobRow): boolean {
  const query = `SELECT 1 FROM blob WHERE digest = ? AND generation = ? AND ${SERVED}`;
  return database.query<unknown, [string, string]>(query).get(digest, generation) !== null;
}

/** What is wrong with the object of a row, in words; nothing when it is sound. */
async function damageOf(at: Layout, row: BlobRow): Promise<string | undefined> {
  try {
    await using file = await open(at.object(row), 'r');
    const sha256 = new Bun.CryptoHasher('sha256');
    const sha512 = row.sha512 === null ? undefined : new Bun.CryptoHasher('sha512');
    const buffer = new Uint8Array(Math.min(READ_BYTES, row.size + 1));
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, length);
      if (bytesRead === 0) break;
      const part = buffer.subarray(0, bytesRead);
      sha256.update(part);
      sha512?.update(part);
      length += bytesRead;
    }
    if (length !== row.size) return `has ${length} bytes instead of ${row.size}`;
    const actual = sha256.digest('hex');
    if (`sha256:${actual}` !== row.digest) return `holds other bytes, of sha256:${actual}`;
    if (sha512 !== undefined && sha512.digest('hex') !== row.sha512) return 'is recorded with a wrong sha512';
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' ? 'has no object' : `cannot be read (${code || String(error)})`;
  }
}
