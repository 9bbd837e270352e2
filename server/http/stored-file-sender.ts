import { notFound } from '../core/error.ts';
import type { Repo } from '../core/repo.ts';
import type { RepositoryAddress, RepositoryDirectory, RepositoryRow } from '../core/repository.ts';
import { FileSender } from './send-file.ts';

interface StoredFileParts {
  readonly repositories: Pick<RepositoryDirectory, 'find'>;
  /** What a repository has here, whatever its mode. */
  readonly stored: (row: RepositoryRow) => Pick<Repo, 'file'>;
  readonly now: () => number;
}

/** Sends a stored file by its path, whichever route its format has for it. NOT_FOUND when it is not there. */
export function storedFileSender({ repositories, stored, now }: StoredFileParts) {
  const sender = new FileSender(() => ({}), now);
  return async (request: Request, address: RepositoryAddress, path: string): Promise<Response> => {
    const row = await repositories.find(address);
    if (!row) throw notFound('REPOSITORY', { repository: address.repository });
    const file = await stored(row).file({ path, freshness: 'immutable' });
    file.pulled?.();
    return sender.send(request, file, { sent: 0 });
  };
}
