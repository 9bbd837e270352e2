import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Attributes, FileEntry, PackageState } from '../../core/catalog.ts';
import type { Page } from '../../core/page.ts';
import { type FileRow, type RawFile, fileEntry, pastPrefix, SERVABLE } from './catalog-rows.ts';
import { deletedLater, packageWasThere, type PastPackage, trashOf } from './past-rows.ts';
import type { Schema } from './schema.ts';

/** Packages that a search looks at. */
const SEARCHED = 1_000;

const FILE = `deleted_file.path, deleted_file.content_type, blob.digest, blob.size, blob.generation, blob.md5, blob.sha1,
  blob.sha512, deleted_version.package AS package`;

/** What of a repository at a time is in the trash now. */
export class PastTrash {
  readonly #db: Kysely<Schema>;
  readonly #repositoryId: number;
  readonly #asOf: number;

  /** `asOf` is in milliseconds since the epoch. */
  constructor(db: Kysely<Schema>, repositoryId: number, asOf: number) {
    this.#db = db;
    this.#repositoryId = repositoryId;
    this.#asOf = asOf;
  }

  async hasPackage(name: string): Promise<boolean> {
    const place = { repositoryId: this.#repositoryId, name, asOf: this.#asOf };
    const { rows } = await sql`SELECT 1 ${trashOf(place)} LIMIT 1`.execute(this.#db);
    return rows.length > 0;
  }

  /** A version's own file, or one that versions shared, such as a layer. */
  async file(path: string, kind: 'own' | 'shared'): Promise<FileRow | undefined> {
    const isOwn = kind === 'own' ? 1 : 0;
    const version = sql.raw(isOwn ? 'deleted_version.name' : 'NULL');
    return this.#first(sql`SELECT ${sql.raw(FILE)}, ${version} AS version
      FROM deleted_file JOIN deleted_version ON deleted_version.id = deleted_file.deleted_id
        JOIN blob ON blob.digest = deleted_file.blob_digest
      WHERE deleted_file.repository_id = ${this.#repositoryId} AND deleted_file.path = ${path}
        AND deleted_file.own = ${isOwn} AND deleted_file.created_at <= ${this.#asOf}
        AND ${this.#wasThere} AND ${sql.raw(SERVABLE)} LIMIT 1`);
  }

  /** The first file of a deleted version. */
  async fileOf(deletedId: number): Promise<FileRow | undefined> {
    return this.#first(sql`SELECT ${sql.raw(FILE)}, deleted_version.name AS version
      FROM deleted_file JOIN deleted_version ON deleted_version.id = deleted_file.deleted_id
        JOIN blob ON blob.digest = deleted_file.blob_digest
      WHERE deleted_file.deleted_id = ${deletedId} AND deleted_file.own = 1 AND ${sql.raw(SERVABLE)}
      ORDER BY deleted_file.created_at, deleted_file.path LIMIT 1`);
  }

  /** Own files of versions whose paths start with `prefix`, in the order of these. */
  async files(prefix: string, { limit, after = '' }: Page): Promise<readonly FileEntry[]> {
    const { rows } =
      await sql<RawFile>`SELECT deleted_file.path, deleted_file.created_at AS updated_at, blob.digest,
        blob.size, deleted_version.package AS package, deleted_version.name AS version
      FROM deleted_file JOIN deleted_version ON deleted_version.id = deleted_file.deleted_id
        JOIN blob ON blob.digest = deleted_file.blob_digest
      WHERE deleted_file.repository_id = ${this.#repositoryId} AND deleted_file.path >= ${prefix}
        AND deleted_file.path < ${pastPrefix(prefix)} AND deleted_file.path > ${after}
        AND deleted_file.own = 1 AND deleted_file.created_at <= ${this.#asOf}
        AND ${this.#wasThere} AND ${sql.raw(SERVABLE)}
      ORDER BY deleted_file.path LIMIT ${limit}`.execute(this.#db);
    return rows.map(fileEntry);
  }

  /** What was said of a package that is gone; each deletion of one has an id of its own, below those of packages. */
  async packageState(past: PastPackage): Promise<Omit<PackageState, 'updatedAt'> | undefined> {
    const { rows } = await sql<{
      readonly id: number;
      readonly at: number;
      readonly attributes: string | null;
    }>`
      SELECT max(deleted_version.id) AS id, min(deleted_version.created_at) AS at,
        (SELECT attributes FROM deleted_package WHERE repository_id = ${this.#repositoryId}
          AND name = ${past.name}) AS attributes ${trashOf(past)}`.execute(this.#db);
    const [row] = rows;
    if (!row?.id) return undefined;
    const attributes = JSON.parse(row.attributes ?? '{}') as Attributes;
    return { id: -row.id, revision: 0, attributes, createdAt: row.at };
  }

  /** Names of packages that nothing but the trash has, and that words of a search would find. */
  async search(words: readonly string[]): Promise<readonly string[]> {
    const { rows } = await sql<{ readonly name: string; readonly text: string | null }>`SELECT name, text
      FROM deleted_package WHERE repository_id = ${this.#repositoryId}
        AND EXISTS (SELECT 1 FROM deleted_version WHERE deleted_version.package = deleted_package.name
          AND ${this.#wasThere})
        AND NOT EXISTS (SELECT 1 FROM package WHERE package.repository_id = ${this.#repositoryId}
          AND package.name = deleted_package.name AND ${packageWasThere(this.#repositoryId, this.#asOf)})
      ORDER BY name LIMIT ${SEARCHED}`.execute(this.#db);
    const wanted = words.flatMap(tokens);
    return rows
      .filter(({ name, text }) => {
        const said = tokens(`${name} ${text ?? ''}`);
        return wanted.every((word) => said.some((each) => each.startsWith(word)));
      })
      .map(({ name }) => name);
  }

  get #wasThere(): RawBuilder<boolean> {
    return deletedLater(this.#repositoryId, this.#asOf);
  }

  async #first(query: RawBuilder<unknown>): Promise<FileRow | undefined> {
    const { rows } = await (query as RawBuilder<FileRow>).execute(this.#db);
    return rows[0];
  }
}

const tokens = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
