import { setImmediate } from 'node:timers/promises';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type {
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
import { foldersUnder } from '../../lib/folders.ts';
import {
  FILE_COLUMNS,
  type FileRow,
  pastPrefix,
  SERVABLE,
  slice,
  storedFile,
  type RawVersion,
  versionRow,
} from './catalog-rows.ts';
import {
  deletedLater,
  lastChange,
  packageWasThere,
  type PastPackage,
  pastTags,
  trashOf,
  versionWasThere,
} from './past-rows.ts';
import { PastTrash } from './past-trash.ts';
import { listed } from './listed.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';
import { versionNames } from '../../lib/version-names.ts';

/** What of a repository is asked of its present, whatever the time. */
type Present = Pick<
  CatalogReader,
  'damaged' | 'files' | 'namesRevision' | 'owns' | 'packagesState' | 'packageState' | 'search'
>;

const LOT = 500;
const ANY = sql<boolean>`1`;

/** A row of `version`, or one that the trash has of it. */
interface Row {
  readonly name: RawBuilder<string>;
  readonly where: 'there' | 'trash';
}

/** Of a file that is there, with when it came. */
interface FileThere extends FileRow {
  readonly at: number;
}

/**
 * A repository's rows as they were: without what came later, with what is in the trash since, and with tags where they were then.
 * What is said of a package or version is what is said now.
 */
export class PastCatalog implements CatalogReader {
  readonly #db: Kysely<Schema>;
  readonly #present: Present;
  readonly #repositoryId: number;
  readonly #asOf: number;
  readonly #trash: PastTrash;

  /** `asOf` is in milliseconds since the epoch. */
  constructor(database: Transactions, present: Present, repositoryId: number, asOf: number) {
    this.#db = database.read;
    this.#present = present;
    this.#repositoryId = repositoryId;
    this.#asOf = asOf;
    this.#trash = new PastTrash(database.read, repositoryId, asOf);
  }

  async file(ref: FileRef): Promise<StoredFile | undefined> {
    const { path, tag, coordinates } = ref;
    const pkg = coordinates && (await this.#package(coordinates.package));
    const row = tag === undefined ? await this.#fileAt(path) : pkg && (await this.#fileOf(pkg, tag));
    return row && storedFile(ref, row);
  }

  damaged(ref: FileRef): Promise<boolean> {
    return this.#present.damaged(ref);
  }

  /** In lots, between which others have their turn: of each file it is found out whether it was there. */
  async files(prefix: string, page: Page): Promise<Slice<FileEntry>> {
    const { limit } = page;
    if (limit === 0) return { rows: [], more: false };
    const most = { ...page, limit: limit + 1 };
    const trashed = await this.#trash.files(prefix, most);
    const byPath = new Map(
      [...(await this.#filesThere(prefix, most)), ...trashed].map((row) => [row.path, row]),
    );
    const rows = [...byPath.values()].toSorted((a, b) =>
      Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)),
    );
    return slice(rows, limit);
  }

  async #filesThere(prefix: string, { limit, after }: Page): Promise<readonly FileEntry[]> {
    const found: FileEntry[] = [];
    for (let from = after; ;) {
      const { rows, more } = await this.#present.files(prefix, {
        limit: LOT,
        ...(from !== undefined && { after: from }),
      });
      for (const row of rows) {
        from = row.path;
        const there = await this.#fileThere(row.path);
        if (!there) continue;
        // One that was restored since has been written since.
        found.push(row.updatedAt > this.#asOf ? { ...row, updatedAt: there.at } : row);
        if (found.length === limit) return found;
      }
      if (!more) return found;
      await setImmediate();
    }
  }

  async version(pkg: string, version: string): Promise<VersionRow | undefined> {
    const past = await this.#package(pkg);
    if (!past) return undefined;
    const rows = await this.#versions(past, ({ name }) => sql`${name} = ${version}`, 1);
    return rows[0] && versionRow(pkg, rows[0]);
  }

  versions(pkg: string, page: Page): Promise<Slice<VersionRow>> {
    return this.#page(pkg, page, () => () => ANY);
  }

  versionNames(pkg: string, attribute: string): AsyncIterable<readonly string[]> {
    return versionNames(this, pkg, attribute);
  }

  untagged(pkg: string, page: Page): Promise<Slice<VersionRow>> {
    return this.#page(
      pkg,
      page,
      (past) =>
        ({ name }) =>
          sql`${name} NOT IN (SELECT version FROM ${pastTags(past, () => ANY)})`,
    );
  }

  linking(pkg: string, { kind, target }: VersionLink, page: Page): Promise<Slice<VersionRow>> {
    return this.#page(
      pkg,
      page,
      ({ id }) =>
        ({ where }) =>
          where === 'there'
            ? sql`version.id IN (SELECT version_id FROM version_link
                WHERE package_id = ${id} AND kind = ${kind} AND target = ${target})`
            : sql`deleted_version.id IN (SELECT deleted_id FROM deleted_link
                WHERE kind = ${kind} AND target = ${target})`,
    );
  }

  async tags(pkg: string, { limit, after }: Page): Promise<Slice<TagRow>> {
    const past = await this.#package(pkg);
    if (!past || limit === 0) return { rows: [], more: false };
    const tags = pastTags(past, (tag) => (after === undefined ? ANY : sql`${tag} > ${after}`));
    const { rows } = await sql<TagRow>`SELECT tag, version FROM ${tags} ORDER BY tag
      LIMIT ${limit + 1}`.execute(this.#db);
    return slice(rows, limit);
  }

  async tagged(pkg: string, versions: readonly string[]): Promise<readonly TaggedVersion[]> {
    const past = await this.#package(pkg);
    if (!past || versions.length === 0) return [];
    const wanted = listed(versions);
    const rows = await this.#versions(past, ({ name }) => sql`${name} IN ${wanted}`, versions.length);
    const { rows: tags } = await sql<TagRow>`SELECT tag, version FROM ${pastTags(past, () => ANY)}
      WHERE version IN ${wanted} ORDER BY tag`.execute(this.#db);
    const named = Map.groupBy(tags, ({ version }) => version);
    return rows.map((row) => ({
      ...versionRow(pkg, row),
      tags: (named.get(row.name) ?? []).map(({ tag }) => tag),
    }));
  }

  async packages(prefix: string, { limit, after = '' }: Page): Promise<Slice<string>> {
    const among = (name: RawBuilder<string>) =>
      sql`${name} >= max(${prefix}, ${after}) AND ${name} < ${pastPrefix(prefix)} AND +${name} > ${after}`;
    const { rows } = await sql<{ readonly name: string }>`SELECT name FROM package
      WHERE repository_id = ${this.#repositoryId} AND ${among(sql`name`)}
        AND ${packageWasThere(this.#repositoryId, this.#asOf)}
      UNION SELECT package FROM deleted_version
      WHERE ${deletedLater(this.#repositoryId, this.#asOf)} AND ${among(sql`deleted_version.package`)}
      ORDER BY name LIMIT ${limit + 1}`.execute(this.#db);
    return slice(
      rows.map(({ name }) => name),
      limit,
    );
  }

  folders(prefix: string, limit: number): Promise<readonly string[]> {
    return foldersUnder(prefix, limit, async (page) => (await this.packages(prefix, page)).rows);
  }

  async hasPackage(pkg: string): Promise<boolean> {
    return (await this.#package(pkg)) !== undefined;
  }

  async packageState(pkg: string): Promise<PackageState | undefined> {
    const past = await this.#package(pkg);
    const state =
      past && (past.id === 0 ? await this.#trash.packageState(past) : await this.#present.packageState(pkg));
    if (!state) return undefined;
    const { rows } = await sql<{ readonly at: number }>`SELECT ${lastChange(past)} AS at`.execute(this.#db);
    const updatedAt = rows[0]?.at || state.createdAt;
    return { ...state, createdAt: Math.min(state.createdAt, updatedAt), updatedAt };
  }

  packagesState(prefix: string): Promise<string | undefined> {
    return this.#present.packagesState(prefix);
  }

  namesRevision(prefix: string): Promise<number | undefined> {
    return this.#present.namesRevision(prefix);
  }

  /** Found by what is said of packages now. How many match in all is not counted further than is asked. */
  async search(
    words: readonly string[],
    { limit, skip }: { readonly limit: number; readonly skip: number },
  ): Promise<Found> {
    const found: string[] = [];
    for (let from = 0; found.length < skip + limit; from += LOT) {
      const { packages } = await this.#present.search(words, { limit: LOT, skip: from });
      for (const name of packages) if (await this.#package(name)) found.push(name);
      if (packages.length < LOT) {
        found.push(...(await this.#trash.search(words)));
        break;
      }
      await setImmediate();
    }
    return { packages: found.slice(skip, skip + limit), total: found.length };
  }

  owns(pkg: string): Promise<boolean> {
    return this.#present.owns(pkg);
  }

  async #package(name: string): Promise<PastPackage | undefined> {
    const repositoryId = this.#repositoryId;
    const { rows } = await sql<{ readonly id: number }>`SELECT id FROM package
      WHERE repository_id = ${repositoryId} AND name = ${name}
        AND ${packageWasThere(repositoryId, this.#asOf)}`.execute(this.#db);
    const id = rows[0]?.id ?? ((await this.#trash.hasPackage(name)) ? 0 : undefined);
    return id === undefined ? undefined : { id, repositoryId, name, asOf: this.#asOf };
  }

  async #page(
    pkg: string,
    { limit, after }: Page,
    among: (past: PastPackage) => (row: Row) => RawBuilder<unknown>,
  ): Promise<Slice<VersionRow>> {
    const past = await this.#package(pkg);
    if (!past || limit === 0) return { rows: [], more: false };
    const wanted = among(past);
    const next = (row: Row) => sql`${row.name} > ${after ?? ''} AND ${wanted(row)}`;
    const rows = await this.#versions(past, next, limit + 1);
    return slice(
      rows.map((row) => versionRow(pkg, row)),
      limit,
    );
  }

  async #versions(
    past: PastPackage,
    among: (row: Row) => RawBuilder<unknown>,
    limit: number,
  ): Promise<RawVersion[]> {
    const { rows } = await sql<RawVersion>`SELECT version.name AS name, version.attributes, version.size,
        version.created_at FROM version
      WHERE version.package_id = ${past.id} AND ${versionWasThere(past)}
        AND ${among({ name: sql`version.name`, where: 'there' })}
      UNION ALL SELECT deleted_version.name, deleted_version.attributes, deleted_version.size,
        deleted_version.created_at ${trashOf(past)}
        AND ${among({ name: sql`deleted_version.name`, where: 'trash' })}
      ORDER BY name LIMIT ${limit}`.execute(this.#db);
    return rows;
  }

  /** The first file of what a tag named. */
  async #fileOf(past: PastPackage, tag: string): Promise<FileRow | undefined> {
    const named = pastTags(past, (name) => sql`${name} = ${tag}`);
    const trashed = await sql<{ readonly id: number }>`SELECT deletedId AS id FROM ${named}
      WHERE deletedId IS NOT NULL`.execute(this.#db);
    if (trashed.rows[0]) return this.#trash.fileOf(trashed.rows[0].id);
    const { rows } = await sql<FileRow>`SELECT ${sql.raw(FILE_COLUMNS)} FROM ${named} AS named
        JOIN version ON version.id = named.versionId
        JOIN package ON package.id = version.package_id
        JOIN file ON file.version_id = version.id
        JOIN blob ON blob.digest = file.blob_digest
      WHERE ${sql.raw(SERVABLE)} AND file.id = (SELECT min(id) FROM file WHERE version_id = version.id)`.execute(
      this.#db,
    );
    return rows[0];
  }

  async #fileAt(path: string): Promise<FileRow | undefined> {
    return (
      (await this.#trash.file(path, 'own')) ??
      (await this.#fileThere(path)) ??
      (await this.#trash.file(path, 'shared'))
    );
  }

  /** What is no version's own, such as a layer, is there with its package: only what was there leads to it. */
  async #fileThere(path: string): Promise<FileThere | undefined> {
    const { rows } = await sql<FileThere & { readonly version_at: number | null }>`
      SELECT ${sql.raw(FILE_COLUMNS)}, file.created_at AS at, version.created_at AS version_at FROM file
        JOIN blob ON blob.digest = file.blob_digest
        LEFT JOIN package ON package.id = file.package_id
        LEFT JOIN version ON version.id = file.version_id
      WHERE file.repository_id = ${this.#repositoryId} AND file.path = ${path}
        AND ${sql.raw(SERVABLE)}`.execute(this.#db);
    const row = rows[0];
    if (!row) return undefined;
    if (row.package === null) return row.at <= this.#asOf ? row : undefined;
    if (row.version === null) return (await this.#package(row.package)) && row;
    const isLater = row.at > this.#asOf && (row.version_at ?? 0) <= this.#asOf;
    return !isLater && (await this.version(row.package, row.version)) ? row : undefined;
  }
}
