import type { FileHandle } from 'node:fs/promises';
import type { LogEntry } from '../../../contract/client.ts';
import { CliError } from '../../exit.ts';

/** Entries are shorter by far. */
const LONGEST_LINE = 256 * 1024;

interface End {
  /** Bytes up to and with the last whole line. */
  readonly length: number;
  readonly last?: Pick<LogEntry, 'timestamp' | 'insertId'>;
}

/** Where a file of entries ends; a line that was begun and not ended is not part of it. */
export async function endOf(file: FileHandle): Promise<End> {
  const { size } = await file.stat();
  const from = Math.max(0, size - 2 * LONGEST_LINE);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
  const text = buffer.subarray(0, bytesRead);
  const end = text.lastIndexOf(0x0a) + 1;
  if (size === 0) return { length: 0 };
  if (end === 0) {
    // All there is of an export that broke off at once, or something else, which is not ours to cut.
    if (from === 0 && text.toString().startsWith('{"logName"')) return { length: 0 };
    throw foreign();
  }
  const begin = end < 2 ? 0 : text.lastIndexOf(0x0a, end - 2) + 1;
  return { length: from + end, last: entryIn(text.subarray(begin, end).toString()) };
}

function entryIn(line: string): Pick<LogEntry, 'timestamp' | 'insertId'> {
  try {
    const { timestamp, insertId } = JSON.parse(line) as Partial<LogEntry>;
    if (typeof timestamp === 'string' && typeof insertId === 'string') return { timestamp, insertId };
  } catch {
    // Said below, as for any other line that is no entry.
  }
  throw foreign();
}

const foreign = () =>
  new CliError('conflict', 'the file does not end in an entry of an audit log; write to another one');
