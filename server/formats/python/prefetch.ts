import type { FileRef } from '../../core/catalog.ts';
import { invalid, isNotFound, RegistryError } from '../../core/error.ts';
import type { Prefetch } from '../../core/format.ts';
import type { IndexReader } from '../../core/index-kind.ts';
import { filePath, isName, METADATA, normalName } from './names.ts';
import type { ListedDistribution } from './project.ts';
import { projectIndex } from './project-index.ts';
import { sameVersion } from './versions.ts';

/** Which files of a project are meant. */
interface Wanted {
  readonly project: string;
  readonly isOne: (file: ListedDistribution) => boolean;
}

export const pythonPrefetch: Prefetch = { references };

/** Files as its index has them, each with its metadata where that is beside it. NOT_FOUND where the index has none such. */
async function references(text: string, read: IndexReader): Promise<readonly FileRef[]> {
  const { project, isOne } = wantedBy(text);
  const index = await read.index(projectIndex, { of: project }).catch((error: unknown) => {
    throw isNotFound(error) ? missing(`the upstream has no project ${project}`, project) : error;
  });
  const files = Array.from((await index.value()).files.values()).filter(isOne);
  if (files.length === 0)
    throw missing(`the index of ${project} has no such file: ${text.slice(0, 200)}`, project);
  return files.flatMap((file) => [
    refOf(project, file, ''),
    ...(file.metadata === undefined ? [] : [refOf(project, file, METADATA)]),
  ]);
}

const missing = (message: string, project: string): RegistryError =>
  new RegistryError('NOT_FOUND', 'FILE_UNKNOWN', message, { details: { project } });

/** `demo==1.0` is all files of a release, `demo==1.0 --hash=sha256:…` the one with that hash, `demo/FILE` the one of that name. */
function wantedBy(text: string): Wanted {
  const [, named = '', filename] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (filename !== undefined && isName(named))
    return { project: normalName(named), isOne: (file) => file.filename === filename };
  const [, name = '', version = '', algorithm, hex = ''] =
    /^([^=@\s]+)(?:==|@)([^=@\s]+)(?:\s+--hash=([a-z0-9_]+):([0-9a-fA-F]+))?$/.exec(text) ?? [];
  if (version === '' || !isName(name))
    throw invalid(
      'PACKAGE_INVALID',
      `${JSON.stringify(text.slice(0, 220))} names no files: write NAME==VERSION, with --hash=ALGORITHM:HEX for one file of it, or NAME/FILE`,
    );
  return {
    project: normalName(name),
    isOne: (file) =>
      sameVersion(file.version, version) &&
      (algorithm === undefined || file.hashes.get(algorithm) === hex.toLowerCase()),
  };
}

const refOf = (project: string, { filename, version }: ListedDistribution, beside: string): FileRef => ({
  path: filePath(project, filename) + beside,
  freshness: 'immutable',
  coordinates: { package: project, version },
  contentType: 'application/octet-stream',
});
