import type { Act } from './audit.ts';
import type { ResourceName } from './iam.ts';

export type Mode = 'STANDARD_REPOSITORY' | 'REMOTE_REPOSITORY' | 'VIRTUAL_REPOSITORY';

/** Where a repository is: its name in the API, taken apart. */
export interface RepositoryAddress {
  /** A domain-scoped one is `example.com:project`. */
  readonly project: string;
  readonly location: string;
  readonly repository: string;
}

/** As much of a repository as serving it needs. */
export interface RepositoryRow extends RepositoryAddress {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** A Format's id. */
  readonly format: string;
  readonly mode: Mode;
  /** The settings as the management API has them, for whoever serves the mode. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface RepositoryDirectory {
  /** Asked on every request, which need not wait for what is known. */
  find(address: RepositoryAddress): RepositoryRow | undefined | Promise<RepositoryRow | undefined>;
  /** A standard repository with default settings, or the one that is there. */
  create(address: RepositoryAddress, format: string, act?: Act): Promise<RepositoryRow>;
  /** Every repository of a format, ordered by project, location, name. */
  ofFormat(format: string): Promise<readonly RepositoryRow[]>;
}

export const repositoryName = ({ project, location, repository }: RepositoryAddress): ResourceName =>
  `projects/${project}/locations/${location}/repositories/${repository}`;

/** The address that such a name stands for; nothing for what is none. */
export function repositoryAddress(name: string): RepositoryAddress | undefined {
  const parts = /^projects\/([^/]+)\/locations\/([^/]+)\/repositories\/([^/]+)$/.exec(name);
  const [, project, location, repository] = parts ?? [];
  return project !== undefined && location !== undefined && repository !== undefined
    ? { project, location, repository }
    : undefined;
}
