import type { KeyReader, KeyRow } from './accounts.ts';
import type { Act } from './audit.ts';
import type { Account, Bearer, IssuedToken } from './iam.ts';
import type { Listed, ListQuery } from './resources.ts';

export interface ServiceAccountAddress {
  readonly project: string;
  readonly email: string;
}

export interface ServiceAccountRecord extends ServiceAccountAddress {
  /** 21 digits, never used again, unlike the e-mail. */
  readonly uid: string;
  readonly displayName: string;
  readonly description: string;
  readonly disabled: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type ServiceAccountText = Pick<ServiceAccountRecord, 'displayName' | 'description'>;

export interface NewServiceAccount extends ServiceAccountText {
  readonly project: string;
  /** What stands before the at sign. */
  readonly id: string;
}

/** NOT_FOUND from everything that changes an account that is not there; `change` runs inside the transaction. */
export interface ServiceAccountResources {
  /**
   * The one name that permissions are held on. `account` is an e-mail or a uid, and `-` stands for whichever project
   * it is in. What is not there keeps the name that it was asked for by.
   */
  locate(project: string, account: string): Promise<ServiceAccountAddress>;
  get(address: ServiceAccountAddress): Promise<ServiceAccountRecord | undefined>;
  /** In byte order of the e-mails. */
  list(project: string, query: Pick<ListQuery, 'limit' | 'after'>): Promise<Listed<ServiceAccountRecord>>;
  /** ALREADY_EXISTS when there is an account of that e-mail, NOT_FOUND without the project. */
  create(account: NewServiceAccount): Promise<ServiceAccountRecord>;
  update(
    address: ServiceAccountAddress,
    change: (current: ServiceAccountRecord) => ServiceAccountText,
  ): Promise<ServiceAccountRecord>;
  setDisabled(address: ServiceAccountAddress, disabled: boolean): Promise<void>;
  /** With its keys and tokens; policies name it `deleted:` from then on. */
  delete(address: ServiceAccountAddress): Promise<void>;
}

export interface ServiceAccountKeyAddress extends ServiceAccountAddress {
  readonly key: string;
}

export interface ServiceAccountKeyRecord extends KeyRow {
  /** Google's name: `KEY_ALG_RSA_2048`. */
  readonly algorithm: string;
  /** Whether the private key was made here, or has never been here. */
  readonly origin: 'GOOGLE_PROVIDED' | 'USER_PROVIDED';
}

/** NOT_FOUND without the account or the key. Whatever was got with a key ends with it, also when it is disabled. */
export interface ServiceAccountKeyResources {
  get(address: ServiceAccountKeyAddress): Promise<ServiceAccountKeyRecord | undefined>;
  /** All there are, the oldest first: there are few. */
  list(address: ServiceAccountAddress): Promise<readonly ServiceAccountKeyRecord[]>;
  /** FAILED_PRECONDITION when it has as many as it can have. `permit` runs inside the transaction and may refuse. */
  create(
    address: ServiceAccountAddress,
    key: Omit<ServiceAccountKeyRecord, 'account' | 'disabled'>,
    permit: () => Promise<void>,
  ): Promise<ServiceAccountKeyRecord>;
  setDisabled(address: ServiceAccountKeyAddress, disabled: boolean): Promise<void>;
  delete(address: ServiceAccountKeyAddress): Promise<void>;
}

/** Keys, also for what was signed without saying with which. */
export interface SigningKeys extends KeyReader {
  keysOf(account: string): Promise<readonly KeyRow[]>;
}

export interface ImpersonationRequest {
  /** The e-mail. */
  readonly of: string;
  readonly caller: Bearer | undefined;
  readonly seconds: number;
  /** Google's OAuth scopes. */
  readonly scopes: readonly string[];
}

/** Makes access tokens of service accounts for others, who may act as them. */
export interface Impersonation {
  /** The account as decisions are made about it; nothing when it is not there or disabled. */
  principal(email: string): Promise<Account | undefined>;
  /**
   * A token that is worth no more than what it was got with, and ends with it. FAILED_PRECONDITION for a caller who
   * showed what cannot be followed: a password.
   */
  issue(request: ImpersonationRequest, act: Act | undefined): Promise<IssuedToken>;
}

/** The e-mail of a service account: `ci@shop.iam.gserviceaccount.com`; projects of a domain write theirs in front of it. */
export function emailOf({ project, id }: Pick<NewServiceAccount, 'project' | 'id'>, domain: string): string {
  const [name = '', organization] = project.split(':').toReversed();
  return `${id}@${[name, ...(organization === undefined ? [] : [organization]), domain].join('.')}`;
}

/** The project that an e-mail says the account is in; nothing for an e-mail of another domain. */
export function projectOf(email: string, domain: string): string | undefined {
  const host = email.slice(email.indexOf('@') + 1);
  if (!host.endsWith(`.${domain}`)) return undefined;
  const [project = '', ...organization] = host.slice(0, -domain.length - 1).split('.');
  return organization.length === 0 ? project : `${organization.join('.')}:${project}`;
}
