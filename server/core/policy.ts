import type { ResourceName } from './iam.ts';
import type { Permission } from './permissions.ts';

/** google/type/expr.proto: CEL, and what people call it. */
export interface PolicyCondition {
  readonly expression: string;
  readonly title: string;
  readonly description?: string;
}

export interface PolicyBinding {
  /** `roles/artifactregistry.reader`, `projects/P/roles/R`. */
  readonly role: string;
  /** `user:E`, `serviceAccount:E`, `group:G`, `domain:D`, `allUsers`, `principal://…` and the others of IAM v1. */
  readonly members: readonly string[];
  readonly condition?: PolicyCondition;
}

export type AuditLogType = 'ADMIN_READ' | 'DATA_READ' | 'DATA_WRITE';
export interface AuditConfig {
  /** `allServices` or a service's host name. */
  readonly service: string;
  readonly logTypes: readonly {
    readonly logType: AuditLogType;
    readonly exemptedMembers: readonly string[];
  }[];
}

/** Who may do what on a resource and below it (google/iam/v1/policy.proto). */
export interface Policy {
  readonly bindings: readonly PolicyBinding[];
  readonly auditConfigs: readonly AuditConfig[];
  /** Grows with every change; 0 for a resource that never had a policy. */
  readonly revision: number;
}

/** What decisions are made from, as it is committed. */
export interface PolicyReader {
  /** Another value after every change of roles or policies, by whichever process. */
  revision(): number;
  policy(on: ResourceName): Policy | undefined;
  /** What a role of an installation's or a project's own may do; nothing for one that is not, or no longer, there. */
  customRole(name: string): readonly Permission[] | undefined;
}

export interface ConditionSubject {
  readonly resource: {
    readonly name: string;
    readonly type: string;
    readonly service: string;
    readonly package?: string;
    readonly version?: string;
    readonly tag?: string;
  };
  /** What the request leaves open: these may be said or not, and be anything. */
  readonly open?: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** `unknown`: it asks for something that this request says nothing about. */
export type ConditionResult = boolean | 'unknown';
export type CompiledCondition = (subject: ConditionSubject) => ConditionResult;

export interface ConditionCompiler {
  /** INVALID_ARGUMENT, in a sentence for whoever wrote it, when it is no condition. */
  compile(expression: string): Promise<CompiledCondition>;
}
