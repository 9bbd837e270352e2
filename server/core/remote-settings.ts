import type { ChecksumDatabase } from './index-kind.ts';
import type { RepositoryAddress } from './repository.ts';

/** What of a remote repository's upstream comes in. A pattern is `NAME`, or `NAME@VERSION`, with `*` for any text. */
export interface SafetyRules {
  /** With any, only what matches one comes in. */
  readonly allow: readonly string[];
  /** What matches one never comes in. */
  readonly deny: readonly string[];
  /** Milliseconds that a version must have been out before it is shown or served. */
  readonly minimumReleaseAge: number;
  /** Patterns of what need not have been out so long. */
  readonly minimumReleaseAgeExceptions: readonly string[];
  /** Whether a name keeps meaning the bytes it meant when it was first seen. */
  readonly pinFirstSeen: boolean;
}

/** What is about to be shown or served. */
export interface SafetySubject {
  readonly package: string;
  readonly version?: string;
  readonly tag?: string;
  /** Milliseconds since the epoch: as the upstream tells it, else when it was first seen here. */
  readonly publishedAt?: number;
}

/** How a remote repository is to be served: its `remoteRepositoryConfig`, read. Durations are seconds. */
export interface RemoteSettings {
  readonly upstream:
    | { readonly kind: 'server'; readonly uri: string; readonly tokenOrigins: readonly string[] }
    | { readonly kind: 'here'; readonly repository: RepositoryAddress };
  /** A connector: everything is asked of the upstream, and nothing kept. */
  readonly noCache: boolean;
  /** For how long an index, and a file that may change, is good without asking; the format's own ages when absent. */
  readonly indexMaxAge?: number;
  readonly fileMaxAge?: number;
  /** For how long it is remembered that the upstream does not have something. */
  readonly notFoundMaxAge: number;
  /** For how long past its age a copy is still answered at once, while the upstream is asked meanwhile. */
  readonly staleWhileRevalidate: number;
  readonly rules: SafetyRules;
  /** Whether the upstream is asked what clients want to know of what they have installed, which tells it that. */
  readonly forwardAudits: boolean;
  /** What copies are held to, beyond what their own index says. */
  readonly checksumDatabase?: ChecksumDatabase;
}

/** How a virtual repository is to be served: its `virtualRepositoryConfig`, read. */
export interface VirtualSettings {
  /** In the order in which they are asked. */
  readonly members: readonly RepositoryAddress[];
  /** Where what is published here goes. */
  readonly writes?: RepositoryAddress;
  /** Whether a member that fails is left out of the answer, which then says so, instead of failing it. */
  readonly answerWithout: boolean;
}
