import type { Act } from './audit.ts';
import type { RepositoryAddress } from './repository.ts';
import type { UpstreamHealth } from './upstream.ts';

/** What is forgotten of what a remote repository copied: a package, a path below its address, or all of it. */
export type PurgeScope = 'all' | { readonly package: string } | { readonly path: string };

export interface Purged {
  readonly files: number;
  /** Documents, such as lists of versions. */
  readonly indexes: number;
}

/** What came of copying something before anybody asked for it. */
export interface Warmed {
  /** All that it is made of. */
  readonly files: number;
  /** Of these, those that were not here. */
  readonly fetched: number;
  readonly bytes: number;
}

/** Copies in remote repositories. NOT_FOUND without the repository, FAILED_PRECONDITION (NOT_REMOTE) for any other. */
export interface RemoteCaches {
  /** What is there no more is asked of the upstream, also what it was remembered not to have. */
  purge(address: RepositoryAddress, scope: PurgeScope, act: Act | undefined): Promise<Purged>;
  /** As far as this process knows. */
  health(address: RepositoryAddress): Promise<UpstreamHealth>;
  /** Copies what users call `library/nginx:1.27` or `left-pad@1.3.0`, with all that it is made of. */
  warm(address: RepositoryAddress, name: string): Promise<Warmed>;
}
