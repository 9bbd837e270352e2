import type { Document, Listed, ListQuery, OperationDraft } from './resources.ts';

/*
 * Workload identity federation: programs that someone else vouches for, by the tokens that a CI system or a cluster
 * signs for them. A provider says whose tokens are believed and what becomes of their claims; a pool is the set of
 * identities that its providers vouch for.
 */

export interface WorkloadPoolAddress {
  readonly project: string;
  readonly pool: string;
}
export interface WorkloadProviderAddress extends WorkloadPoolAddress {
  readonly provider: string;
}

export interface WorkloadText {
  readonly displayName: string;
  readonly description: string;
  readonly disabled: boolean;
}

export interface WorkloadPoolRecord extends WorkloadPoolAddress, WorkloadText {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What decides who a token stands for. Expressions are CEL over `assertion`, the claims of the token. */
export interface ProviderConfig {
  /** `google.subject`, `google.groups` and `attribute.X` by the expressions that they come from. */
  readonly attributeMapping: Readonly<Record<string, string>>;
  /** Over `assertion`, `google` and `attribute`: tokens for which it is not true are refused. */
  readonly attributeCondition?: string;
  readonly oidc: {
    readonly issuerUri: string;
    /** What `aud` may be; the provider's own name where there is none. */
    readonly allowedAudiences: readonly string[];
    /** The issuer's keys (RFC 7517), where they are not to be asked of the issuer. */
    readonly jwksJson?: string;
  };
}
export type WorkloadProviderSettings = WorkloadText & { readonly config: ProviderConfig };
export interface WorkloadProviderRecord extends WorkloadProviderAddress, WorkloadProviderSettings {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/**
 * Asked inside the transaction whether its caller may come to decide who the identities of a pool are: it is told the
 * members of bindings that mean some of them, and refuses by throwing.
 */
export type Permit = (members: readonly string[]) => Promise<void>;

/** NOT_FOUND from everything that changes a pool that is not there; `change` runs inside the transaction. */
export interface WorkloadPoolResources {
  get(address: WorkloadPoolAddress): Promise<WorkloadPoolRecord | undefined>;
  /** In byte order of the ids. */
  list(project: string, query: Pick<ListQuery, 'limit' | 'after'>): Promise<Listed<WorkloadPoolRecord>>;
  /** ALREADY_EXISTS when it is there, NOT_FOUND without its project. */
  create(
    pool: WorkloadPoolAddress & WorkloadText,
    draft: OperationDraft<WorkloadPoolRecord>,
  ): Promise<Document>;
  /** A pool that comes to be disabled ends the tokens of its identities. `permit` is asked where it is enabled again. */
  update(
    address: WorkloadPoolAddress,
    change: (current: WorkloadPoolRecord) => WorkloadText,
    permit: Permit,
    draft: OperationDraft<WorkloadPoolRecord>,
  ): Promise<Document>;
  /** With its providers and the tokens of its identities; policies name those `deleted:` from then on. */
  delete(address: WorkloadPoolAddress, draft: OperationDraft<WorkloadPoolRecord>): Promise<Document>;
}

/** NOT_FOUND from everything without its pool or provider; `change` runs inside the transaction. */
export interface WorkloadProviderResources {
  get(address: WorkloadProviderAddress): Promise<WorkloadProviderRecord | undefined>;
  list(
    pool: WorkloadPoolAddress,
    query: Pick<ListQuery, 'limit' | 'after'>,
  ): Promise<Listed<WorkloadProviderRecord>>;
  create(
    provider: WorkloadProviderAddress & WorkloadProviderSettings,
    permit: Permit,
    draft: OperationDraft<WorkloadProviderRecord>,
  ): Promise<Document>;
  /** One that comes to vouch for others, or for nobody, ends the tokens that it vouched for. */
  update(
    address: WorkloadProviderAddress,
    change: (current: WorkloadProviderRecord) => Promise<WorkloadProviderSettings>,
    permit: Permit,
    draft: OperationDraft<WorkloadProviderRecord>,
  ): Promise<Document>;
  /** With the tokens that it vouched for. */
  delete(address: WorkloadProviderAddress, draft: OperationDraft<WorkloadProviderRecord>): Promise<Document>;
}

/** A provider that vouches for somebody now. */
export interface StandingProvider extends WorkloadProviderAddress {
  readonly projectNumber: string;
  readonly config: ProviderConfig;
}

/** What tokens are exchanged by, as it is committed. */
export interface ProviderReader {
  /** `project` is an id or a number. Nothing when it, or its pool, is not there or disabled. */
  provider(project: string, pool: string, provider: string): StandingProvider | undefined;
  /** `name` is as `providerName` writes it. */
  stands(name: string): boolean;
}

/** Says whether a provider's expressions and keys can be used. INVALID_ARGUMENT that names the field when not. */
export interface ProviderRules {
  check(config: ProviderConfig): Promise<void>;
}

export const poolName = ({ project, pool }: WorkloadPoolAddress): `projects/${string}` =>
  `projects/${project}/locations/global/workloadIdentityPools/${pool}`;
export const providerName = (address: WorkloadProviderAddress): `projects/${string}` =>
  `${poolName(address)}/providers/${address.provider}`;

/** What the members of bindings that mean identities of a pool begin with (cloud.google.com/iam/docs/principal-identifiers). */
export const memberPrefixes = (projectNumber: string, pool: string) => {
  const name = `iam.googleapis.com/${poolName({ project: projectNumber, pool })}/`;
  return { one: `principal://${name}`, several: `principalSet://${name}` } as const;
};
