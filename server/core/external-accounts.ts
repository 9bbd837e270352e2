import type { Act } from './audit.ts';

/** Someone whom the identity provider that people log in with vouched for. */
export interface ExternalIdentity {
  readonly issuer: string;
  /** The provider's own name for them, which never means somebody else. */
  readonly subject: string;
  /** The user name they get, or have. */
  readonly name: string;
  readonly displayName: string;
  readonly groups: readonly string[];
}

/** The users who log in with an identity provider. */
export interface ExternalAccounts {
  /**
   * The user of an identity: the one who has logged in with it before, else the one of that name who has no password,
   * else, with `create`, a new one. Memberships that came from claims are replaced by those that `groups` names and
   * that exist here. PERMISSION_DENIED, in a sentence for the person, when there is none or it is disabled.
   */
  signIn(
    identity: ExternalIdentity,
    options: { readonly create: boolean },
    act: (account: string) => Act,
  ): Promise<string>;
}
