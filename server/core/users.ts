import type { Listed, ListQuery } from './resources.ts';

export interface UserRecord {
  /** What it logs in with. */
  readonly id: string;
  /** Never used again, unlike the name. */
  readonly uid: string;
  readonly displayName: string;
  readonly description: string;
  readonly disabled: boolean;
  /** Without one it logs in through the identity provider only. */
  readonly hasPassword: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NewUser extends Pick<UserRecord, 'id' | 'displayName' | 'description'> {
  /** PHC string. */
  readonly passwordHash?: string;
}

export type UserChange = Pick<UserRecord, 'displayName' | 'description'>;

/** NOT_FOUND for a user that is not there; FAILED_PRECONDITION where the installation would be left without owner. */
export interface UserResources {
  get(id: string): Promise<UserRecord | undefined>;
  /** In byte order of the names. */
  list(query: Pick<ListQuery, 'limit' | 'after'>): Promise<Listed<UserRecord>>;
  /** ALREADY_EXISTS also for a name that differs in case only. */
  create(user: NewUser): Promise<UserRecord>;
  update(id: string, change: (current: UserRecord) => UserChange): Promise<UserRecord>;
  /** Without one it logs in elsewhere only. Ends its log-ins and whatever was got with them; personal tokens stay. */
  setPassword(id: string, passwordHash: string | undefined): Promise<UserRecord>;
  /** Disabling ends log-ins as a new password does; personal tokens are refused until it is enabled. */
  setDisabled(id: string, disabled: boolean): Promise<UserRecord>;
  /** With its tokens, memberships and grants. */
  delete(id: string): Promise<void>;
}

/** What the methods that set passwords need beside the store. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** UNAUTHENTICATED when it is wrong, RESOURCE_EXHAUSTED after too many that were: guesses count as log-ins do. */
  confirm(user: string, password: string, peer: string): Promise<void>;
  /** Told once a new one is on the disk. */
  changed(user: string): void;
}
