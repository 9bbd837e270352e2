import { param, type RouteRequest } from '../../core/format.ts';
import type { Within } from '../../core/iam.ts';
import { notFound } from '../../core/error.ts';
import { isName, normalName } from './names.ts';
import { versionInFile } from './filenames.ts';

const INDEX = 'simple';
/** Stands where a project's name is written in another way than the index has it. */
export const ELSEWHERE = '-';

/**
 * A project's index under another spelling of its name is a route of its own, which leads to the index. And a project may be
 * called like the folder that indexes are in: its files are told by their names.
 */
export function oneSpelling(rest: readonly string[]): readonly string[] {
  const [folder, name, more] = rest;
  if (folder !== INDEX || name === undefined || more !== undefined) return rest;
  if (versionInFile(INDEX, name.replace(/\.metadata$/, '')) !== undefined) return [INDEX.toUpperCase(), name];
  return isName(name) && normalName(name) !== name ? [INDEX, name, ELSEWHERE] : rest;
}

/** The project that a path names. NOT_FOUND for what is no name. */
export function projectOf({ params }: Pick<RouteRequest, 'params'>): string {
  const name = param(params, 'project');
  if (!isName(name)) throw notFound('PACKAGE', { name });
  return normalName(name);
}

/** What a request says of its project to conditions. Which version a file is of, the catalog says. */
export const within = ({ params: { project } }: Pick<RouteRequest, 'params'>): Within =>
  project === undefined ? {} : { package: normalName(project) };
