import { constants, Database } from 'bun:sqlite';
import { pathToFileURL } from 'node:url';
import { layout } from '../../stores/blobs/layout.ts';
import { dataPaths } from '../../stores/data-directory.ts';
import {
  type Check,
  codeOf,
  type DoctorSettings,
  fail,
  type Finding,
  messageOf,
  type Need,
  type Patient,
} from './check.ts';
import { lockHolder } from './lock-holder.ts';
import { lookAt } from './look-at.ts';

export interface ExamineOptions {
  readonly directory: string;
  readonly settings: DoctorSettings;
  readonly checks: readonly Check[];
  /** Whether the checks that read much are done too. */
  readonly deep: boolean;
  readonly now: () => number;
  readonly progress: (done: number, of: number) => void;
}

export interface Result extends Finding {
  readonly name: string;
}

/** Does every check that there is something for. Changes nothing, and does not get in the way of a running server. */
export async function* examine(options: ExamineOptions): AsyncGenerator<Result> {
  const { directory, settings, now, progress } = options;
  const paths = dataPaths(directory);
  const opened = openDatabase(paths.database);
  const patient: Patient = {
    settings,
    paths,
    ...lockHolder(paths.lock),
    database: opened instanceof Database ? opened : undefined,
    databaseFailure: opened instanceof Database ? undefined : opened,
    now,
    progress,
  };
  const has: Readonly<Record<Need, boolean>> = {
    directory: isDirectory(paths.root),
    blobs: isDirectory(layout(paths.blobs).uploads),
    database: patient.database !== undefined,
  };
  try {
    for (const { name, needs = [], deep = false, run } of options.checks) {
      if ((deep && !options.deep) || !needs.every((need) => has[need])) continue;
      yield { name, ...(await finding(run, patient)) };
    }
  } finally {
    patient.database?.close();
  }
}

/** A check that could not be made has failed; the others go on. */
async function finding(run: Check['run'], patient: Patient): Promise<Finding> {
  try {
    return await run(patient);
  } catch (error) {
    return fail(
      `this could not be looked at: ${messageOf(error)}`,
      'run this as the user that the server runs as',
    );
  }
}

const isDirectory = (path: string): boolean => {
  try {
    return lookAt(path)?.isDirectory() === true;
  } catch {
    return false;
  }
};

/** A connection that only reads, why there is none, or nothing where there is no database. */
function openDatabase(path: string): unknown {
  if (lookAt(path) === undefined) return undefined;
  try {
    return reading(new Database(path, { readonly: true }));
  } catch (error) {
    return (codeOf(error) === 'SQLITE_CANTOPEN' && unchanging(path)) || error;
  }
}

/**
 * Where no file can be made beside the database, not even for the index of its log: without a log it can be read as
 * it is (sqlite.org/uri.html, immutable).
 */
function unchanging(path: string): Database | undefined {
  if ((lookAt(`${path}-wal`)?.size ?? 0) > 0) return undefined;
  try {
    const uri = `${pathToFileURL(path).href}?immutable=1`;
    return reading(new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI));
  } catch {
    return undefined;
  }
}

function reading(database: Database): Database {
  try {
    database.run('PRAGMA busy_timeout = 10000');
    database.run('PRAGMA query_only = ON');
    // The first look at the file itself.
    database.query('SELECT count(*) FROM sqlite_schema').get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
