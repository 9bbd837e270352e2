import type { Statement } from 'bun:sqlite';
import { setImmediate } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type {
  Attributes,
  CatalogReader,
  FileEntry,
  FileRef,
  Found,
  PackageState,
  StoredFile,
  TaggedVersion,
  TagRow,
  VersionLink,
  VersionRow,
} from '../../core/catalog.ts';
import type { Page, Slice } from '../../core/page.ts';
import {
  between,
  FILE_COLUMNS,
  fileEntry,
  type FileRow,
  pastPrefix,
  type RawFile,
  SERVABLE,
  slice,
  storedFile,
  versionRow,
} from './catalog-rows.ts';
import { CommittedCache } from './committed-cache.ts';
import { prepared } from './prepared.ts';
import type { Transactions } from './transactions.ts';
import { foldersUnder } from '../../lib/folders.ts';
import type { Schema } from './schema.ts';
import { searchPackages } from './search-packages.ts';

interface PackageStateRow {
  readonly id: number;
  readonly revision: number;
  readonly attributes: string;
  readonly created_at: number;
  readonly updated_at: number;
}

/** Names of versions that are read at once: they take a millisecond. */
const NAMES = 2_000;
const DAMAGED = `blob.state IN ('corrupt', 'missing')`;

const byPath = (state: string): string =>
  `SELECT ${FILE_COLUMNS} FROM file JOIN blob ON blob.digest = file.blob_digest
     LEFT JOIN package ON package.id = file.package_id
     LEFT JOIN version ON version.id = file.version_id
   WHERE file.repository_id = +? AND file.path = +? AND ${state}`;
const byTag = (state: string): string =>
  `SELECT ${FILE_COLUMNS} FROM package
     JOIN tag ON tag.package_id = package.id
     JOIN version ON version.id = tag.version_id
     JOIN file ON file.version_id = version.id
     JOIN blob ON blob.digest = file.blob_digest
   WHERE package.repository_id = +? AND package.name = +? AND tag.name = +? AND ${state}
     AND file.id = (SELECT min(id) FROM file WHERE version_id = version.id)`;
/**
 * The look-ups behind every pull, prepared once per connection. The `+` hides the parameters from the planner,
 * which would otherwise plan a join anew whenever one is bound: 4 µs a look-up instead of 28.
 */
export class FileLookups {
  readonly #found: CommittedCache<StoredFile | null>;
  readonly #packages: CommittedCache<PackageState | null>;
  readonly #owned: CommittedCache<boolean>;
  readonly #names: CommittedCache<number>;
  readonly #groups: CommittedCache<string | null>;
  readonly #package: Statement<PackageStateRow, [number, string]>;
  readonly #owner: Statement<{ readonly found: number }, [number, string]>;
  readonly #namesOf: Statement<{ readonly revision: number }, [number]>;
  readonly #group: Statement<{ readonly state: string | null }, [number, string, string]>;
  readonly #byPath: Statement<FileRow, [number, string]>;
  readonly #byTag: Statement<FileRow, [number, string, string]>;
  readonly #damagedByPath: Statement<FileRow, [number, string]>;
  readonly #damagedByTag: Statement<FileRow, [number, string, string]>;
  readonly #from: Statement<RawFile, [number, string, string, number]>;
  readonly #after: Statement<RawFile, [number, string, string, number]>;

