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
  type RawVersion,
  SERVABLE,
  slice,
  storedFile,
  versionRow,
} from './catalog-rows.ts';
import { CommittedCache } from './committed-cache.ts';
import { settleTexts } from './package-texts.ts';
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
  readonly #names: CommittedCache<number | null>;
  readonly #groups: CommittedCache<string | null>;
  readonly #package: Statement<PackageStateRow, [number, string]>;
  readonly #owner: Statement<{ readonly found: number }, [number, string]>;
  readonly #namesOf: Statement<{ readonly revision: number }, [number, number, string, string]>;
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
      `SELECT names_revision AS revision FROM repository WHERE id = ? AND EXISTS (
         SELECT 1 FROM package
         WHERE repository_id = ? AND name >= ? AND name < ? AND published_at IS NOT NULL)`,
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

  namesRevision(repositoryId: number, prefix: string): number | undefined {
    const read = () =>
      this.#namesOf.get(repositoryId, repositoryId, prefix, pastPrefix(prefix))?.revision ?? null;
    return this.#names.get(`${repositoryId}/${prefix}`, read) ?? undefined;
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
  readonly #database: Transactions;
  readonly #db: Kysely<Schema>;
  readonly #files: FileLookups;
  readonly #repositoryId: number;

  constructor(database: Transactions, files: FileLookups, repositoryId: number) {
    this.#database = database;
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

  async namesRevision(prefix: string): Promise<number | undefined> {
    return this.#files.namesRevision(this.#repositoryId, prefix);
  }

  async packagesState(prefix: string): Promise<string | undefined> {
    return this.#files.packagesState(this.#repositoryId, prefix);
  }

  async packageState(pkg: string): Promise<PackageState | undefined> {
    return this.#files.packageState(this.#repositoryId, pkg);
  }

  async search(
    words: readonly string[],
    page: { readonly limit: number; readonly skip: number },
  ): Promise<Found> {
    await settleTexts(this.#database);
    return searchPackages(this.#db, this.#repositoryId, words, page);
  }

  async version(pkg: string, version: string): Promise<VersionRow | undefined> {
    const id = await this.#packageId(pkg);
    if (id === undefined) return undefined;
    const row = await versionsOf(this.#db, id).where('version.name', '=', version).executeTakeFirst();
    return row && versionRow(pkg, row);
  }

  versions(pkg: string, page: Page): Promise<Slice<VersionRow>> {
    return this.#page(pkg, page, (of) => pageOfVersions(this.#db, of));
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

  untagged(pkg: string, page: Page): Promise<Slice<VersionRow>> {
    return this.#page(pkg, page, (of) => untaggedVersions(this.#db, of));
  }

  linking(pkg: string, { kind, target }: VersionLink, page: Page): Promise<Slice<VersionRow>> {
    return this.#page(pkg, page, (of) => linkingVersions(this.#db, { ...of, kind, target }));
  }

  async tags(pkg: string, { limit, after = '' }: Page): Promise<Slice<TagRow>> {
    const packageId = await this.#packageId(pkg);
    if (packageId === undefined || limit === 0) return { rows: [], more: false };
    return slice((await pageOfTags(this.#db, { packageId, after, most: limit + 1 })).rows, limit);
  }

  async tagged(pkg: string, versions: readonly string[]): Promise<readonly TaggedVersion[]> {
    const packageId = await this.#packageId(pkg);
    if (packageId === undefined || versions.length === 0) return [];
    const names = JSON.stringify([...new Set(versions)]);
    const { rows } = await taggedVersions(this.#db, { packageId, names });
    return rows.map((row) => ({ ...versionRow(pkg, row), tags: JSON.parse(row.tags) as string[] }));
  }

  async packages(prefix: string, { limit, after = '' }: Page): Promise<Slice<string>> {
    const { rows } = await pageOfPackages(this.#db, {
      repositoryId: this.#repositoryId,
      prefix,
      past: pastPrefix(prefix),
      after,
      most: limit + 1,
    });
    return slice(
      rows.map((row) => row.name),
      limit,
    );
  }

  folders(prefix: string, limit: number): Promise<readonly string[]> {
    return foldersUnder(prefix, limit, async (page) => (await this.packages(prefix, page)).rows);
  }

  async #page(
    pkg: string,
    { limit, after = '' }: Page,
    query: (of: PageOf) => Promise<{ readonly rows: readonly RawVersion[] }>,
  ): Promise<Slice<VersionRow>> {
    const packageId = await this.#packageId(pkg);
    if (packageId === undefined || limit === 0) return { rows: [], more: false };
    const { rows } = await query({ packageId, after, most: limit + 1 });
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

const VERSION = ['version.name', 'version.attributes', 'version.size', 'version.created_at'] as const;
const versionsOf = (db: Kysely<Schema>, packageId: number) =>
  db.selectFrom('version').select(VERSION).where('version.package_id', '=', packageId);

interface PageOf {
  readonly packageId: number;
  /** No name is empty, so all come after that. */
  readonly after: string;
  readonly most: number;
}

interface PackagesIn {
  readonly repositoryId: number;
  readonly prefix: string;
  /** What comes after all of them. */
  readonly past: string;
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
// The index of untagged versions holds the answer, which the planner sees of a literal.
const untaggedVersions = prepared((db, { packageId, after, most }: PageOf) =>
  versionsOf(db, packageId)
    .where('version.tag_count', '=', sql.lit(0))
    .where('version.name', '>', after)
    .orderBy('version.name')
    .limit(most),
);
const linkingVersions = prepared((db, { packageId, kind, target, after, most }: PageOf & VersionLink) =>
  versionsOf(db, packageId)
    .innerJoin('version_link', 'version_link.version_id', 'version.id')
    .where('version_link.package_id', '=', packageId)
    .where('version_link.kind', '=', kind)
    .where('version_link.target', '=', target)
    .where('version_link.version', '>', after)
    .orderBy('version_link.version')
    .limit(most),
);
/** The names one after another: as a set they would be sorted first, which takes as long as all else. */
const taggedVersions = prepared(
  (db, { packageId, names }: Pick<PageOf, 'packageId'> & { readonly names: string }) =>
    db
      .selectFrom(sql<{ value: string }>`json_each(${names})`.as<'wanted'>(sql`wanted`))
      .crossJoin('version')
      .select(VERSION)
      .select(sql<string>`(SELECT json_group_array(name) FROM tag WHERE version_id = version.id)`.as('tags'))
      .where('version.package_id', '=', packageId)
      .whereRef('version.name', '=', 'wanted.value'),
);
// One lower bound, for the planner takes but one: with two a page far on would read all before it.
const pageOfPackages = prepared(
  (db, { repositoryId, prefix, past, after, most }: Omit<PageOf, 'packageId'> & PackagesIn) =>
    db
      .selectFrom('package')
      .select('name')
      .where('repository_id', '=', repositoryId)
      .where('published_at', 'is not', null)
      .where('name', '>=', sql<string>`max(${prefix}, ${after})`)
      .where('name', '<', past)
      .where(sql`+name`, '>', after)
      .orderBy('name')
      .limit(most),
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
