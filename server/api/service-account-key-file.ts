import type { ServiceAccountRecord } from '../core/service-accounts.ts';

interface KeyFile {
  readonly account: ServiceAccountRecord;
  readonly keyId: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  /** Scheme and host of this server. */
  readonly origin: string;
}

/** The file that Google's libraries log in with, made for this server: they get their tokens at its `token_uri`. */
export const keyFile = ({ account, keyId, privateKey, origin }: KeyFile): string =>
  JSON.stringify(
    {
      type: 'service_account',
      project_id: account.project,
      private_key_id: keyId,
      private_key: privateKey,
      client_email: account.email,
      client_id: account.uid,
      auth_uri: `${origin}/o/oauth2/auth`,
      token_uri: `${origin}/token`,
      universe_domain: 'googleapis.com',
    },
    undefined,
    2,
  );