  constructor(database: Transactions) {
    this.#found = new CommittedCache(database);
    this.#packages = new CommittedCache(database);
    this.#owned = new CommittedCache(database);
    this.#names = new CommittedCache(database);
    this.#groups = new CommittedCache(database);
    // Ids and revisions only grow, so two sets of packages never have the same sums.
    this.#group = database.reading.prepare(
      `SELECT count(*) || '.' || sum(id) || '.' || sum(revision) AS state FROM package
       WHERE repository_id = ? AND name >= ? AND name < ? AND published_at IS NOT NULL`,
    );
    this.#namesOf = database.reading.prepare(
      'SELECT names_revision AS revision FROM repository WHERE id = ?',
    );
    this.#owner = database.reading.prepare(
      'SELECT 1 AS found FROM owned_name WHERE repository_id = ? AND name = ?',
    );
    this.#package = database.reading.prepare(
      `SELECT id, revision, attributes, created_at, updated_at FROM package
       WHERE repository_id = ? AND name = ? AND published_at IS NOT NULL`,
    );
    this.#byPath = database.reading.prepare(byPath(SERVABLE));
    this.#damagedByPath = database.reading.prepare(byPath(DAMAGED));
    this.#byTag = database.reading.prepare(byTag(SERVABLE));
    this.#damagedByTag = database.reading.prepare(byTag(DAMAGED));
    this.#from = database.reading.prepare(between('>='));
    this.#after = database.reading.prepare(between('>'));
  }

  /** The same object each time, until something is committed. */
  find(repositoryId: number, ref: FileRef): StoredFile | undefined {
    const { path, freshness, tag, coordinates } = ref;
    if (tag === undefined) {
      const read = () => {
        const row = this.#byPath.get(repositoryId, path);
        return row && storedFile(ref, row);
      };
      return this.#found.get(`${freshness} ${repositoryId}/${path}`, read) ?? undefined;
    }
    const pkg = coordinates?.package ?? '';
    const read = () => {
      const row = this.#byTag.get(repositoryId, pkg, tag);
      return row && storedFile(ref, row);
    };
    return this.#found.get(`${freshness} ${repositoryId}:${tag}/${pkg}`, read) ?? undefined;
  }

  page(repositoryId: number, { from, isInside, past, limit }: Stretch): Slice<FileEntry> {
    const query = isInside ? this.#after : this.#from;
    return slice(query.all(repositoryId, from, past, limit + 1).map(fileEntry), limit);
  }

  packageState(repositoryId: number, pkg: string): PackageState | undefined {
    const read = () => {
      const row = this.#package.get(repositoryId, pkg);
      return (
        row && {
          id: row.id,
          revision: row.revision,
          attributes: JSON.parse(row.attributes) as Attributes,
          createdAt: row.created_at,
          updatedAt: row.updated_at,
        }
      );
    };
    return this.#packages.get(`${repositoryId}/${pkg}`, read) ?? undefined;
  }

  packagesState(repositoryId: number, prefix: string): string | undefined {
    const read = () => this.#group.get(repositoryId, prefix, pastPrefix(prefix))?.state ?? null;
    return this.#groups.get(`${repositoryId}/${prefix}`, read) ?? undefined;
  }

  namesRevision(repositoryId: number): number {
    return this.#names.get(String(repositoryId), () => this.#namesOf.get(repositoryId)?.revision ?? 0);
  }

  owns(repositoryId: number, pkg: string): boolean {
    return this.#owned.get(`${repositoryId}/${pkg}`, () => this.#owner.get(repositoryId, pkg) !== null);
  }

  damaged(repositoryId: number, { path, tag, coordinates }: FileRef): boolean {
    const row =
      tag === undefined
        ? this.#damagedByPath.get(repositoryId, path)
        : this.#damagedByTag.get(repositoryId, coordinates?.package ?? '', tag);
    return row !== null;
  }
}

/** One repository's rows, as formats read them. */
export class CatalogTables implements CatalogReader {
  readonly #db: Kysely<Schema>;
  readonly #files: FileLookups;
  readonly #repositoryId: number;

  constructor(database: Transactions, files: FileLookups, repositoryId: number) {
    this.#db = database.read;
    this.#files = files;
    this.#repositoryId = repositoryId;
  }

  file(ref: FileRef): StoredFile | undefined | Promise<StoredFile | undefined> {
    return this.#files.find(this.#repositoryId, ref);
  }

  async damaged(ref: FileRef): Promise<boolean> {
    return this.#files.damaged(this.#repositoryId, ref);
  }

