import { names, unescapeId, type Naming, type NamePart } from '../contract/names.ts';
import type { Cli } from './context.ts';
import { usage } from './exit.ts';

export interface RepositoryParts {
  readonly project: string;
  readonly location: string;
  readonly repository: string;
}
export interface PackageParts extends RepositoryParts {
  readonly package: string;
}

export interface TagParts extends PackageParts {
  readonly tag: string;
}

/** The repository a person wrote, by id or by full name; without words, the one of the flags and settings. */
export async function repositoryParts(cli: Cli, written?: string): Promise<RepositoryParts> {
  return (
    fullName(names.repository, written) ?? {
      project: await cli.project(),
      location: await cli.location(),
      repository: written ?? (await cli.repository()),
    }
  );
}

export const repositoryName = async (cli: Cli, written?: string): Promise<string> =>
  names.repository.format(await repositoryParts(cli, written));

export async function packageParts(cli: Cli, written: string): Promise<PackageParts> {
  return (
    fullName(names.package, written) ?? {
      ...(await repositoryParts(cli)),
      package: unescapeId(written) ?? written,
    }
  );
}

export const packageName = async (cli: Cli, written: string): Promise<string> =>
  names.package.format(await packageParts(cli, written));

/** A version by id inside `pkg`, or by full name. */
export async function versionName(cli: Cli, written: string, pkg: string | undefined): Promise<string> {
  const parts = fullName(names.version, written) ?? {
    ...(await packageParts(cli, insidePackage(pkg))),
    version: unescapeId(written) ?? written,
  };
  return names.version.format(parts);
}

export async function tagParts(cli: Cli, written: string, pkg: string | undefined): Promise<TagParts> {
  return (
    fullName(names.tag, written) ?? {
      ...(await packageParts(cli, insidePackage(pkg))),
      tag: unescapeId(written) ?? written,
    }
  );
}

/** A file id holds slashes in several formats, so both `a/b` and `a%2Fb` are understood. */
export async function fileName(cli: Cli, written: string): Promise<string> {
  const parts = fullName(names.file, written) ?? {
    ...(await repositoryParts(cli)),
    file: unescapeId(written) ?? written,
  };
  return names.file.format(parts);
}

/** What a list says on standard error about where it looks. */
export function noticeOf(parts: RepositoryParts | PackageParts): string {
  const inPackage = 'package' in parts ? `, package ${parts.package}` : '';
  return `Listing items under project ${parts.project}, location ${parts.location}, repository ${parts.repository}${inPackage}.\n`;
}

function fullName<P extends NamePart>(naming: Naming<P>, written: string | undefined) {
  if (!written?.startsWith('projects/')) return undefined;
  const parts = naming.parse(written);
  if (parts !== undefined) return parts;
  throw usage(`[${written}] is not the full name of the resource this command is about`);
}

function insidePackage(pkg: string | undefined): string {
  if (pkg !== undefined) return pkg;
  throw usage('give --package, or write the full name: projects/.../packages/...');
}
