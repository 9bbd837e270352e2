import { invalid, notFound, RegistryError } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';
import { folderId, idOf, placeOf } from './places.ts';

/** DELETE of a file; its version goes with the last one. */
export async function deleteFile(command: Command): Promise<Response> {
  const segments = param(command.params, 'path').split('/');
  if (segments.length === 2) return deleteVersion(command, segments);
  if (segments.length < 2)
    throw invalid('NAME_INVALID', 'delete a package with "entrepot artifacts packages delete"');
  const { repo, rights } = command;
  await repo.withdraw(idOf(placeOf(segments)), async ({ tag, version }) =>
    rights.require('artifactregistry.repositories.deleteArtifacts', {
      package: segments[0] ?? '',
      version,
      tag,
    }),
  );
  return new Response(null, { status: 204 });
}

/** DELETE of a version's folder, with `?force=true` where it has files. */
export async function deleteFolder(command: Command): Promise<Response> {
  const segments = param(command.params, 'path').split('/');
  if (segments.length === 2) return deleteVersion(command, segments);
  throw invalid(
    'NAME_INVALID',
    'only the folder of a version can be deleted, PACKAGE/VERSION/; delete other files one by one',
  );
}

async function deleteVersion(
  { query, repo, rights }: Command,
  [pkg = '', version = '']: readonly string[],
): Promise<Response> {
  if (!(await repo.version(pkg, version))) throw notFound('VERSION', { package: pkg, version });
  const { rows } = await repo.files(folderId([pkg, version]), { limit: 1 });
  if (rows.length > 0 && query.get('force') !== 'true')
    throw new RegistryError(
      'FAILED_PRECONDITION',
      'FORCE_NEEDED',
      `version ${version} of ${pkg} has files: add ?force=true to delete it with all of them`,
      { details: { package: pkg, version } },
    );
  await repo.unpublish(pkg, version, async ({ tag }) =>
    rights.require('artifactregistry.repositories.deleteArtifacts', { package: pkg, version, tag }),
  );
  return new Response(null, { status: 204 });
}
