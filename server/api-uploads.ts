import type { Act } from './core/audit.ts';
import { notFound, RegistryError } from './core/error.ts';
import type { UploadTargets } from './core/artifact-uploads.ts';
import { type RepositoryDirectory, repositoryName, type RepositoryRow } from './core/repository.ts';
import type { HostedRepo } from './core/catalog.ts';
import type { Reader, WriteTarget } from './http/route-parts.ts';

interface ApiUploadParts {
  readonly directory: Pick<RepositoryDirectory, 'find'>;
  readonly target: (row: RepositoryRow) => WriteTarget | Promise<WriteTarget>;
  readonly write: (
    row: RepositoryRow,
    writer: Reader,
    act: Act | undefined,
  ) => HostedRepo | Promise<HostedRepo>;
}

/** Where what the management API takes of artifacts goes: to the repository that clients of the format would write to. */
export const apiUploads = ({ directory, target, write }: ApiUploadParts): UploadTargets => ({
  async open(at, format, principal, act) {
    const row = await directory.find(at);
    if (!row) throw notFound('REPOSITORY', { repository: repositoryName(at) });
    if (row.format !== format)
      throw new RegistryError(
        'FAILED_PRECONDITION',
        'FORMAT_MISMATCH',
        `${repositoryName(at)} is a repository of the format ${row.format}, and this is for ${format}`,
      );
    const taken = await target(row);
    if (!('to' in taken))
      throw new RegistryError(
        'FAILED_PRECONDITION',
        'READ_ONLY',
        `${row.repository} takes no uploads: ${taken.why}`,
      );
    const permission = 'artifactregistry.repositories.uploadArtifacts';
    return { at: taken.to, repo: await write(taken.to, { principal, permission }, act) };
  },
});
