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
  readonly permission?: string;
  /** What was asked for, without anything secret. */
  readonly request?: Readonly<Record<string, unknown>>;
}

/** What kind of act a route is, to whoever decides whether it is recorded. */
export interface AuditName {
  /** `CreateRepository`, `Docker-GetManifest`: Google's own names (facts: audit logs). */
  readonly method: string;
  /** `publish`: a data write that changes what others find here, recorded even where data access is not. */
  readonly type: 'ADMIN_WRITE' | AuditLogType | 'publish';
}

/** How it ended: google.rpc.Status. */
export interface Outcome {
  readonly code: number;
  readonly message: string;
}

/** Takes note of what changes nothing: reads, refusals, log-ins that failed. Written soon after, a few together. */
export interface AuditNotes {
  /** Whether a data access of this type is recorded in the project; admin writes always are. */
  wanted(act: Pick<Act, 'type' | 'resource' | 'service' | 'actor'>): boolean;
  note(act: Act, outcome: Outcome): void;
}
