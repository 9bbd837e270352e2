import { readFile } from 'node:fs/promises';
import { CliError } from './exit.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'this user may not',
};

/** The text of a file that the command line names. `says` begins the refusal of one that cannot be read. */
export const textOfFile = (path: string, says = 'cannot read'): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new CliError('usage', `${says} ${path}: ${REASONS[code] ?? code}`, cause);
  });
