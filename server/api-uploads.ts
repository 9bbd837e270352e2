import type { UploadTargets } from './core/artifact-uploads.ts';
import type { DocumentReader } from './core/documents.ts';
import { notFound, RegistryError } from './core/error.ts';
import type { Permission } from './core/permissions.ts';
import type { Repo } from './core/repo.ts';
import { type RepositoryDirectory, repositoryName, type RepositoryRow } from './core/repository.ts';
import type { RouteParts } from './http/route-parts.ts';
import { actOn } from './http/run-command.ts';

interface ApiUploadParts extends Pick<RouteParts, 'target' | 'write' | 'read'> {
  readonly directory: Pick<RepositoryDirectory, 'find'>;
  readonly documents: (row: RepositoryRow, repo: Repo) => DocumentReader;
}

const UPLOAD: Permission = 'artifactregistry.repositories.uploadArtifacts';
const READ: Permission = 'artifactregistry.repositories.downloadArtifacts';

/** Where what the management API takes of artifacts goes: to the repository that clients of the format would write to. */
export const apiUploads = ({ directory, target, write, read, documents }: ApiUploadParts): UploadTargets => ({
  async open(at, format, { principal, act, baseUrl }) {
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
    const { to } = taken;
    const kept = documents(row, read(row, { principal, permission: READ }));
    return {
      at: to,
      repo: await write(to, { principal, permission: UPLOAD }, act && actOn(act, row, to)),
      refresh: (index, key) => kept.refresh(index, key, baseUrl),
    };
  },
});
