import type { Act } from '../core/audit.ts';
import type { HostedRepo } from '../core/catalog.ts';
import type { DocumentReader } from '../core/documents.ts';
import type { ReadableElsewhere } from '../core/format.ts';
import type { Authorizer, Principal } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { Repo } from '../core/repo.ts';
import type { RepositoryRow } from '../core/repository.ts';
import type { DataRequest, RepositoryDestination } from './data-request.ts';

export interface RouteParts {
  /** The repository as its mode answers reads of somebody who has the permission on it. */
  read(repository: RepositoryRow, reader: Reader): Repo;
  /** Where what is written to a repository goes. */
  target(repository: RepositoryRow): WriteTarget | Promise<WriteTarget>;
  /** A repository that takes writes, for a caller who writes. What it lacks of a version's files is taken from `behind`. */
  write(
    repository: RepositoryRow,
    writer: Reader,
    act: Act | undefined,
    behind?: Repo,
  ): HostedRepo | Promise<HostedRepo>;
  /** The documents of a repository that are kept. */
  documents(repository: RepositoryRow, repo: Repo): DocumentReader;
  readonly now: () => number;
  elsewhere(call: DataRequest, destination: RepositoryDestination): ReadableElsewhere;
  readonly authorizer: Authorizer;
}

/** Who asks, with which right: what a repository is made of may be others, where it counts too. */
export interface Reader {
  readonly principal: Principal;
  readonly permission: Permission;
  /** Milliseconds since the epoch: what was there then is read, and not what is there now. */
  readonly asOf?: number;
}

/** The repository that takes what is written, or why none does. */
export type WriteTarget =
  | { readonly to: RepositoryRow }
  | {
      /** A sentence without its subject. */
      readonly why: string;
      /** Those that would take it, for who may write there to be told. */
      readonly instead: readonly RepositoryRow[];
    };
