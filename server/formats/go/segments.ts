import { RegistryError } from '../../core/error.ts';
import { param, type RouteRequest } from '../../core/format.ts';
import type { Within } from '../../core/iam.ts';
import { unescaped, wrongVersion } from './names.ts';
import { wrongModulePath } from './paths.ts';
import { isCanonical } from './versions.ts';

type Asked = Pick<RouteRequest, 'params'>;

/** Stands where a name is asked about that is none of a version: a branch, a commit, part of a number. */
export const QUERY = '@q';

/** Each kind of file that a version has is a route of its own, and so is what is asked about names that are none of a version. */
export function kindsApart(rest: readonly string[]): readonly string[] {
  const [, name = '', kind = ''] = /^(.+)\.(info|mod|zip)$/.exec(rest.at(-1) ?? '') ?? [];
  if (rest.at(-2) !== '@v' || kind === '') return rest;
  if (isCanonical(unescaped(name) ?? '')) return [...rest.slice(0, -1), name, kind];
  return kind === 'info' ? [...rest.slice(0, -2), QUERY, name] : rest;
}

/** The module that a path names. NOT_FOUND for what is none: the go command asks for every path above a package. */
export function moduleOf({ params }: Asked): string {
  const written = param(params, 'module');
  const module = unescaped(written);
  if (module === undefined || wrongModulePath(module) !== undefined) throw unknownModule(written);
  return module;
}

/** The version of a module that a path names. NOT_FOUND for what is none. */
export function versionOf(request: Asked): { readonly module: string; readonly version: string } {
  const module = moduleOf(request);
  const version = unescaped(param(request.params, 'version')) ?? '';
  if (wrongVersion(module, version) !== undefined) throw unknownVersion(module, version);
  return { module, version };
}

/** What is asked about a module, where a version's name would be. */
export const queryOf = (request: Asked): string => unescaped(param(request.params, 'query')) ?? '';

/** What a request says of its module to conditions. */
export function within({ params }: Asked): Within {
  const { module, version, query } = params;
  if (module === undefined) return {};
  return {
    package: unescaped(module) ?? module,
    ...(version !== undefined && { version: unescaped(version) ?? version }),
    ...(query !== undefined && { tag: unescaped(query) ?? query }),
  };
}

export const unknownModule = (module: string): RegistryError =>
  new RegistryError(
    'NOT_FOUND',
    'PACKAGE_UNKNOWN',
    `not found: there is no module ${module.slice(0, 220)} here`,
    {
      details: { module: module.slice(0, 220) },
    },
  );

export const unknownVersion = (module: string, version: string): RegistryError =>
  new RegistryError('NOT_FOUND', 'VERSION_UNKNOWN', `not found: ${module}@${version} is not here`, {
    details: { module, version },
  });
