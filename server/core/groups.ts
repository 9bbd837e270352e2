import type { AccountRow } from './accounts.ts';
import type { Listed, ListQuery } from './resources.ts';

export interface GroupRecord {
  readonly id: string;
  /** Never used again, unlike the name. */
  readonly uid: string;
  readonly displayName: string;
  readonly description: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type GroupChange = Pick<GroupRecord, 'displayName' | 'description'>;

export interface MembershipRecord {
  readonly kind: AccountRow['kind'];
  readonly account: string;
  /** `claim`: the identity provider said so at the last log-in. */
  readonly source: 'manual' | 'claim';
  readonly createdAt: number;
}

type PageQuery = Pick<ListQuery, 'limit' | 'after'>;

/** NOT_FOUND for a group that is not there; FAILED_PRECONDITION where the installation would be left without owner. */
export interface GroupResources {
  get(id: string): Promise<GroupRecord | undefined>;
  /** In byte order of the names. */
  list(query: PageQuery): Promise<Listed<GroupRecord>>;
  /** ALREADY_EXISTS also for a name that differs in case only. */
  create(group: GroupChange & Pick<GroupRecord, 'id'>): Promise<GroupRecord>;
  update(id: string, change: (current: GroupRecord) => GroupChange): Promise<GroupRecord>;
  /** With its memberships and grants. */
  delete(id: string): Promise<void>;

  /** In byte order of the accounts. */
  members(group: string, query: PageQuery): Promise<Listed<MembershipRecord>>;
  member(group: string, account: string): Promise<MembershipRecord | undefined>;
  /** NOT_FOUND for an account that is not there or of another kind, ALREADY_EXISTS for one that was put in already. */
  addMember(group: string, member: Pick<MembershipRecord, 'kind' | 'account'>): Promise<MembershipRecord>;
  removeMember(group: string, account: string): Promise<void>;
}
