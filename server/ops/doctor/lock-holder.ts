import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { fileLock } from '../../stores/blobs/file-lock.ts';
import { codeOf } from './check.ts';

export interface Holder {
  readonly running: boolean;
  readonly pid: number | undefined;
}

/**
 * Whether a server holds the directory. Asks by taking the lock and giving it back at once: a start in just that
 * microsecond would be refused, so nothing asks in a loop.
 */
export function lockHolder(path: string): Holder {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error))) throw error;
    return { running: false, pid: undefined };
  }
  try {
    const lock = fileLock();
    if (!lock.take(fd)) return { running: true, pid: processOf(fstatSync(fd).ino) };
    lock.give(fd);
    return { running: false, pid: undefined };
  } finally {
    closeSync(fd);
  }
}

/** proc_locks(5): `1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF`, device and inode in the sixth field. */
function processOf(inode: number): number | undefined {
  let table: string;
  try {
    table = readFileSync('/proc/locks', 'utf8');
  } catch {
    return undefined;
  }
  for (const line of table.split('\n')) {
    const [, kind, , access, pid, file = ''] = line.split(/\s+/);
    if (kind === 'FLOCK' && access === 'WRITE' && file.endsWith(`:${inode}`)) return Number(pid);
  }
  return undefined;
}
