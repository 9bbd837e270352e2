import type { BlobInfo, Body, ByteRange } from './core/blob.ts';
import type { HostedRepo } from './core/catalog.ts';
import type { FormatUpstream } from './core/format.ts';
import type { NotePull, PullNotes } from './core/pulls.ts';
import type { Repo } from './core/repo.ts';
import { repositoryName, type RepositoryRow } from './core/repository.ts';
import { PastCopies } from './modes/past-copies.ts';
import { PastRepo } from './modes/past-repo.ts';
import { StandardRepo } from './modes/standard.ts';
import type { MetadataDatabase } from './stores/metadata/database.ts';
import { PastCatalog } from './stores/metadata/past-catalog.ts';

interface PastsParts {
  readonly database: MetadataDatabase;
  readonly bodies: { open(blob: BlobInfo, range?: ByteRange): Body | Promise<Body> };
  readonly remotes: {
    readonly read: (row: RepositoryRow) => Repo;
    readonly format: (row: RepositoryRow) => FormatUpstream;
  };
  readonly pulls: PullNotes;
  readonly present: (row: RepositoryRow) => HostedRepo;
}

/** Repositories that are not made of others, as they were at a time in milliseconds since the epoch. */
export function openPasts({ database, bodies, remotes, pulls, present }: PastsParts) {
  return (row: RepositoryRow, asOf: number): Repo => {
    const stored = present(row);
    const rows = new PastCatalog(database, stored, row.id, asOf);
    const pulled: NotePull = (file) => pulls.note(row.id, file);
    const seen = { catalog: rows, pulled };
    const copied = new PastRepo(new StandardRepo(repositoryName(row), stored, bodies, seen), asOf);
    // Of what did not exist there are no copies either.
    return row.mode === 'REMOTE_REPOSITORY' && row.createdAt <= asOf
      ? new PastCopies({ whole: remotes.read(row), copied, rows, format: remotes.format(row), asOf })
      : copied;
  };
}
