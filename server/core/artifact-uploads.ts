import type { Act } from './audit.ts';
import type { CommittedBlob } from './blob.ts';
import type { HostedRepo } from './catalog.ts';
import type { Principal, Within } from './iam.ts';
import type { RepositoryAddress } from './repository.ts';
import type { Document } from './resources.ts';

export type UploadMessage = Readonly<Record<string, unknown>>;

/** A method of the management API that takes bytes beside its message, such as `genericArtifacts:create`. */
export interface ArtifactUpload {
  readonly collection: string;
  /** The custom method. */
  readonly verb: 'create' | 'upload';
  /** What the audit log calls it. */
  readonly method: string;
  /** Fields of the message, all of them text. */
  readonly fields: readonly string[];
  /** What a message says of what is uploaded, for conditions. INVALID_ARGUMENT for one that says what cannot be. */
  within(message: UploadMessage): Within;
  /** The operation's metadata and response, each with its type. */
  readonly metadata: string;
  readonly response: string;
  /** Makes stored bytes what the message says. The answer is the response. */
  publish(upload: {
    readonly message: UploadMessage;
    readonly repo: HostedRepo;
    readonly blob: CommittedBlob;
    /** The repository's resource name. */
    readonly parent: string;
    readonly now: number;
  }): Promise<Document>;
}

export interface UploadTarget {
  /** The repository that takes it, which may be another than was asked. */
  readonly at: RepositoryAddress;
  readonly repo: HostedRepo;
}

/** Where uploads through the management API go. */
export interface UploadTargets {
  /** FAILED_PRECONDITION for a repository of another format, or one that takes none; NOT_FOUND where there is none. */
  open(at: RepositoryAddress, format: string, who: Principal, act: Act | undefined): Promise<UploadTarget>;
}
