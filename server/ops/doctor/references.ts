import type { Database } from 'bun:sqlite';
import { COUNTED, type Miscount, miscounts, MISPLACED } from '../../stores/metadata/usage-recount.ts';
import { type Check, count, fail, ok, size } from './check.ts';

const BROKEN = 'this is a defect, not something to repair by hand: report it, with the log of the server';

/** A law of the tables: a query for what breaks it, each row one sentence. */
interface Law {
  readonly name: string;
  readonly holds: string;
  readonly breaches: string;
  readonly do: string;
}

const SERVABLE = `('live', 'condemned')`;

const LAWS: readonly Law[] = [
  {
    name: 'files',
    holds: 'the content of each can be served',
    breaches: `SELECT file.path || ' of repository ' || repository_id || ' names content that is '
        || coalesce(blob.state, 'unknown')
      FROM file LEFT JOIN blob ON blob.digest = file.blob_digest
      WHERE blob.state IS NULL OR blob.state NOT IN ${SERVABLE}`,
    do: 'push the named artifacts again, or restore the data directory from a backup',
  },
  {
    name: 'documents',
    holds: 'the content of each can be served, or is made again',
    breaches: `SELECT 'the ' || kind || ' of ' || key || ' of repository ' || repository_id || ' names content that is unknown'
      FROM document LEFT JOIN blob ON blob.digest = document.blob_digest
      WHERE document.blob_digest IS NOT NULL AND blob.digest IS NULL`,
    do: BROKEN,
  },
  {
    name: 'trash',
    holds: 'the content of what was deleted can be had back',
    breaches: `SELECT 'the deleted version ' || name || ' of ' || package || ' of repository ' || deleted_version.repository_id
        || ' names content that is ' || coalesce(blob.state, 'unknown')
      FROM deleted_version JOIN deleted_file ON deleted_id = deleted_version.id
        LEFT JOIN blob ON blob.digest = deleted_file.blob_digest
      WHERE blob.state IS NULL OR blob.state NOT IN ${SERVABLE}`,
    do: 'push the named versions again, or purge them from the trash',
  },
  {
    name: 'versions',
    holds: 'each has a file',
    breaches: `SELECT 'version ' || version.name || ' of ' || package.name || ' has no file'
      FROM version JOIN package ON package.id = version.package_id
      WHERE NOT EXISTS (SELECT 1 FROM file WHERE file.version_id = version.id)`,
    do: BROKEN,
  },
  {
    name: 'tags',
    holds: 'each points at a version of its package',
    breaches: `SELECT 'tag ' || tag.name || ' of package ' || tag.package_id || ' points at no version of it'
      FROM tag LEFT JOIN version ON version.id = tag.version_id AND version.package_id = tag.package_id
      WHERE version.id IS NULL`,
    do: BROKEN,
  },
  {
    name: 'uses',
    holds: 'versions and the files they need are of one repository',
    breaches: `SELECT 'version ' || version_use.version_id || ' uses file ' || version_use.file_id
        || ', which is gone or elsewhere'
      FROM version_use
        LEFT JOIN version ON version.id = version_use.version_id
        LEFT JOIN package ON package.id = version.package_id
        LEFT JOIN file ON file.id = version_use.file_id
      WHERE version.id IS NULL OR file.id IS NULL OR file.repository_id IS NOT package.repository_id`,
    do: BROKEN,
  },
  {
    name: 'links',
    // A copy of another server's repository has what was asked for, which need not be all parts of an index.
    holds: 'each comes from a version of its package, and no part of an index is missing',
    breaches: `SELECT link.kind || ' link from ' || link.version || ' to ' || link.target || ' is broken'
      FROM version_link AS link LEFT JOIN version ON version.id = link.version_id
        LEFT JOIN repository ON repository.id = version.repository_id
      WHERE version.package_id IS NOT link.package_id OR version.name IS NOT link.version
        OR (link.kind = 'child' AND repository.mode = 'STANDARD_REPOSITORY' AND NOT EXISTS (
          SELECT 1 FROM version AS child WHERE child.package_id = link.package_id AND child.name = link.target))`,
    do: BROKEN,
  },
];

export const laws: readonly Check[] = LAWS.map((law) => ({
  name: law.name,
  needs: ['database'],
  deep: true,
  run({ database }) {
    const { number, example } = breaches(database, law.breaches);
    if (number === 0) return ok(law.holds);
    return fail(number === 1 ? example : `${example}, and ${number - 1} more like it`, law.do);
  },
}));

/** One statement, so that it sees one state of the database however much a server writes meanwhile. */
function breaches(
  database: Database | undefined,
  sql: string,
): { readonly number: number; readonly example: string } {
  const [row] =
    database
      ?.query(`SELECT count(*), min(breach) FROM (SELECT (NULL) AS breach WHERE 0 UNION ALL ${sql})`)
      .values() ?? [];
  return { number: Number(row?.[0] ?? 0), example: String(row?.[1] ?? '') };
}

/** What triggers keep up to date, counted anew. */
export const repositorySizes: Check = {
  name: 'repository sizes',
  needs: ['database'],
  deep: true,
  run({ database }) {
    if (database === undefined) return ok('no database');
    for (const table of COUNTED) {
      const [wrong] = database.query<Miscount, []>(miscounts(table)).all();
      if (wrong) return fail(told(wrong), RECOUNT);
    }
    const [misplaced] = database.query<{ readonly project: string }, []>(MISPLACED).all();
    if (misplaced) return fail(`what the repositories of ${misplaced.project} share is miscounted`, RECOUNT);
    return ok('each is the sum of its contents, as are those of packages and projects');
  },
};

const RECOUNT = 'report it, with the log of the server; entrepot storage recount puts it right';

function told({
  place,
  size_bytes,
  unique_bytes,
  version_count,
  size: actual,
  alone,
  versions,
}: Miscount): string {
  if (size_bytes !== actual) return `${place} is said to hold ${size(size_bytes)} and holds ${size(actual)}`;
  if (unique_bytes !== alone)
    return `${place} is said to hold ${size(unique_bytes)} that no other has, and it is ${size(alone)}`;
  return `${place} is said to have ${count(version_count, 'version')} and has ${versions}`;
}
