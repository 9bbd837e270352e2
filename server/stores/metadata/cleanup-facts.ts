import { setImmediate } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { CleanupPolicies, Hold, VersionFact } from '../../core/cleanup.ts';
import type { CleanupTarget, Pages, VersionDetail } from '../../core/cleanup-store.ts';
import { notFound } from '../../core/error.ts';
import type { RepositoryAddress } from '../../core/repository.ts';
import { listed } from './listed.ts';
import type { Schema } from './schema.ts';

/** Rows that one query reads: few enough that requests hardly wait for it. */
const PAGE = 1_000;

const ALL_TAGS = sql<string>`CASE tag_count WHEN 0 THEN '[]' ELSE (SELECT json_group_array(name) FROM
  (SELECT name FROM tag WHERE tag.version_id = version.id ORDER BY name)) END`;
const HELD = sql<
  0 | 1
>`tag_count > 0 AND EXISTS (SELECT 1 FROM held_tag WHERE held_tag.version_id = version.id)`;
const PULLED = sql<number | null>`(SELECT at FROM version_pull WHERE version_id = version.id)`;
const NO_TAGS: readonly string[] = [];
const tagsOf = (json: string): readonly string[] =>
  json === '[]' ? NO_TAGS : (JSON.parse(json) as string[]);

const targets = (db: Kysely<Schema>) =>
  db
    .selectFrom('repository')
    .innerJoin('project', 'project.id', 'repository.project')
    .select([
      'repository.id as repositoryId',
      'repository.project',
      'repository.location',
      'repository.name as repository',
      'repository.config',
      'project.number as projectNumber',
    ]);

interface TargetRow extends Omit<CleanupTarget, 'policies' | 'dryRun'> {
  readonly config: string;
}

function targetOf({ config, ...row }: TargetRow): CleanupTarget {
  const { cleanupPolicies = {}, cleanupPolicyDryRun = false } = JSON.parse(config) as {
    readonly cleanupPolicies?: CleanupPolicies;
    readonly cleanupPolicyDryRun?: boolean;
  };
  return {
    ...row,
    policies: cleanupPolicies,
    dryRun: cleanupPolicyDryRun,
  };
}

export async function targetAt(db: Kysely<Schema>, address: RepositoryAddress): Promise<CleanupTarget> {
  const row = await targets(db)
    .where('repository.project', '=', address.project)
    .where('repository.location', '=', address.location)
    .where('repository.name', '=', address.repository)
    .executeTakeFirst();
  if (!row) throw notFound('REPOSITORY', { repository: address.repository });
  return targetOf(row);
}

export async function dueTargets(
  db: Kysely<Schema>,
  lastBefore: number,
  changedBefore: number,
): Promise<readonly CleanupTarget[]> {
  const last = sql<number>`coalesce((SELECT max(started_at) FROM cleanup_run
    WHERE repository_id = repository.id AND began_by = 'SCHEDULE'), 0)`;
  const rows = await targets(db)
    .where(sql<boolean>`json_extract(repository.config, '$.cleanupPolicies') IS NOT NULL`)
    .where('repository.updated_at', '<=', changedBefore)
    .where(last, '<=', lastBefore)
    .orderBy('repository.id')
    .execute();
  return rows.map(targetOf);
}

export async function* packagesOf(
  db: Kysely<Schema>,
  repositoryId: number,
): Pages<{ readonly id: number; readonly package: string }> {
  for (let after = ''; ;) {
    const rows = await db
      .selectFrom('package')
      .select(['id', 'name as package'])
      .where('repository_id', '=', repositoryId)
      .where('name', '>', after)
      .orderBy('name')
      .limit(PAGE)
      .execute();
    yield rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.package ?? after;
    await setImmediate();
  }
}

interface FactRow {
  readonly id: number;
  readonly name: string;
  readonly created_at: number;
  readonly tags: string;
  readonly held: unknown;
  readonly pulled: number | null;
}

const factOf = (row: FactRow): VersionFact => ({
  id: row.id,
  version: row.name,
  tags: tagsOf(row.tags),
  isHeld: row.held === 1,
  createdAt: row.created_at,
  ...(row.pulled !== null && { pulledAt: row.pulled }),
});

