/**
 * How long a preview of cleanup policies takes over many versions, and how much memory: `bun bench/cleanup-program.ts
 * [VERSIONS] [PACKAGES]`. Every fourth version is an index with a tag; it has two children and a signature.
 */
import { Database } from 'bun:sqlite';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CleanupPolicies } from '../server/core/cleanup.ts';
import { PolicyCleanup } from '../server/retain/cleanup.ts';
import { cleanupTables } from '../server/stores/metadata/cleanup-tables.ts';
import { MetadataDatabase } from '../server/stores/metadata/database.ts';
import { RepositoryTables } from '../server/stores/metadata/repository-directory.ts';

const ADDRESS = { project: 'p', location: 'us', repository: 'r' };
const DAY = 86_400_000;
const NOW = Date.parse('2026-03-01T12:00:00Z');
const POLICIES: CleanupPolicies = {
  untagged: { action: 'DELETE', condition: { tagState: 'UNTAGGED' } },
  old: { action: 'DELETE', condition: { tagState: 'TAGGED', tagPrefixes: ['pr-'], olderThan: '864000s' } },
  recent: { action: 'KEEP', mostRecentVersions: { keepCount: 20 } },
  releases: { action: 'KEEP', condition: { tagPrefixes: ['v'] }, mostRecentVersions: { keepCount: 50 } },
};

const now = () => NOW;
const report = (cause: unknown) => console.error(cause);
/** The digest of a number, in SQL. */
const name = (i: string) => `'sha256:' || printf('%064x', ${i})`;

const [first = '1000000', second = '100'] = process.argv.slice(2);
if (first === 'evaluate') await evaluate(second);
else await measure(Number(first), Number(second));

async function measure(versions: number, packages: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'entrepot-cleanup-'));
  try {
    const path = join(directory, 'entrepot.db');
    await seed(path, versions, packages);
    // Memory of its own, without what seeding took.
    const child = Bun.spawn([process.execPath, import.meta.path, 'evaluate', path], { stdout: 'inherit' });
    process.exitCode = await child.exited;
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function seed(path: string, versions: number, packages: number): Promise<void> {
  const database = await MetadataDatabase.open(path);
  const repositories = new RepositoryTables(database, now);
  await repositories.ensureProject(ADDRESS.project);
  await repositories.create(ADDRESS, 'DOCKER');
  await database[Symbol.asyncDispose]();

  const db = new Database(path);
  db.run('PRAGMA synchronous = OFF');
  db.run('BEGIN');
  db.run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${packages})
    INSERT INTO package (id, repository_id, name, created_at, updated_at, published_at)
    SELECT i, 1, 'team/app-' || i, 0, 0, 0 FROM n`);
  db.run(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${versions - 1})
    INSERT INTO version (id, package_id, repository_id, name, attributes, size, created_at, updated_at)
    SELECT i + 1, (i / 4) % ${packages} + 1, 1, ${name('i')}, '{}', 1000,
      ${NOW} - (${versions} - i) * ${Math.floor((365 * DAY) / versions)}, ${NOW} FROM n`);
  const links: readonly (readonly [kind: string, from: string, to: string])[] = [
    ['child', 'id', 'id'],
    ['child', 'id', 'id + 1'],
    ['subject', 'id + 2', 'id - 1'],
  ];
  for (const [kind, from, to] of links)
    db.run(`INSERT INTO version_link (package_id, kind, target, version, version_id)
      SELECT package_id, '${kind}', ${name(to)}, ${name(`${from} - 1`)}, ${from} FROM version WHERE id % 4 = 1`);
  db.run(`INSERT INTO tag (package_id, name, version_id, created_at, updated_at)
    SELECT package_id, CASE id % 3 WHEN 0 THEN 'v' ELSE 'pr-' END || id, id, 0, 0 FROM version WHERE id % 4 = 1`);
  db.run('COMMIT');
  db.close();
}

async function evaluate(path: string): Promise<void> {
  await using database = await MetadataDatabase.open(path);
  const store = cleanupTables(database, now);
  const cleanup = new PolicyCleanup({
    store,
    pulls: { flush: async () => {} },
    now,
    newId: () => crypto.randomUUID(),
    report,
  });
  let [most, longest, turn] = [0, 0, performance.now()];
  const looking = setInterval(() => {
    longest = Math.max(longest, performance.now() - turn);
    turn = performance.now();
    most = Math.max(most, process.memoryUsage.rss());
  }, 10);
  const began = performance.now();
  let last: object = {};
  for await (const line of cleanup.preview(ADDRESS, POLICIES)) last = line;
  const seconds = (performance.now() - began) / 1000;
  clearInterval(looking);
  const figures = {
    seconds: Number(seconds.toFixed(1)),
    mostMiB: Math.round(Math.max(most, process.memoryUsage.rss()) / 2 ** 20),
    longestTurnMs: Math.round(longest),
  };
  console.log(JSON.stringify({ ...last, ...figures }));
}
