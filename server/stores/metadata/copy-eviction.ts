import { setImmediate } from 'node:timers/promises';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { NewFile } from '../../core/catalog.ts';
import { PULLS_NOTED_MS } from '../../core/cleanup.ts';
import { RegistryError } from '../../core/error.ts';
import { repositoryName } from '../../core/repository.ts';
import { isQuotaExceeded } from '../../lib/quota-exceeded.ts';
import { recordAct } from './audit-entries.ts';
import { listed } from './listed.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

type Tx = Transaction<Schema>;

/** What was pulled, or came, so recently stays, whatever comes. */
const QUIET_MS = 15 * 60_000;
/** Versions that one look finds, and those that one transaction looks at. */
const FOUND = 256;
const STEP = 16;
const LOT = 500;
/** For how long it is believed that nothing can go. */
const FUTILE_MS = 60_000;

/** What was pulled and is not noted yet. */
interface Pulls {
  flush(): Promise<void>;
}

/** What is to come into a repository. */
interface Coming {
  readonly bytes: number;
  readonly versions: number;
}

/** Room that is missing under the quotas of a repository and its project. */
interface Lack extends Coming {
  /** Whether more is missing than would be free if all copies went. */
  readonly hopeless: boolean;
}

interface EvictionParts {
  readonly database: Transactions;
  readonly now: () => number;
  readonly newId: () => string;
  readonly pulls: Pulls;
}

/**
 * Makes room in repositories of copies: what was pulled least recently goes, and comes again when it is asked for. What an
 * immutable tag names stays, and so does what came or was pulled in the last minutes.
 */
export class CopyEviction {
  readonly #parts: EvictionParts;
  readonly #futile = new Map<number, number>();

  constructor(parts: EvictionParts) {
    this.#parts = parts;
  }

  /** Answers whether what was refused for want of room has some now. */
  async madeRoom(repositoryId: number, refusal: unknown, files: readonly NewFile[]): Promise<boolean> {
    if (!(refusal instanceof RegistryError) || !isQuotaExceeded(refusal)) return false;
    const isBytes = refusal.details?.['quota'] === 'bytes';
    const bytes = isBytes ? files.reduce((sum, { blob }) => sum + blob.size, 0) : 0;
    return this.#makeRoom(repositoryId, { bytes, versions: isBytes ? 0 : 1 });
  }

