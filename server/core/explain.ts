import type { Principal, ResourceName, Within } from './iam.ts';
import type { Permission } from './permissions.ts';
import type { ConditionResult, PolicyBinding } from './policy.ts';

/** May somebody do this there? */
export interface AccessQuestion {
  readonly permission: Permission;
  readonly on: ResourceName;
  readonly within?: Within;
  /** Milliseconds since the epoch; now, where it is not said. */
  readonly time?: number;
}

/** What one binding has to say to a question. */
export interface ExplainedBinding {
  readonly binding: PolicyBinding;
  /** `unknown`: its condition asks for something that the question does not say. */
  readonly grants: ConditionResult;
  /** Whether its role has the permission. */
  readonly included: boolean;
  /** Those of its members that mean who was asked about. */
  readonly meaning: readonly string[];
  /** Whether its condition holds, where it has one. */
  readonly condition?: ConditionResult;
}

export interface ExplainedPolicy {
  readonly on: ResourceName;
  readonly grants: ConditionResult;
  readonly bindings: readonly ExplainedBinding[];
}

/** Why not, beside what policies say. */
export type Obstacle = 'disabled' | 'limited-token';

export interface Explanation {
  /** How bindings name who was asked about. */
  readonly member: string;
  readonly question: AccessQuestion;
  /** The decision itself: true exactly where the authorizer allows it. */
  readonly grants: ConditionResult;
  readonly obstacle?: Obstacle;
  /** The installation's first, then what is nearer. */
  readonly policies: readonly ExplainedPolicy[];
}

/** A member that holds a permission by a binding. */
export interface Holder {
  readonly on: ResourceName;
  readonly role: string;
  readonly member: string;
  /** `unknown`: it depends on what of the resource it is about. */
  readonly grants: true | 'unknown';
  readonly condition?: PolicyBinding['condition'];
}

/** Tells how decisions come about. */
export interface Explainer {
  explain(who: Principal, question: AccessQuestion): Promise<Explanation>;
  /** The same about a member as bindings name it; nothing for a user or service account that is not there. */
  explainMember(member: string, question: AccessQuestion): Promise<Explanation | undefined>;
  /** One sentence for people, in which bindings on resources that are not `seen` are only hinted at. */
  summary(explanation: Explanation, seen: ReadonlySet<ResourceName>): string;
  /** The least of the predefined roles that has the permission. */
  leastRole(permission: Permission): string | undefined;
  /** The policy of each resource that decides, the installation's first. */
  whoCan(question: AccessQuestion): Promise<readonly Holder[]>;
}
