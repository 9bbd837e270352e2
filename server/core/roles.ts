import type { Listed, ListQuery } from './resources.ts';
import type { Permission } from './permissions.ts';

/** google/iam/admin/v1/iam.proto. A disabled role is bound to whomever it is bound and gives nothing. */
export type RoleStage = 'ALPHA' | 'BETA' | 'GA' | 'DEPRECATED' | 'DISABLED' | 'EAP';

export interface RoleContent {
  readonly title: string;
  readonly description: string;
  readonly stage: RoleStage;
  /** In byte order, each once. */
  readonly permissions: readonly Permission[];
}

export interface RoleRecord extends RoleContent {
  /** `projects/P/roles/R`, `organizations/entrepot/roles/R`. */
  readonly name: string;
  /** Grows with every change. */
  readonly revision: number;
  /** Out of use, and its name with it, until it is undeleted. */
  readonly deleted: boolean;
}

/** What a role that is not custom gives. */
export interface PredefinedRole {
  /** `roles/artifactregistry.reader`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** The custom roles of projects and of the installation. */
export interface RoleResources {
  get(name: string): Promise<RoleRecord | undefined>;
  /** `parent` is `projects/P` or `organizations/entrepot`. NOT_FOUND without it. */
  list(
    parent: string,
    query: Pick<ListQuery, 'limit' | 'after'> & { readonly showDeleted: boolean },
  ): Promise<Listed<RoleRecord>>;
  /** ALREADY_EXISTS when it is there, deleted ones too; NOT_FOUND without its parent. */
  create(name: string, content: RoleContent): Promise<RoleRecord>;
  /** NOT_FOUND without the role. `change` runs inside the transaction, on what is really there, and may refuse. */
  change(
    name: string,
    change: (current: RoleRecord) => Promise<RoleContent & Pick<RoleRecord, 'deleted'>>,
  ): Promise<RoleRecord>;
}
