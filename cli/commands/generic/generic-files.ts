import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { usage } from '../../exit.ts';

/** A file here, and its path in a version. */
export interface LocalFile {
  readonly path: string;
  readonly name: string;
}

/** What the id of a version's file is (docs/generic.md). */
export const fileIdOf = (pkg: string, version: string, name: string): string =>
  `${escaped(pkg)}:${escaped(version)}:${name}`;

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll(':', '%3A');

interface Sources {
  readonly source: string | undefined;
  readonly sourceDirectory: string | undefined;
  readonly destinationPath: string | undefined;
}

/** The files that the flags name, each below the destination path. */
export async function sourcesOf({
  source,
  sourceDirectory,
  destinationPath = '',
}: Sources): Promise<readonly LocalFile[]> {
  if ((source === undefined) === (sourceDirectory === undefined))
    throw usage('give --source, or --source-directory');
  const below = destinationPath.replace(/\/+$/, '');
  const placed = (path: string, name: string): LocalFile => ({
    path,
    name: below === '' ? name : `${below}/${name}`,
  });
  if (source !== undefined) {
    const found = await stat(source).catch(() => undefined);
    if (!found?.isFile()) throw usage(`--source: ${source} is not a file`);
    return [placed(source, basename(source))];
  }
  const directory = sourceDirectory ?? '';
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) throw usage(`--source-directory: ${directory} is not a directory`);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) throw usage(`--source-directory: there are no files in ${directory}`);
  return files.map((path) => placed(path, relative(directory, path).split(sep).join('/')));
}