  /** Answers whether there is room now; where all that may go would not be enough, nothing goes. */
  async #makeRoom(repositoryId: number, coming: Coming): Promise<boolean> {
    const { database, now, newId, pulls } = this.#parts;
    const { read } = database;
    const lack = await lackOf(read, repositoryId, coming);
    if (lack.hopeless || (this.#futile.get(repositoryId) ?? 0) > now()) return false;
    await pulls.flush();
    // Noted pulls may be as much older than the last.
    const before = now() - PULLS_NOTED_MS - QUIET_MS;
    for (;;) {
      const oldest = await leastRecent(read, repositoryId, before);
      const isAll = oldest.length < FOUND;
      if (oldest.length === 0 || (isAll && (await bytesOf(read, oldest)) < lack.bytes)) {
        this.#futile.set(repositoryId, now() + FUTILE_MS);
        return false;
      }
      for (let from = 0; from < oldest.length; from += STEP) {
        const some = oldest.slice(from, from + STEP);
        const place = { repositoryId, before, at: now(), id: newId() };
        if (await database.transaction((tx) => evict(tx, some, coming, place))) return true;
        await setImmediate();
      }
      if (isAll) return false;
    }
  }
}

/** Of a version that an immutable tag does not name. */
const NOT_HELD = sql<boolean>`NOT EXISTS (SELECT 1 FROM held_tag WHERE held_tag.version_id = version.id)`;

const lacks = ({ bytes, versions }: Coming): boolean => bytes > 0 || versions > 0;

async function lackOf(db: Kysely<Schema>, repositoryId: number, coming: Coming): Promise<Lack> {
  const { rows } = await sql<Coming & { readonly size: number; readonly count: number }>`SELECT
      repository.size_bytes AS size, repository.version_count AS count,
      max(0, coalesce(repository.size_bytes + ${coming.bytes} - repository.max_bytes, 0),
        coalesce(project.size_bytes + ${coming.bytes} - project.max_bytes, 0)) AS bytes,
      max(0, coalesce(repository.version_count + ${coming.versions} - repository.max_versions, 0),
        coalesce(project.version_count + ${coming.versions} - project.max_versions, 0)) AS versions
    FROM repository JOIN project ON project.id = repository.project WHERE repository.id = ${repositoryId}`.execute(
    db,
  );
  const { bytes = 0, versions = 0, size = 0, count = 0 } = rows[0] ?? {};
  return { bytes, versions, hopeless: bytes > size || versions > count };
}

/** Ids of what was used least recently, as far as one look finds it, in that order. In lots, between which others have their turn. */
async function leastRecent(
  db: Kysely<Schema>,
  repositoryId: number,
  before: number,
): Promise<readonly number[]> {
  let found: { readonly id: number; readonly used: number }[] = [];
  let after = { id: 0, at: -1 };
  for (;;) {
    const { rows } = await sql<{ readonly id: number; readonly at: number; readonly used: number }>`
      SELECT version.id, version.created_at AS at, coalesce(version_pull.at, version.created_at) AS used
      FROM version LEFT JOIN version_pull ON version_pull.version_id = version.id
      WHERE version.repository_id = ${repositoryId} AND version.created_at <= ${before} AND ${NOT_HELD}
        AND (version.created_at, version.id) > (${after.at}, ${after.id})
      ORDER BY version.created_at, version.id LIMIT ${LOT}`.execute(db);
    found = [...found, ...rows.filter(({ used }) => used <= before)]
      .toSorted((a, b) => a.used - b.used || a.id - b.id)
      .slice(0, FOUND);
    const last = rows.at(-1);
    if (!last || rows.length < LOT) return found.map(({ id }) => id);
    after = last;
    await setImmediate();
  }
}

/** Bytes of the distinct contents of these versions, whoever else has them. */
async function bytesOf(db: Kysely<Schema>, ids: readonly number[]): Promise<number> {
  const { rows } = await sql<{ readonly bytes: number }>`SELECT coalesce(sum(size), 0) AS bytes FROM blob
    WHERE digest IN (
      SELECT blob_digest FROM file WHERE version_id IN ${listed(ids)}
      UNION SELECT file.blob_digest FROM version_use JOIN file ON file.id = version_use.file_id
        WHERE version_use.version_id IN ${listed(ids)})`.execute(db);
  return rows[0]?.bytes ?? 0;
}

/** Deletes of these what may still go, one after the other, until there is room; answers whether there is. */
async function evict(
  tx: Tx,
  ids: readonly number[],
  coming: Coming,
  {
    repositoryId,
    before,
    ...act
  }: {
    readonly repositoryId: number;
    readonly before: number;
    readonly at: number;
    readonly id: string;
  },
): Promise<boolean> {
  let copies = 0;
  for (const id of ids) {
    if (!lacks(await lackOf(tx, repositoryId, coming))) break;
    const { rows } = await sql<{ readonly package_id: number }>`SELECT version.package_id FROM version
      LEFT JOIN version_pull ON version_pull.version_id = version.id
      WHERE version.id = ${id} AND coalesce(version_pull.at, version.created_at) <= ${before}
        AND ${NOT_HELD}`.execute(tx);
    const [version] = rows;
    if (!version) continue;
    await forget(tx, { id, repositoryId, packageId: version.package_id, before });
    copies += 1;
  }
  if (copies > 0) await recordEviction(tx, repositoryId, { ...act, copies });
  return !lacks(await lackOf(tx, repositoryId, coming));
}

/** What goes by itself is in the audit log under the server's own name. */
async function recordEviction(
  tx: Tx,
  repositoryId: number,
  { id, at, copies }: { readonly id: string; readonly at: number; readonly copies: number },
): Promise<void> {
  const address = await tx
    .selectFrom('repository')
    .select(['project', 'location', 'name as repository'])
    .where('id', '=', repositoryId)
    .executeTakeFirstOrThrow();
  await recordAct(tx, {
    id: `eviction-${id}`,
    at,
    actor: { member: 'system:quota', peer: '' },
    type: 'ADMIN_WRITE',
    service: 'entrepot',
    method: 'entrepot.v1.Storage.EvictCopies',
    resource: repositoryName(address),
    request: { copies },
  });
}

/** With what only this version needed and did not come just now, and its package if nothing is left of it. */
async function forget(
  tx: Tx,
  place: {
    readonly id: number;
    readonly repositoryId: number;
    readonly packageId: number;
    readonly before: number;
  },
): Promise<void> {
  const { id, repositoryId, packageId, before } = place;
  const used = await tx.selectFrom('version_use').select('file_id').where('version_id', '=', id).execute();
  await sql`DELETE FROM upstream_state WHERE repository_id = ${repositoryId}
    AND what IN (SELECT 'file ' || path FROM file WHERE version_id = ${id})`.execute(tx);
  await tx.deleteFrom('file').where('version_id', '=', id).execute();
  await tx.deleteFrom('version').where('id', '=', id).execute();
  await sql`DELETE FROM file WHERE id IN ${listed(used.map((row) => row.file_id))} AND version_id IS NULL
    AND updated_at <= ${before}
    AND NOT EXISTS (SELECT 1 FROM version_use WHERE version_use.file_id = file.id)`.execute(tx);
  await sql`DELETE FROM package WHERE id = ${packageId}
    AND NOT EXISTS (SELECT 1 FROM version WHERE package_id = package.id)
    AND NOT EXISTS (SELECT 1 FROM file WHERE package_id = package.id)`.execute(tx);
}
