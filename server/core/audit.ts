import type { Code } from './error.ts';
import { RegistryError } from './error.ts';
import type { Principal } from './iam.ts';
import type { AuditLogType } from './policy.ts';

/** Who does something, as an audit entry names them. */
export interface Actor {
  /** `user:NAME`, `serviceAccount:EMAIL`, `principal://…`; nothing for an anonymous caller. */
  readonly member?: string;
  readonly token?: string;
  readonly key?: string;
  readonly peer: string;
  readonly userAgent?: string;
}

/**
 * What someone is about to do, as the audit log will have it if it comes to pass. Whatever changes the tables on
 * somebody's behalf does it under an act, whose entry is written by the transaction that makes the change.
 */
export interface Act {
  /** One entry per act, however many transactions it takes. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly actor: Actor;
  /** `ADMIN_WRITE` is always recorded; the others where a project's policy says so. */
  readonly type: 'ADMIN_WRITE' | AuditLogType;
  /** `artifactregistry.googleapis.com`. */
  readonly service: string;
  /** `google.devtools.artifactregistry.v1.ArtifactRegistry.CreateRepository`, `Docker-PutManifest`. */
  readonly method: string;
  /** `projects/P/locations/L/repositories/R`; `/` for the installation. */
  readonly resource: string;
  /** Whose log it is in, where the resource's name does not say: empty for the installation's. */
  readonly project?: string;
  readonly permission?: string;
  /** What was asked for. What looks like a secret is taken out when it is written. */
  readonly request?: Readonly<Record<string, unknown>>;
  /** Changes what others find or may do: recorded whatever policies say, and kept for as long as changes are. */
  readonly lasting?: true;
  /** Done only with what it publishes or deletes, not with bytes that are named on the way there. */
  readonly publishes?: true;
}

/** What kind of act a route is, to whoever decides whether it is recorded. */
export interface AuditName {
  /** `CreateRepository`, `Docker-GetManifest`: Google's own names (facts: audit logs). */
  readonly method: string;
  /** `publish`: a data write that changes what others find here, recorded even where data access is not. */
  readonly type: 'ADMIN_WRITE' | AuditLogType | 'publish';
  /** What HEAD is called, where that is something else. */
  readonly head?: Pick<AuditName, 'method' | 'type'>;
  /** Parameters of the path that nobody else may learn. */
  readonly secrets?: readonly string[];
}

/** How it ended: google.rpc.Status, and what came of it beyond what was asked for. */
export interface Outcome {
  readonly code: number;
  readonly message: string;
  readonly response?: Readonly<Record<string, unknown>>;
}

export const DONE: Outcome = { code: 0, message: '' };
/** How an act stands until its last transaction, and for good when the server stopped before that. */
export const UNFINISHED: Outcome = { code: 2, message: 'begun, and not known to have been finished' };

/** google/rpc/code.proto */
const NUMBERS: Readonly<Record<Code, number>> = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
};

/** How an act ended that threw. What is ours to know about a failure is in the server's own log. */
export function failure(thrown: unknown): Outcome {
  if (!(thrown instanceof RegistryError)) return { code: NUMBERS.INTERNAL, message: 'internal error' };
  const { code, message } = thrown;
  return { code: NUMBERS[code], message: thrown.status >= 500 ? 'internal error' : message };
}

/** Whether a caller who showed who they are was told that they may not. */
export const isRefusal = (thrown: unknown): boolean =>
  thrown instanceof RegistryError &&
  (thrown.code === 'PERMISSION_DENIED' || thrown.code === 'UNAUTHENTICATED');

/** Something that changes nothing, or nothing that others find. */
export interface Access {
  readonly type: AuditLogType;
  readonly service: string;
  /** Empty for the installation. */
  readonly project: string;
  readonly principal: Principal;
}

/** Takes note of what changes nothing: reads, refusals, log-ins that failed. Written soon after, a few together. */
export interface AuditNotes {
  /** Whether the policies of project and installation want it recorded. Asked of every request. */
  wanted(access: Access): boolean;
  /** An act that is recorded already gets the new outcome. */
  note(act: Act, outcome: Outcome): void;
}
