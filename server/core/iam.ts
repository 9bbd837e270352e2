/** Google's permission names, without the `artifactregistry.` in front (cloud.google.com/artifact-registry/docs/access-control). */
export const PERMISSIONS = [
  'dockerimages.get',
  'dockerimages.list',
  'files.delete',
  'files.download',
  'files.get',
  'files.list',
  'files.update',
  'files.upload',
  'locations.get',
  'locations.list',
  'packages.delete',
  'packages.get',
  'packages.list',
  'packages.update',
  'projectconfigs.get',
  'projectconfigs.update',
  'projects.create',
  'projects.delete',
  'projects.get',
  'projects.list',
  'projects.update',
  'projectsettings.get',
  'projectsettings.update',
  'repositories.create',
  'repositories.createOnPush',
  'repositories.delete',
  'repositories.deleteArtifacts',
  'repositories.downloadArtifacts',
  'repositories.get',
  'repositories.list',
  'repositories.update',
  'repositories.uploadArtifacts',
  'tags.create',
  'tags.delete',
  'tags.get',
  'tags.list',
  'tags.update',
  'versions.delete',
  'versions.get',
  'versions.list',
  'versions.update',
  'vpcscconfigs.get',
  'vpcscconfigs.update',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface Account {
  readonly kind: 'user' | 'service-account';
  /** User name, or the service account's e-mail. */
  readonly id: string;
  readonly groups: readonly string[];
  /** Present when the credential may do less than its owner. */
  readonly scopes?: readonly Permission[];
}
export type Principal = { readonly kind: 'anonymous' } | Account;
export const ANONYMOUS: Principal = { kind: 'anonymous' };

/** How bindings and records name an account: `user:NAME`, `serviceAccount:EMAIL`. */
export const memberOf = ({ kind, id }: Account): string =>
  kind === 'user' ? `user:${id}` : `serviceAccount:${id}`;

/** What a caller showed to be believed, and how long that is good. */
export interface Bearer {
  readonly account: string;
  /** The stored token it came from, where it came from one. */
  readonly token?: string;
  /** Stands for the password that was shown, where one was, and changes with it. */
  readonly password?: string;
  readonly scopes?: readonly Permission[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A caller; an anonymous one may have shown nothing. */
export interface Caller {
  readonly principal: Principal;
  readonly bearer?: Bearer;
}

/** `projects/P`, or `projects/P/locations/L/repositories/R`, or `/` for the installation. */
export type ResourceName = `projects/${string}` | '/';

export type Decision =
  | { readonly allow: true }
  | {
      readonly allow: false;
      /** Whether the principal may know that the resource exists. */
      readonly visible: boolean;
    };

/** Decides everything, in one place, and denies what nobody granted. Called on every route. */
export interface Authorizer {
  /** At once where the policy is at hand, which on the path of a pull it is. */
  check(who: Principal, permission: Permission, on: ResourceName): Decision | Promise<Decision>;
  /** The subset of `names` on which `who` holds the permission: lists are filtered, never refused. */
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
