import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CompiledQuery, sql } from 'kysely';
import type {
  Condition,
  Listed,
  ListQuery,
  Position,
  Resources,
  SortField,
} from '../../../core/resources.ts';
import { temporary } from '../../../testing/harness.ts';
import { MetadataDatabase } from '../database.ts';
import { storedResources } from './stored-resources.ts';

const REPOSITORY = { project: 'project-one', location: 'us', repository: 'r' };
const PACKAGE = { ...REPOSITORY, package: 'team/app' };
const NAME = 'projects/project-one/locations/us/repositories/r';
const COUNT = 60;

let folder: string;
let database: MetadataDatabase;
let resources: Resources;
/** A connection of its own: EXPLAIN leaves its snapshot open. */
let plans: Database;
const asked: CompiledQuery[] = [];

/** Rows with few different times, so that pages end between rows of the same one. */
beforeAll(async () => {
  folder = await temporary();
  database = await MetadataDatabase.open(join(folder, 'metadata.db'));
  resources = storedResources({ database, now: () => 0, serviceAccountDomain: 'iam.example' });
  plans = new Database(join(folder, 'metadata.db'), { readonly: true });
  await database.transaction(async (tx) => {
    await tx
      .insertInto('project')
      .values({ id: 'project-one', number: 1, display_name: '', created_at: 0, updated_at: 0 })
      .execute();
    const numbers = sql`(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${COUNT - 1}) SELECT i FROM n)`;
    await sql`INSERT INTO repository (project, location, name, format, mode, created_at, updated_at)
      SELECT 'project-one', CASE i % 3 WHEN 0 THEN 'europe' ELSE 'us' END, 'x' || (i * 7919 % 1000), 'F', 'M', i % 5, i % 4 FROM ${numbers}`.execute(
      tx,
    );
    await sql`INSERT INTO repository (project, location, name, format, mode, created_at, updated_at)
      VALUES ('project-one', 'us', 'r', 'F', 'M', 1, 1)`.execute(tx);
    await sql`INSERT INTO package (repository_id, name, annotations, created_at, updated_at, published_at)
      SELECT repository.id, 'p/' || (i * 7919 % 1000), json_object('n', 'v' || (i % 6)), i % 5, i % 4, 1
      FROM repository, ${numbers} WHERE repository.name = 'r'`.execute(tx);
    await sql`INSERT INTO package (repository_id, name, created_at, updated_at, published_at)
      SELECT id, 'team/app', 1, 1, 1 FROM repository WHERE name = 'r'`.execute(tx);
    await sql`INSERT INTO version (package_id, repository_id, name, attributes, size, created_at, updated_at)
      SELECT package.id, package.repository_id, 'sha256:' || (i * 7919 % 1000), '{}', 1, i % 5, i % 4
      FROM package, ${numbers} WHERE package.name IN ('team/app', 'p/0') OR i < 2`.execute(tx);
    await sql`INSERT INTO tag (package_id, name, version_id, created_at, updated_at)
      SELECT package_id, 't' || id, id, 1, 1 FROM version`.execute(tx);
    await sql`INSERT INTO blob (digest, size, generation, state, created_at) VALUES ('sha256:b', 1, 'g', 'live', 1)`.execute(
      tx,
    );
    await sql`INSERT INTO file (repository_id, package_id, version_id, path, blob_digest, created_at, updated_at)
      SELECT repository_id, package_id, id, 'f/' || id, 'sha256:b', id % 5, id % 4 FROM version`.execute(tx);
  });
  const { read } = database;
  const execute = read.getExecutor().executeQuery.bind(read.getExecutor());
  read.getExecutor().executeQuery = (query, ...rest) => {
    asked.push(query);
    return execute(query, ...rest);
  };
});
afterAll(async () => {
  plans.close();
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Row {
  readonly id: string;
  readonly times: Readonly<Record<Exclude<SortField, 'name'>, number>>;
}
type Lister = (query: ListQuery) => Promise<Listed<Row>>;

const dated = ({
  createdAt: createTime,
  updatedAt: updateTime,
}: {
  createdAt: number;
  updatedAt: number;
}) => ({
  times: { createTime, updateTime },
});
const NEVER = { times: { createTime: 0, updateTime: 0 } };
const each = async <T>(page: Promise<Listed<T>>, row: (value: T) => Row): Promise<Listed<Row>> => {
  const { rows, next } = await page;
  return { rows: rows.map(row), ...(next && { next }) };
};

interface List {
  readonly says: string;
  readonly list: Lister;
  readonly orders: readonly SortField[];
  /** One that some rows meet, where the list takes any. */
  readonly condition?: Condition;
}

const LISTS: readonly List[] = [
  {
    says: 'repositories of a location',
    list: (query) =>
      each(resources.repositories.list(REPOSITORY, query), (row) => ({ id: row.repository, ...dated(row) })),
    orders: ['name', 'createTime', 'updateTime'],
    condition: { field: 'name', pattern: 'projects/project-one/locations/us/repositories/X1*' },
  },
  {
    says: 'repositories of every location',
    list: (query) =>
      each(resources.repositories.list({ ...REPOSITORY, location: '-' }, query), (row) => ({
        id: `${row.location}/${row.repository}`,
        ...dated(row),
      })),
    orders: ['name', 'createTime', 'updateTime'],
    condition: { field: 'name', pattern: '*/europe/*' },
  },
  {
    says: 'packages',
    list: (query) =>
      each(resources.packages.list(REPOSITORY, query), (row) => ({ id: row.package, ...dated(row) })),
    orders: ['name', 'createTime', 'updateTime'],
    condition: { field: 'annotations', key: 'n', pattern: 'V3' },
  },
  {
    says: 'versions',
    list: (query) =>
      each(resources.versions.list(PACKAGE, { ...query, withTags: true }), (row) => ({
        id: row.version,
        ...dated(row),
      })),
    orders: ['name', 'createTime', 'updateTime'],
    condition: { field: 'name', pattern: `${NAME}/packages/team%2fapp/versions/sha256:1*` },
  },
  {
    says: 'versions of all packages',
    list: (query) =>
      each(resources.versions.listAll(REPOSITORY, query), (row) => ({
        id: `${row.package} ${row.version}`,
        ...dated(row),
      })),
    orders: ['name', 'createTime', 'updateTime'],
  },
  {
    says: 'tags',
    list: (query) => each(resources.tags.list(PACKAGE, query), (row) => ({ id: row.tag, ...NEVER })),
    orders: ['name'],
    condition: { field: 'version', pattern: `${NAME}/packages/team%2Fapp/versions/sha256:9*` },
  },
  {
    says: 'files',
    list: (query) =>
      each(resources.files.list(REPOSITORY, query), (row) => ({ id: row.path, ...dated(row) })),
    orders: ['name', 'createTime', 'updateTime'],
    condition: { field: 'owner', pattern: `${NAME}/packages/p%2F0/versions/*` },
  },
];

async function walk(list: Lister, query: Omit<ListQuery, 'after'>): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let after: Position | undefined;
  do {
    const page = await list({ ...query, ...(after && { after }) });
    expect(page.rows.length).toBeLessThanOrEqual(query.limit);
    rows.push(...page.rows);
    // A token is JSON, so a position must survive it.
    after = page.next && (JSON.parse(JSON.stringify(page.next)) as Position);
  } while (after);
  return rows;
}

const all = (order: ListQuery['order']): ListQuery => ({ limit: 10_000, order });

describe.each(LISTS.map((list) => [list.says, list] as const))(
  'the list of %s',
  (_, { list, orders, condition }) => {
    const cases = orders.flatMap((by) => [false, true].map((descending) => ({ by, descending })));

    it.each(cases)('has every row once in the order of %p', async (order) => {
      const whole = await list(all(order));
      expect(whole.next).toBeUndefined();
      expect(whole.rows.length).toBeGreaterThan(20);
      expect(new Set(whole.rows.map(({ id }) => id)).size).toBe(whole.rows.length);
      const keys = whole.rows.map(({ id, times }) => (order.by === 'name' ? id : times[order.by]));
      const sorted = keys.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      expect(keys).toEqual(order.descending ? sorted.toReversed() : sorted);

      for (const limit of [1, 7, whole.rows.length - 1, whole.rows.length])
        expect(await walk(list, { ...all(order), limit })).toEqual([...whole.rows]);
    });

    const filtered = condition ? cases : [];
    it.each(filtered)('has every row of a filter once in the order of %p', async (order) => {
      const query = { ...all(order), ...(condition && { condition }) };
      const whole = await list(query);
      expect(whole.rows.length).toBeGreaterThan(1);
      expect(whole.rows.length).toBeLessThan((await list(all(order))).rows.length);
      expect(await walk(list, { ...query, limit: 2 })).toEqual([...whole.rows]);
    });

    it.each(cases)('is read from an index in the order of %p, however deep', async (order) => {
      const { next } = await list({ ...all(order), limit: 5 });
      asked.length = 0;
      await list({ ...all(order), limit: 5, ...(next && { after: next }) });
      if (condition) await list({ ...all(order), limit: 5, condition, ...(next && { after: next }) });
      expect(asked.length).toBeGreaterThan(1);

      const steps = asked.flatMap(({ sql: text, parameters }) =>
        plans
          .prepare<{ readonly detail: string }, never[]>(`EXPLAIN QUERY PLAN ${text}`)
          .all(...(parameters as never[]))
          .map(({ detail }) => detail),
      );
      const ofTables = steps.filter((step) => !/json_each|annotation|SCAN \(subquery|CO-ROUTINE/.test(step));
      expect(ofTables.filter((step) => step.startsWith('SCAN') || step.includes('TEMP B-TREE'))).toEqual([]);
      expect(ofTables.some((step) => step.startsWith('SEARCH'))).toBe(true);
    });
  },
);

describe('a filtered list', () => {
  it('looks at a bounded number of rows and goes on where it stopped', async () => {
    await database.transaction((tx) =>
      sql`INSERT INTO tag (package_id, name, version_id, created_at, updated_at)
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 24999)
        SELECT package_id, 'many-' || printf('%05d', i), (SELECT min(id) FROM version WHERE package_id = package.id), 1, 1
        FROM n, (SELECT id AS package_id FROM package WHERE name = 'team/app') JOIN package ON package.id = package_id`.execute(
        tx,
      ),
    );
    const query = { ...all({ by: 'name', descending: false }), limit: 10 } as const;
    const condition = { field: 'name', pattern: '*/MANY-24999' } as const;
    const pages: number[] = [];
    let after: Position | undefined;
    do {
      const page = await resources.tags.list(PACKAGE, { ...query, condition, ...(after && { after }) });
      pages.push(page.rows.length);
      after = page.next;
    } while (after);
    expect(pages).toEqual([0, 0, 1]);
    const backwards = { ...query, order: { by: 'name', descending: true }, condition } as const;
    const first = await resources.tags.list(PACKAGE, backwards);
    expect(first.rows.map(({ tag }) => tag)).toEqual(['many-24999']);
    const second = await resources.tags.list(PACKAGE, {
      ...backwards,
      ...(first.next && { after: first.next }),
    });
    expect(second.rows).toEqual([]);
    expect(second.next).toBeDefined();
    const [exact] = (
      await resources.tags.list(PACKAGE, {
        ...query,
        condition: { field: 'name', pattern: `${NAME}/packages/team%2Fapp/tags/many-24999` },
      })
    ).rows;
    expect(exact?.tag).toBe('many-24999');
  });
});
