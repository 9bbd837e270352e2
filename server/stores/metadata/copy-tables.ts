import type { Statement } from 'bun:sqlite';
import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type { Digest } from '../../core/blob.ts';
import type { CopyState, CopyStore, FirstSeen, Sighting } from '../../core/copies.ts';
import { CommittedCache } from './committed-cache.ts';
import { onlyRow, prepared } from './prepared.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

/** The row of `upstream_state` whose validator is another one after every purge. */
export const PURGES = 'purges';

interface StateRow {
  readonly etag: string | null;
  readonly last_modified: string | null;
  readonly validated_at: number;
}

/** What upstreams said, and what their files were first, in tables. Asked on every read of a copy, so prepared. */
export class CopyTables implements CopyStore {
  readonly #database: Transactions;
  readonly #states: CommittedCache<CopyState | null>;
  readonly #seen: CommittedCache<FirstSeen | null>;
  readonly #state: Statement<StateRow, [number, string]>;
  readonly #first: Statement<{ readonly digest: Digest | null; readonly at: number }, [number, string]>;

  constructor(database: Transactions) {
    this.#database = database;
    this.#states = new CommittedCache(database);
    this.#seen = new CommittedCache(database);
    this.#state = database.reading.prepare(
      'SELECT etag, last_modified, validated_at FROM upstream_state WHERE repository_id = ? AND what = ?',
    );
    this.#first = database.reading.prepare(
      'SELECT digest, at FROM first_seen WHERE repository_id = ? AND path = ?',
    );
  }

  state(repositoryId: number, what: string): CopyState | undefined {
    const read = () => stated(this.#state.get(repositoryId, what));
    return this.#states.get(`${repositoryId} ${what}`, read) ?? undefined;
  }

  async validated(repositoryId: number, what: string, state: CopyState): Promise<void> {
    await this.#database.transaction((tx) => noteState(tx, repositoryId, what, state));
  }

  firstSeen(repositoryId: number, path: string): FirstSeen | undefined {
    const read = () => seen(this.#first.get(repositoryId, path));
    return this.#seen.get(`${repositoryId} ${path}`, read) ?? undefined;
  }

  async see(repositoryId: number, path: string, first: FirstSeen): Promise<FirstSeen> {
    return this.#database.transaction((tx) => see(tx, repositoryId, path, first));
  }

  purges(repositoryId: number): string {
    return this.state(repositoryId, PURGES)?.etag ?? '';
  }
}

/** Notes what a copy is that the same transaction names. */
export async function noteSighting(
  tx: Transaction<Schema>,
  repositoryId: number,
  { path, meaning, seen: first, state }: Sighting,
): Promise<void> {
  await see(tx, repositoryId, path, first);
  if (meaning !== undefined) await see(tx, repositoryId, meaning, first);
  await noteState(tx, repositoryId, `file ${path}`, state);
}

async function see(
  tx: Transaction<Schema>,
  repositoryId: number,
  path: string,
  { digest, at }: FirstSeen,
): Promise<FirstSeen> {
  const row = onlyRow((await insertSeen(tx, { repositoryId, path, digest: digest ?? null, at })).rows);
  return { at: row.at, ...(row.digest !== null && { digest: row.digest as Digest }) };
}

interface NewSeen {
  readonly repositoryId: number;
  readonly path: string;
  readonly digest: string | null;
  readonly at: number;
}

const insertSeen = prepared((db, row: NewSeen) =>
  db
    .insertInto('first_seen')
    .values({ repository_id: row.repositoryId, path: row.path, digest: row.digest, at: row.at })
    .onConflict((conflict) =>
      conflict
        .columns(['repository_id', 'path'])
        .doUpdateSet({ digest: sql`coalesce(first_seen.digest, excluded.digest)` }),
    )
    .returning(['digest', 'at']),
);

/** What an upstream said of something, as a transaction finds it. */
export async function stateOf(tx: Transaction<Schema>, repositoryId: number, what: string) {
  const [row] = (await findState(tx, { repositoryId, what })).rows;
  return row;
}

interface NewState {
  readonly repositoryId: number;
  readonly what: string;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly validatedAt: number;
}

const findState = prepared((db, { repositoryId, what }: Pick<NewState, 'repositoryId' | 'what'>) =>
  db
    .selectFrom('upstream_state')
    .select(['etag', 'validated_at'])
    .where('repository_id', '=', repositoryId)
    .where('what', '=', what),
);
const upsertState = prepared((db, row: NewState) => {
  const values = { etag: row.etag, last_modified: row.lastModified, validated_at: row.validatedAt };
  return db
    .insertInto('upstream_state')
    .values({ repository_id: row.repositoryId, what: row.what, ...values })
    .onConflict((conflict) => conflict.columns(['repository_id', 'what']).doUpdateSet(values));
});

export async function noteState(
  tx: Transaction<Schema>,
  repositoryId: number,
  what: string,
  { etag, lastModified, validatedAt }: CopyState,
): Promise<void> {
  await upsertState(tx, {
    repositoryId,
    what,
    etag: etag ?? null,
    lastModified: lastModified ?? null,
    validatedAt,
  });
}

const stated = (row: StateRow | null): CopyState | null =>
  row && {
    validatedAt: row.validated_at,
    ...(row.etag !== null && { etag: row.etag }),
    ...(row.last_modified !== null && { lastModified: row.last_modified }),
  };

const seen = (row: { readonly digest: Digest | null; readonly at: number } | null): FirstSeen | null =>
  row && { at: row.at, ...(row.digest !== null && { digest: row.digest }) };