  async files(prefix: string, { limit, after }: Page): Promise<Slice<FileEntry>> {
    if (limit === 0) return { rows: [], more: false };
    const isInside = after !== undefined && after >= prefix;
    const from = isInside ? after : prefix;
    return this.#files.page(this.#repositoryId, { from, isInside, past: pastPrefix(prefix), limit });
  }

  async hasPackage(pkg: string): Promise<boolean> {
    return (await this.#packageId(pkg)) !== undefined;
  }

  async owns(pkg: string): Promise<boolean> {
    return this.#files.owns(this.#repositoryId, pkg);
  }

  async namesRevision(): Promise<number> {
    return this.#files.namesRevision(this.#repositoryId);
  }

  async packagesState(prefix: string): Promise<string | undefined> {
    return this.#files.packagesState(this.#repositoryId, prefix);
  }

  async packageState(pkg: string): Promise<PackageState | undefined> {
    return this.#files.packageState(this.#repositoryId, pkg);
  }

  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }): Promise<Found> {
    return searchPackages(this.#db, this.#repositoryId, words, page);
  }

  async version(pkg: string, version: string): Promise<VersionRow | undefined> {
    const id = await this.#packageId(pkg);
    if (id === undefined) return undefined;
    const row = await this.#versions(id).where('version.name', '=', version).executeTakeFirst();
    return row && versionRow(pkg, row);
  }

  async versions(pkg: string, { limit, after = '' }: Page): Promise<Slice<VersionRow>> {
    const packageId = await this.#packageId(pkg);
    if (packageId === undefined || limit === 0) return { rows: [], more: false };
    const { rows } = await pageOfVersions(this.#db, { packageId, after, most: limit + 1 });
    return slice(
      rows.map((row) => versionRow(pkg, row)),
      limit,
    );
  }

  async *versionNames(pkg: string, attribute: string): AsyncGenerator<readonly string[]> {
    const packageId = await this.#packageId(pkg);
    if (packageId === undefined) return;
    const path = `$.${JSON.stringify(attribute)}`;
    for (let after = ''; ;) {
      const [row] = (await namesOfVersions(this.#db, { packageId, after, path, most: NAMES })).rows;
      const names = JSON.parse(row?.names ?? '[]') as readonly string[];
      yield names;
      const last = names.at(-1);
      if (last === undefined || names.length < NAMES) return;
      after = last;
      await setImmediate();
    }
  }

  async untagged(pkg: string, page: Page): Promise<Slice<VersionRow>> {
    // As a literal, or the planner cannot tell that the index of untagged versions holds the answer.
    return this.#page(pkg, page, (id) => this.#versions(id).where('version.tag_count', '=', sql.lit(0)));
  }

  async linking(
    pkg: string,
    { kind, target }: VersionLink,
    { limit, after }: Page,
  ): Promise<Slice<VersionRow>> {
    const id = await this.#packageId(pkg);
    if (id === undefined || limit === 0) return { rows: [], more: false };
    const rows = await this.#versions(id)
      .innerJoin('version_link', 'version_link.version_id', 'version.id')
      .where('version_link.package_id', '=', id)
      .where('version_link.kind', '=', kind)
      .where('version_link.target', '=', target)
      .$if(after !== undefined, (query) => query.where('version_link.version', '>', after ?? ''))
      .orderBy('version_link.version')
      .limit(limit + 1)
      .execute();
    return slice(
      rows.map((row) => versionRow(pkg, row)),
      limit,
    );
  }

  async tags(pkg: string, { limit, after = '' }: Page): Promise<Slice<TagRow>> {
    const packageId = await this.#packageId(pkg);
    if (packageId === undefined || limit === 0) return { rows: [], more: false };
    return slice((await pageOfTags(this.#db, { packageId, after, most: limit + 1 })).rows, limit);
  }

  async tagged(pkg: string, versions: readonly string[]): Promise<readonly TaggedVersion[]> {
    const id = await this.#packageId(pkg);
    if (id === undefined || versions.length === 0) return [];
    const names = JSON.stringify(versions);
    const rows = await this.#versions(id)
      .select(sql<string>`(SELECT json_group_array(name) FROM tag WHERE version_id = version.id)`.as('tags'))
      .where('version.name', 'in', sql<string>`(SELECT value FROM json_each(${names}))`)
      .execute();
    return rows.map((row) => ({ ...versionRow(pkg, row), tags: JSON.parse(row.tags) as string[] }));
  }

  async packages(prefix: string, { limit, after }: Page): Promise<Slice<string>> {
    const rows = await this.#db
      .selectFrom('package')
      .select('name')
      .where('repository_id', '=', this.#repositoryId)
      .where('published_at', 'is not', null)
      .where('name', '>=', prefix)
      .where('name', '<', pastPrefix(prefix))
      .$if(after !== undefined, (query) => query.where('name', '>', after ?? ''))
      .orderBy('name')
      .limit(limit + 1)
      .execute();
    return slice(
      rows.map((row) => row.name),
      limit,
    );
  }

  folders(prefix: string, limit: number): Promise<readonly string[]> {
    return foldersUnder(
      prefix,
      limit,
      async (after) => (await this.packages(prefix, { limit: 1, after })).rows[0],
    );
  }

  #versions(packageId: number) {
    return versionsOf(this.#db, packageId);
  }

  async #page(
    pkg: string,
    { limit, after }: Page,
    query: (packageId: number) => VersionQuery,
  ): Promise<Slice<VersionRow>> {
    const id = await this.#packageId(pkg);
    if (id === undefined || limit === 0) return { rows: [], more: false };
    const rows = await query(id)
      .$if(after !== undefined, (narrowed) => narrowed.where('version.name', '>', after ?? ''))
      .orderBy('version.name')
      .limit(limit + 1)
      .execute();
    return slice(
      rows.map((row) => versionRow(pkg, row)),
      limit,
    );
  }

  async #packageId(pkg: string): Promise<number | undefined> {
    const [row] = (await findPackageId(this.#db, { repositoryId: this.#repositoryId, name: pkg })).rows;
    return row?.id;
  }
}

const versionsOf = (db: Kysely<Schema>, packageId: number) =>
  db
    .selectFrom('version')
    .select(['version.name', 'version.attributes', 'version.size', 'version.created_at'])
    .where('version.package_id', '=', packageId);
type VersionQuery = ReturnType<typeof versionsOf>;

interface PageOf {
  readonly packageId: number;
  /** No name is empty, so all come after that. */
  readonly after: string;
  readonly most: number;
}

const findPackageId = prepared((db, of: { readonly repositoryId: number; readonly name: string }) =>
  db
    .selectFrom('package')
    .select('id')
    .where('repository_id', '=', of.repositoryId)
    .where('name', '=', of.name)
    .where('published_at', 'is not', null),
);
const pageOfVersions = prepared((db, { packageId, after, most }: PageOf) =>
  versionsOf(db, packageId).where('version.name', '>', after).orderBy('version.name').limit(most),
);
/** In one value, which is read sooner than as many rows. */
const namesOfVersions = prepared((db, { packageId, after, path, most }: PageOf & { readonly path: string }) =>
  db
    .selectFrom((from) =>
      from
        .selectFrom('version')
        .select('name')
        .where('package_id', '=', packageId)
        .where('name', '>', after)
        .where(sql`attributes ->> ${path}`, 'is not', null)
        .orderBy('name')
        .limit(most)
        .as('named'),
    )
    .select(sql<string>`json_group_array(name)`.as('names')),
);
const pageOfTags = prepared((db, { packageId, after, most }: PageOf) =>
  db
    .selectFrom('tag')
    .innerJoin('version', 'version.id', 'tag.version_id')
    .select(['tag.name as tag', 'version.name as version'])
    .where('tag.package_id', '=', packageId)
    .where('tag.name', '>', after)
    .orderBy('tag.name')
    .limit(most),
);

interface Stretch {
  readonly from: string;
  /** Whether what is at `from` was already seen. */
  readonly isInside: boolean;
  readonly past: string;
  readonly limit: number;
}
