import type { ListQuery, Listed, PackageAddress } from './resources.ts';
import type { RepositoryAddress } from './repository.ts';

/** How much may be in a project or repository; without a number, as much as there is room for. */
export interface Quota {
  readonly maxBytes?: number;
  readonly maxVersions?: number;
}

/** What something holds. */
export interface Usage {
  /** Bytes of distinct contents. */
  readonly sizeBytes: number;
  readonly versions: number;
}

/** One of several that may share contents. */
export interface PartUsage extends Usage {
  /** Its id below its parent; of a repository, of a project, with the location and a slash before it. */
  readonly id: string;
  /** Bytes that no other part of the same parent has. */
  readonly uniqueBytes: number;
  readonly quota?: Quota;
}

type PageQuery = Pick<ListQuery, 'limit' | 'after'>;

/** What there is, counted with every change. Parts are in the order of their ids. */
export interface UsageResources {
  /** Everything that is stored, also what nothing names any more. */
  installation(): Promise<Usage>;
  projects(query: PageQuery): Promise<Listed<PartUsage>>;
  project(id: string): Promise<(Usage & { readonly quota: Quota }) | undefined>;
  repositories(project: string, query: PageQuery): Promise<Listed<PartUsage>>;
  repository(address: RepositoryAddress): Promise<(Usage & { readonly quota: Quota }) | undefined>;
  packages(parent: RepositoryAddress, query: PageQuery): Promise<Listed<PartUsage>>;
  package(address: PackageAddress): Promise<Usage | undefined>;
  /** Parts are versions; what each has is looked up, a page at a time. */
  versions(parent: PackageAddress, query: PageQuery): Promise<Listed<PartUsage>>;
  /** Counts everything anew and puts right what is not so; answers what that was. Others wait while it writes. */
  recount(): Promise<readonly Correction[]>;
}

/** A counter that was wrong. */
export interface Correction {
  /** PROJECT, PROJECT/LOCATION/REPOSITORY, or that and /PACKAGE. */
  readonly place: string;
  readonly before: Usage;
  readonly after: Usage;
}
