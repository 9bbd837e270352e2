import { lstatSync, type Stats } from 'node:fs';
import { codeOf } from './check.ts';

/** What lies at a path, links not followed; nothing where nothing is. Fails where it is not allowed to look. */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
