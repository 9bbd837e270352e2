import type { RepositoryAddress } from './repository.ts';
import type { Upstream, UpstreamCredentials } from './upstream.ts';

/** An upstream as a repository is configured with it. */
export interface UpstreamSettings {
  /** Of its root, such as https://registry.example.com/npm/. */
  readonly uri: string;
  readonly credentials?: UpstreamCredentials;
  /** Origins besides its own that the credentials may be shown to when it says that a token is to be fetched there. */
  readonly tokenOrigins?: readonly string[];
}

export interface Upstreams {
  /** Asks nothing yet. FAILED_PRECONDITION (UPSTREAM_FORBIDDEN) for what is no http or https URL. */
  open(settings: UpstreamSettings): Upstream;
}

/** The credentials that upstreams are asked with. UNAVAILABLE (UPSTREAM_REFUSED) where a secret is not to be had. */
export interface UpstreamSecrets {
  /** Whether secrets can be named instead of given: `projects/P/secrets/S/versions/V`, files that somebody else looks after. */
  readonly readsFiles: boolean;
  /** Nothing for a repository that asks without. */
  find(repositoryId: number): Promise<UpstreamCredentials | undefined>;
  /**
   * The same of a repository that is about to be written: `shown` is its `upstreamCredentials`, and `secret` a new one, or
   * absent for the one that is kept.
   */
  about(
    at: RepositoryAddress,
    shown: unknown,
    secret: string | undefined,
  ): Promise<UpstreamCredentials | undefined>;
}
