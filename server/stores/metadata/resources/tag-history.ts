import type { Kysely, Selectable, Transaction } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import type { Listed, ListQuery, PackageAddress, TagAddress, TagRecord } from '../../../core/resources.ts';
import type { EarlierVersion, MayPoint, TagEvent, TagHistory } from '../../../core/tag-history.ts';
import type { Schema, TagEventTable } from '../schema.ts';
import { setTag } from '../tags.ts';
import type { Transactions } from '../transactions.ts';
import { earlierVersion, type HistoryOf, versionsStillThere } from './earlier-version.ts';
import { type Keyset, keysetPage } from './keyset.ts';
import { findPackage, type PackagePlace, packageOf, repositoryOf } from './places.ts';

type Row = Selectable<TagEventTable>;

export class StoredTagHistory implements TagHistory {
  readonly #database: Transactions;
  readonly #now: () => number;

  constructor(database: Transactions, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async list(
    of: PackageAddress & { readonly tag?: string },
    page: Pick<ListQuery, 'limit' | 'after'>,
  ): Promise<Listed<TagEvent>> {
    const { read } = this.#database;
    const repositoryId = await repositoryOf(read, of);
    const events = read
      .selectFrom('tag_event')
      .selectAll()
      .where('repository_id', '=', repositoryId)
      .where('package', '=', of.package)
      .$if(of.tag !== undefined, (all) => all.where('tag', '=', of.tag ?? ''));
    const { rows, ...rest } = await keysetPage(events, BY_AGE, { ...page, descending: true });
    if (rows.length === 0 && !page.after) await requireThere(read, of);
    return { ...rest, rows: rows.map(record) };
  }

  rollback(address: TagAddress, to: EarlierVersion, mayPoint: MayPoint): Promise<TagRecord> {
    return this.#database.transaction(async (tx) => {
      const place = await packageOf(tx, address);
      const { tag, package: pkg } = address;
      const current = await nameOfTagged(tx, place, tag);
      const history: HistoryOf = { repositoryId: place.repositoryId, package: pkg, tag };
      const version = await earlierVersion(tx, history, current, to);
      const isRemoved = current === undefined;
      await mayPoint({ version, isRemoved });

      const row = await findVersion(tx, place, version);
      if (!row) {
        const left = await versionsStillThere(tx, history, { packageId: place.id, current });
        const allowed = await Array.fromAsync(left, (each) =>
          isAllowed(mayPoint, { version: each, isRemoved }),
        );
        throw versionGone(
          tag,
          version,
          left.filter((_, index) => allowed[index]),
        );
      }
      await setTag(tx, {
        repositoryId: place.repositoryId,
        packageId: place.id,
        package: pkg,
        tag,
        versionId: row.id,
        version,
        now: this.#now(),
      });
      return { tag, version };
    });
  }
}

const BY_AGE: Keyset<Row> = { columns: ['id'], position: ({ id }) => [id] };

/** A tag whose history is no longer kept has an empty one; what never was there has none. */
async function requireThere(
  db: Kysely<Schema>,
  of: PackageAddress & { readonly tag?: string },
): Promise<void> {
  const place = await findPackage(db, of);
  if (!place) throw notFound('PACKAGE', { package: of.package });
  if (of.tag !== undefined && (await nameOfTagged(db, place, of.tag)) === undefined)
    throw notFound('TAG', { tag: of.tag });
}

async function nameOfTagged(
  db: Kysely<Schema>,
  { id }: PackagePlace,
  tag: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('tag')
    .innerJoin('version', 'version.id', 'tag.version_id')
    .select('version.name')
    .where('tag.package_id', '=', id)
    .where('tag.name', '=', tag)
    .executeTakeFirst();
  return row?.name;
}

const findVersion = (tx: Transaction<Schema>, { id }: PackagePlace, version: string) =>
  tx
    .selectFrom('version')
    .select('id')
    .where('package_id', '=', id)
    .where('name', '=', version)
    .executeTakeFirst();

const isAllowed = (mayPoint: MayPoint, to: Parameters<MayPoint>[0]): Promise<boolean> =>
  mayPoint(to).then(
    () => true,
    (error: unknown) => {
      if (error instanceof RegistryError && error.code === 'PERMISSION_DENIED') return false;
      throw error;
    },
  );

function versionGone(tag: string, version: string, left: readonly string[]): RegistryError {
  const others =
    left.length === 0
      ? 'none of its earlier versions is there any more'
      : `earlier versions that are still there, newest first: ${left.join(', ')}`;
  return new RegistryError(
    'FAILED_PRECONDITION',
    'VERSION_GONE',
    `tag ${tag} cannot go back to ${version}, which was deleted; ${others}`,
    { details: { tag, version } },
  );
}

const record = ({ tag, version, previous, member, at }: Row): TagEvent => ({
  tag,
  ...(version !== null && { version }),
  ...(previous !== null && { previous }),
  ...(member !== null && { member }),
  at,
});
