import type { Permission } from './permissions.ts';

export interface Account {
  /** `federated`: someone whom an identity provider vouched for and of whom nothing is stored here. */
  readonly kind: 'user' | 'service-account' | 'federated';
  /** User name, the service account's e-mail, or the whole `principal://` name. */
  readonly id: string;
  /** What else bindings may call it by: `group:G`, `domain:D`, `principalSet://…`. */
  readonly belongsTo: readonly string[];
  /** Present when the credential may do less than its owner. */
  readonly scope?: Scope;
}
export type Principal = { readonly kind: 'anonymous' } | Account;
export const ANONYMOUS: Principal = { kind: 'anonymous' };

/** What a credential is limited to; a limit that is absent is none. */
export interface Scope {
  readonly permissions?: readonly Permission[];
  /** These, and everything below them. */
  readonly resources?: readonly ResourceName[];
}

/** How bindings and records name an account: `user:NAME`, `serviceAccount:EMAIL`, `principal://…`. */
export function memberOf({ kind, id }: Pick<Account, 'kind' | 'id'>): string {
  switch (kind) {
    case 'user':
      return `user:${id}`;
    case 'service-account':
      return `serviceAccount:${id}`;
    case 'federated':
      return id;
    default:
      return kind satisfies never;
  }
}

/** `personal`: made by its owner, to keep. The others come and go with log-ins and exchanges. */
export type TokenKind = 'login' | 'session' | 'personal' | 'service-account' | 'federated' | 'impersonated';
export type CredentialKind = TokenKind | 'password' | 'registry';

/** What a caller showed to be believed, and how long that is good. */
export interface Bearer {
  /** The account's id; empty for a token that was made for nobody. */
  readonly account: string;
  /** Who that is, where no account is stored. */
  readonly federated?: Federated;
  /** The stored token it came from, where it came from one. */
  readonly token?: string;
  /** The service account's key that signed for it, where one did. */
  readonly key?: string;
  /** Of a stored token its kind, also where something made from it was shown, but for registry tokens. */
  readonly kind?: CredentialKind;
  /** Stands for the password that was shown, where one was, and changes with it. */
  readonly password?: string;
  readonly scope?: Scope;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A federated identity, whole, as the token made for it carries it. */
export interface Federated {
  /** `principal://iam.googleapis.com/projects/N/locations/global/workloadIdentityPools/POOL/subject/S`. */
  readonly id: string;
  readonly belongsTo: readonly string[];
  /** `projects/P/locations/global/workloadIdentityPools/POOL/providers/V`: gone or disabled, so is the identity. */
  readonly provider: string;
}

/** A caller; an anonymous one may have shown nothing. */
export interface Caller {
  readonly principal: Principal;
  readonly bearer?: Bearer;
}

/** `projects/P`, `projects/P/locations/L/repositories/R`, `projects/P/serviceAccounts/E`, or `/` for the installation. */
export type ResourceName = `projects/${string}` | '/';

/** Whether a name is another, or below it; a project whose name only begins alike is not below it. */
export const covers = (above: ResourceName, name: ResourceName): boolean =>
  above === '/' || above === name || name.startsWith(`${above}/`);

/** What of a repository a request is about, where it is about less than all of it. */
export interface Within {
  readonly package?: string;
  readonly version?: string;
  readonly tag?: string;
}

export type Decision =
  | {
      readonly allow: true;
      /** It hangs on a condition, so it says nothing of what is below, or inside. */
      readonly conditional?: true;
      /** It does say that for whatever is inside what the question named. */
      readonly throughout?: true;
    }
  | {
      readonly allow: false;
      /** Whether the principal may know that the resource exists. */
      readonly visible: boolean;
      /** Whether a condition may still allow it for some of what is inside: a list is then filtered, not refused. */
      readonly partly: boolean;
    };

/** How much of what is in a resource a permission is held on. `some`: each thing must be asked about. */
export type Extent = 'all' | 'some' | 'none';

/** Whether a caller may see what is named inside a resource. */
export type MaySee = (within: Within) => Promise<boolean>;

/** Decides everything, in one place, and denies what nobody granted. Called on every route. */
export interface Authorizer {
  /** At once where the policy is at hand, which on the path of a pull it is. */
  check(
    who: Principal,
    permission: Permission,
    on: ResourceName,
    within?: Within,
  ): Decision | Promise<Decision>;
  /**
   * As far as policies alone tell, before anything is looked up. What `within` does not say may be anything, so
   * `all` holds for whatever is, or comes, there.
   */
  extent(who: Principal, permission: Permission, on: ResourceName, within: Within): Extent | Promise<Extent>;
  /**
   * The subset of `names` on which `who` holds the permission, or was given it for something inside: lists are
   * filtered, never refused.
   */
  visible(
    who: Principal,
    permission: Permission,
    names: readonly ResourceName[],
  ): Promise<ReadonlySet<ResourceName>>;
}

/** An access token as its owner receives it. The secret is shown once and stored only as a hash. */
export interface IssuedToken {
  readonly secret: string;
  readonly expiresInSeconds: number;
  readonly issuedAt: Date;
}
