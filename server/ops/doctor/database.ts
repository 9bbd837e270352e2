import type { Database } from 'bun:sqlite';
import { lstatSync } from 'node:fs';
import { isTooOld, OLDEST_SQLITE } from '../../stores/metadata/sqlite-version.ts';
import { type Check, fail, type Finding, messageOf, ok, size, warn } from './check.ts';
import { lookAt } from './look-at.ts';

/** A log larger than this has not been written back for long, so something keeps a reader open. */
const LARGE_LOG = 256 * 1024 * 1024;
const RESTORE =
  'stop the server and restore the data directory from a backup; keep a copy of the damaged one';

export const database: Check = {
  name: 'database',
  needs: ['directory'],
  run({ paths, database: db, databaseFailure }) {
    if (databaseFailure !== undefined)
      return fail(`${paths.database} cannot be opened: ${messageOf(databaseFailure)}`, RESTORE);
    if (db === undefined) return ok('there is none yet; entrepot serve makes it when it first starts');
    const version = String(one(db, 'SELECT sqlite_version()'));
    if (isTooOld(version))
      return fail(
        `SQLite ${version} can lose committed writes at a power failure`,
        `use a build of entrepot with SQLite ${OLDEST_SQLITE} or later`,
      );
    const bytes = lstatSync(paths.database).size;
    return sound(db, 'quick_check') ?? ok(`SQLite ${version}, ${size(bytes)}, quick_check found nothing`);
  },
};

/** What a promise of durability needs; the server sets it on every connection. */
export const databaseSettings: Check = {
  name: 'database settings',
  needs: ['database'],
  run({ paths, database: db, running }) {
    if (db === undefined) return ok('no database');
    const journal = String(one(db, 'PRAGMA journal_mode'));
    if (journal !== 'wal')
      return running
        ? fail(`journal_mode is ${journal} while a server runs`, 'restart the server, which sets it to wal')
        : ok(`journal_mode is ${journal}; the next start of the server sets it to wal`);
    // The setting is a connection's own, so this tells whether one that asks for it, as the server does, gets it.
    db.run('PRAGMA synchronous = FULL');
    const synchronous = Number(one(db, 'PRAGMA synchronous'));
    if (synchronous !== 2)
      return fail(
        `synchronous = FULL is not honoured: it is ${synchronous}`,
        'use a build of SQLite that honours it',
      );
    const log = lookAt(`${paths.database}-wal`)?.size ?? 0;
    return log > LARGE_LOG
      ? warn(
          `the write-ahead log has ${size(log)}`,
          'look for a program that keeps the database open for reading',
        )
      : ok(`write-ahead log of ${size(log)}, every commit synced`);
  },
};

export const integrity: Check = {
  name: 'database integrity',
  needs: ['database'],
  deep: true,
  run: ({ database: db }) => (db && sound(db, 'integrity_check')) ?? ok('integrity_check found nothing'),
};

export const foreignKeys: Check = {
  name: 'foreign keys',
  needs: ['database'],
  deep: true,
  run({ database: db }) {
    const broken = db?.query<{ table: string; parent: string }, []>('PRAGMA foreign_key_check').all() ?? [];
    const [first] = broken;
    return first === undefined
      ? ok('every row they point at is there')
      : fail(`${broken.length} rows point at nothing, one in ${first.table} at ${first.parent}`, RESTORE);
  },
};

function sound(db: Database, pragma: 'quick_check' | 'integrity_check'): Finding | undefined {
  const rows = db.query(`PRAGMA ${pragma}(10)`).values().map(String);
  return rows[0] === 'ok' ? undefined : fail(`${pragma}: ${rows.join('; ')}`, RESTORE);
}

/** The only value of the only row. */
export const one = (db: Database, sql: string): unknown => db.query(sql).values()[0]?.[0];
