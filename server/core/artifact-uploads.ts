import type { Act } from './audit.ts';
import type { CommittedBlob } from './blob.ts';
import type { HostedRepo } from './catalog.ts';
import type { Principal, Within } from './iam.ts';
import type { IndexKey, KeptIndex } from './index-kind.ts';
import type { RepositoryAddress } from './repository.ts';
import type { Document } from './resources.ts';

export type UploadMessage = Readonly<Record<string, unknown>>;

/** A method of the management API that takes bytes, most with a message about them, such as `genericArtifacts:create`. */
export interface ArtifactUpload {
  readonly collection: string;
  /** The custom method. */
  readonly verb: 'create' | 'upload';
  /** What the audit log calls it. */
  readonly method: string;
  /** Fields of the message, all of them text. Where there are none, a body may be the bytes alone. */
  readonly fields: readonly string[];
  /** Bytes at most, where there is a limit of the format's own. */
  readonly limit?: number;
  /**
   * What a message says of what is uploaded, for conditions. INVALID_ARGUMENT for one that says what cannot be. Absent where only
   * the bytes tell: then `publish` asks.
   */
  readonly within?: (message: UploadMessage) => Within;
  /** The operation's metadata and response, each with its type. */
  readonly metadata: string;
  readonly response: string;
  /** Makes stored bytes what the message says. The answer is the response. */
  publish(uploaded: UploadedArtifact): Promise<Document>;
}

export interface UploadedArtifact extends Pick<UploadTarget, 'repo' | 'refresh'> {
  readonly message: UploadMessage;
  readonly blob: CommittedBlob;
  /** The repository's resource name. */
  readonly parent: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Throws the refusal that the request would have got had it said what its bytes are. */
  readonly mayUpload: (within: Within) => Promise<void>;
}

export interface UploadTarget {
  /** The repository that takes it, which may be another than was asked. */
  readonly at: RepositoryAddress;
  readonly repo: HostedRepo;
  /** Has the kept documents of an index made anew, behind the answer. */
  readonly refresh: <T>(index: KeptIndex<T>, key: IndexKey) => void;
}

export interface Uploader {
  readonly principal: Principal;
  readonly act: Act | undefined;
  /** Where clients of the format find the repository: absolute, no slash at the end. */
  readonly baseUrl: string;
}

/** Where uploads through the management API go. */
export interface UploadTargets {
  /** FAILED_PRECONDITION for a repository of another format, or one that takes none; NOT_FOUND where there is none. */
  open(at: RepositoryAddress, format: string, uploader: Uploader): Promise<UploadTarget>;
}
