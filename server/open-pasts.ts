import type { BlobInfo, Body, ByteRange } from './core/blob.ts';
import type { HostedRepo, StoredFile } from './core/catalog.ts';
import type { FormatUpstream } from './core/format.ts';
import type { OpenedFile, Repo } from './core/repo.ts';
import { repositoryName, type RepositoryRow } from './core/repository.ts';
import { PastCopies } from './modes/past-copies.ts';
import { PastRepo } from './modes/past-repo.ts';
import { StandardRepo } from './modes/standard.ts';
import type { MetadataDatabase } from './stores/metadata/database.ts';
import { PastCatalog } from './stores/metadata/past-catalog.ts';

interface PastsParts {
  readonly database: MetadataDatabase;
  readonly bodies: { open(blob: BlobInfo, range?: ByteRange): Promise<Body> };
  readonly remotes: {
    readonly read: (row: RepositoryRow) => Repo;
    readonly format: (row: RepositoryRow) => FormatUpstream;
  };
  readonly present: (row: RepositoryRow) => HostedRepo;
}

/** Repositories that are not made of others, as they were at a time in milliseconds since the epoch. */
export function openPasts({ database, bodies, remotes, present }: PastsParts) {
  return (row: RepositoryRow, asOf: number): Repo => {
    const stored = present(row);
    const rows = new PastCatalog(database, stored, row.id, asOf);
    const seen = { catalog: rows, opened: new WeakMap<StoredFile, OpenedFile>() };
    const copied = new PastRepo(new StandardRepo(repositoryName(row), stored, bodies, seen), asOf);
    // Of what did not exist there are no copies either.
    return row.mode === 'REMOTE_REPOSITORY' && row.createdAt <= asOf
      ? new PastCopies({ whole: remotes.read(row), copied, rows, format: remotes.format(row), asOf })
      : copied;
  };
}
