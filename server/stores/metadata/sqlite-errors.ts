import { SQLiteError } from 'bun:sqlite';
import { RegistryError } from '../../core/error.ts';

interface Translation {
  readonly known?: RegistryError;
  /** Whether the database must not be written again before a restart. */
  readonly fatal?: boolean;
}

const retryLater = { headers: { 'retry-after': '1' } };

/** SQLite's own codes (sqlite.org/rescode.html) in our words. What is not listed stays what it was. */
export function translated(thrown: unknown): Translation {
  if (!(thrown instanceof SQLiteError)) return thrown instanceof RegistryError ? { known: thrown } : {};
  const cause = { cause: thrown };
  switch (primary(thrown.code)) {
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return {
        known: new RegistryError('UNAVAILABLE', 'DATABASE_BUSY', 'the database is busy; try again', {
          ...cause,
          ...retryLater,
        }),
      };
    case 'SQLITE_FULL':
      return {
        known: new RegistryError(
          'UNAVAILABLE',
          'STORAGE_FULL',
          'the server has no space left for metadata',
          cause,
        ),
      };
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_PERM':
      return {
        known: new RegistryError('UNAVAILABLE', 'STORAGE_READ_ONLY', 'the server cannot write its database', {
          ...cause,
          ...retryLater,
        }),
      };
    case 'SQLITE_IOERR':
      return {
        known: new RegistryError('UNAVAILABLE', 'STORAGE_FAILED', 'the storage of the database failed', {
          ...cause,
          ...retryLater,
        }),
      };
    case 'SQLITE_IOERR_FSYNC':
    case 'SQLITE_IOERR_DIR_FSYNC':
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return {
        fatal: true,
        known: new RegistryError(
          'UNAVAILABLE',
          'DATABASE_BROKEN',
          'the server can no longer write its database safely and takes no writes until it is restarted',
          { ...cause, headers: { 'retry-after': '60' } },
        ),
      };
    default:
      return {};
  }
}

/** What an extended code is a case of; a sync that failed stands for itself. */
function primary(code: string | undefined): string {
  if (code === undefined || /^SQLITE_IOERR_(DIR_)?FSYNC$/.test(code)) return code ?? '';
  return /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code;
}

/** Whether the schema's trigger refused to move a tag. */
export const isImmutableTag = (thrown: unknown): boolean =>
  thrown instanceof SQLiteError && thrown.message === 'immutable tag';
