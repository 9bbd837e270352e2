import { invalid } from '../../core/error.ts';

const LONGEST = 200;

/** One name for all spellings of it (packaging.python.org/specifications/name-normalization). */
export const normalName = (name: string): string => name.replaceAll(/[-_.]+/g, '-').toLowerCase();

/** Whether it is a name of a project, in any spelling. */
export const isName = (name: string): boolean =>
  name.length <= LONGEST && /^(?:[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])$/i.test(name) && !name.endsWith('\n');

/** The normal form of a name. NAME_INVALID for what is none. */
export function projectName(text: string): string {
  if (isName(text)) return normalName(text);
  const shown = text.slice(0, 220);
  throw invalid(
    'NAME_INVALID',
    `${JSON.stringify(shown)} is not a project name: use letters, digits, '.', '_' and '-', with a letter or digit at both ends`,
    { name: shown },
  );
}

/** Where a file of a project is, below its repository. */
export const filePath = (project: string, filename: string): string => `${project}/${filename}`;

/** What stands behind a file's address at its metadata (PEP 658). */
export const METADATA = '.metadata';
/** What a file's provenance is called in a repository. */
export const PROVENANCE = '.provenance';