/** In the order of their creation. */
export async function* versionsOf(db: Kysely<Schema>, packageId: number): Pages<VersionFact> {
  for (let after: readonly [number, string] = [-1, '']; ;) {
    const rows = await db
      .selectFrom('version')
      .select(['id', 'name', 'created_at', ALL_TAGS.as('tags'), HELD.as('held'), PULLED.as('pulled')])
      .where('package_id', '=', packageId)
      .where(sql<boolean>`(created_at, name) > (${after[0]}, ${after[1]})`)
      .orderBy('created_at')
      .orderBy('name')
      .limit(PAGE)
      .execute();
    yield rows.map(factOf);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = [last.created_at, last.name];
    await setImmediate();
  }
}

export async function* holdsOf(db: Kysely<Schema>, packageId: number): Pages<Hold> {
  for (let after: readonly [string, string, string] = ['', '', '']; ;) {
    const rows = await db
      .selectFrom('version_link as link')
      .leftJoin('version as target', (join) =>
        join.onRef('target.package_id', '=', 'link.package_id').onRef('target.name', '=', 'link.target'),
      )
      .select(['link.kind', 'link.target', 'link.version', 'link.version_id', 'target.id as target_id'])
      .where('link.package_id', '=', packageId)
      .where(sql<boolean>`(link.kind, link.target, link.version) > (${sql.join(after)})`)
      .orderBy('link.kind')
      .orderBy('link.target')
      .orderBy('link.version')
      .limit(PAGE)
      .execute();
    yield rows.flatMap(({ kind, version_id: from, target_id: to }): readonly Hold[] => {
      if (to === null) return [];
      return kind === 'child'
        ? [{ kind, holder: from, held: to }]
        : [{ kind: 'subject', holder: to, held: from }];
    });
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = [last.kind, last.target, last.version];
    await setImmediate();
  }
}

export async function detailsOf(
  db: Kysely<Schema>,
  ids: readonly number[],
): Promise<readonly VersionDetail[]> {
  const rows = await db
    .selectFrom('version')
    .select([
      'id',
      'name',
      'created_at',
      'updated_at',
      'size',
      ALL_TAGS.as('tags'),
      HELD.as('held'),
      PULLED.as('pulled'),
    ])
    .where('id', 'in', listed(ids))
    .execute();
  return rows.map((row) => ({ ...factOf(row), updatedAt: row.updated_at, sizeBytes: row.size }));
}

/**
 * Bytes of the files that nobody needs without these versions: their own, and those they use whose other users have been
 * told before. `shared` holds, by file, how many users are left.
 */
export async function freedBy(
  db: Kysely<Schema>,
  ids: readonly number[],
  shared: Map<number, number>,
): Promise<number> {
  const own = await db
    .selectFrom('file')
    .innerJoin('blob', 'blob.digest', 'file.blob_digest')
    .select(({ fn }) => fn.coalesce(fn.sum<number>('blob.size'), sql<number>`0`).as('bytes'))
    .where('file.version_id', 'in', listed(ids))
    .executeTakeFirstOrThrow();
  const uses = await db
    .selectFrom('version_use')
    .innerJoin('file', 'file.id', 'version_use.file_id')
    .innerJoin('blob', 'blob.digest', 'file.blob_digest')
    .select(({ fn }) => ['version_use.file_id as file', 'blob.size', fn.countAll<number>().as('here')])
    .where('version_use.version_id', 'in', listed(ids))
    .groupBy('version_use.file_id')
    .execute();
  const unknown = uses.filter(({ file }) => !shared.has(file)).map(({ file }) => file);
  const totals = await db
    .selectFrom('version_use')
    .select(({ fn }) => ['file_id as file', fn.countAll<number>().as('users')])
    .where('file_id', 'in', listed(unknown))
    .groupBy('file_id')
    .execute();
  const users = new Map(totals.map((row) => [row.file, row.users]));
  let bytes = own.bytes;
  for (const { file, size, here } of uses) {
    const left = (shared.get(file) ?? users.get(file) ?? here) - here;
    if (left > 0) shared.set(file, left);
    else shared.delete(file);
    if (left <= 0) bytes += size;
  }
  return bytes;
}
