import { setImmediate } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { type GarbageDue, type GarbageReport, NOTHING_DONE } from '../../core/garbage.ts';
import type { Schema } from './schema.ts';
import type { GcQueueTable } from './schema-collection.ts';
import { unnamedBlob } from './unnamed-blob.ts';

/** Rows looked at before others get their turn. */
const PAGE = 500;

interface Seen {
  readonly key: string;
  readonly due: number;
  readonly size: number;
  /** Whether it may go, as far as its own row says. */
  readonly free: number;
}

const FILES = sql<boolean>`file.version_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM version_use WHERE version_use.file_id = file.id)`;

/** What the next run would do with what is due now. What that makes superfluous in turn is due later. */
export async function preview(db: Kysely<Schema>, { now, graceMs }: GarbageDue): Promise<GarbageReport> {
  const old = now - graceMs;
  const { trash } = await db
    .selectFrom('deleted_version')
    .select(({ fn }) => fn.countAll<number>().as('trash'))
    .where('purge_at', '<=', now)
    .executeTakeFirstOrThrow();
  const files = await total(db, 'file', old);
  const blobs = await total(db, 'blob', old);
  const swept = await total(db, 'sweep', now);
  return {
    ...NOTHING_DONE,
    versionsPurged: trash,
    filesRemoved: files.number,
    blobsCondemned: blobs.number,
    condemnedBytes: blobs.bytes,
    blobsFreed: swept.number,
    freedBytes: swept.bytes,
  };
}

async function total(db: Kysely<Schema>, kind: GcQueueTable['kind'], before: number) {
  let [number, bytes] = [0, 0];
  for (let after = ''; ;) {
    const page = await rows(db, kind, after, before);
    for (const { due, free, size } of page) {
      if (due > before || free !== 1) continue;
      number += 1;
      bytes += size;
    }
    const last = page.at(-1);
    if (last === undefined) return { number, bytes };
    after = last.key;
    await setImmediate();
  }
}

async function rows(
  db: Kysely<Schema>,
  kind: GcQueueTable['kind'],
  after: string,
  before: number,
): Promise<readonly Seen[]> {
  const { rows: found } = await (
    kind === 'file'
      ? sql<Seen>`SELECT gc_queue.key, gc_queue.due_at AS due, 0 AS size,
            (${FILES} AND file.lease_until <= ${before}) AS free
          FROM gc_queue JOIN file ON file.id = CAST(gc_queue.key AS INTEGER)
          WHERE gc_queue.kind = 'file' AND gc_queue.key > ${after} ORDER BY gc_queue.key LIMIT ${PAGE}`
      : sql<Seen>`SELECT gc_queue.key, gc_queue.due_at AS due, blob.size,
            (${unnamedBlob} AND blob.state IN ${kind === 'sweep' ? SWEPT : CONDEMNED}) AS free
          FROM gc_queue JOIN blob ON blob.digest = gc_queue.key
          WHERE gc_queue.kind = ${kind} AND gc_queue.key > ${after} ORDER BY gc_queue.key LIMIT ${PAGE}`
  ).execute(db);
  return found;
}

const CONDEMNED = sql`('live', 'corrupt', 'missing')`;
const SWEPT = sql`('condemned', 'deleting', 'corrupt', 'missing')`;
