import { sql, type Transaction } from 'kysely';
import { notFound, RegistryError } from '../../../core/error.ts';
import type { EarlierVersion } from '../../../core/tag-history.ts';
import type { Schema } from '../schema.ts';

export interface HistoryOf {
  readonly repositoryId: number;
  readonly package: string;
  readonly tag: string;
}

/** The name of the version that a tag is to go back to, whether or not that is still there. */
export async function earlierVersion(
  tx: Transaction<Schema>,
  history: HistoryOf,
  current: string | undefined,
  { version, asOf }: EarlierVersion,
): Promise<string> {
  const newest = await eventsOf(tx, history).executeTakeFirst();
  if (!newest && current === undefined) throw notFound('TAG', { tag: history.tag });
  if (version !== undefined) return knownVersion(tx, history, current, version);
  return asOf === undefined ? lastOther(tx, history, current) : versionAt(tx, history, asOf);
}

/** Versions a tag named that could be gone back to, newest first. */
export async function versionsStillThere(
  tx: Transaction<Schema>,
  { repositoryId, package: pkg, tag }: HistoryOf,
  { packageId, current = '' }: { readonly packageId: number; readonly current: string | undefined },
): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly name: string }>`
    SELECT version.name FROM (
      SELECT id, version, previous FROM tag_event
      WHERE repository_id = ${repositoryId} AND package = ${pkg} AND tag = ${tag}
      ORDER BY id DESC LIMIT ${LOOKED_AT}) AS event
    JOIN version ON version.package_id = ${packageId} AND version.name IN (event.version, event.previous)
    WHERE version.name <> ${current}
    GROUP BY version.name ORDER BY max(event.id) DESC LIMIT ${NAMED}`.execute(tx);
  return rows.map(({ name }) => name);
}

/** Events of a tag that are searched for versions to offer, and versions that are offered. */
const LOOKED_AT = 1_000;
const NAMED = 5;

const eventsOf = (tx: Transaction<Schema>, { repositoryId, package: pkg, tag }: HistoryOf) =>
  tx
    .selectFrom('tag_event')
    .select(['version', 'previous'])
    .where('repository_id', '=', repositoryId)
    .where('package', '=', pkg)
    .where('tag', '=', tag)
    .orderBy('id', 'desc')
    .limit(1);

async function knownVersion(
  tx: Transaction<Schema>,
  history: HistoryOf,
  current: string | undefined,
  version: string,
): Promise<string> {
  const named = await eventsOf(tx, history)
    .where((eb) => eb.or([eb('version', '=', version), eb('previous', '=', version)]))
    .executeTakeFirst();
  if (named || version === current) return version;
  throw noEarlier(
    `tag ${history.tag} never named ${version}, as far as its history is kept; to point it there all the same, ` +
      'update the tag',
    history,
  );
}

async function lastOther(tx: Transaction<Schema>, history: HistoryOf, current = ''): Promise<string> {
  const left = await eventsOf(tx, history)
    .where('previous', 'is not', null)
    .where('previous', '<>', current)
    .executeTakeFirst();
  if (left?.previous) return left.previous;
  throw noEarlier(`tag ${history.tag} named nothing else before, as far as its history is kept`, history);
}

async function versionAt(tx: Transaction<Schema>, history: HistoryOf, asOf: number): Promise<string> {
  const then = await eventsOf(tx, history).where('at', '<=', asOf).executeTakeFirst();
  const after = then
    ? undefined
    : await eventsOf(tx, history).clearOrderBy().orderBy('id').executeTakeFirst();
  const version = then?.version ?? after?.previous;
  if (version) return version;
  const when = new Date(asOf).toISOString();
  throw noEarlier(
    then
      ? `tag ${history.tag} was removed at ${when}`
      : `tag ${history.tag} was not there at ${when}, as far as its history is kept`,
    history,
  );
}

const noEarlier = (message: string, { tag }: HistoryOf) =>
  new RegistryError('FAILED_PRECONDITION', 'NO_EARLIER_VERSION', message, { details: { tag } });
