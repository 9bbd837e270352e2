import * as z from 'zod/mini';
import { type Answer, choice, duration, flag, maybe, message, text, timestamp } from '../proto-json.ts';

/** google.iam.admin.v1.ServiceAccount */
export const serviceAccount = message({
  name: maybe(text()),
  projectId: maybe(text()),
  uniqueId: maybe(text()),
  email: maybe(text()),
  displayName: maybe(text()),
  etag: maybe(text()),
  description: maybe(text()),
  oauth2ClientId: maybe(text()),
  disabled: maybe(flag()),
});
export type ServiceAccount = Answer<typeof serviceAccount>;

export const createServiceAccountRequest = message({
  accountId: maybe(text()),
  serviceAccount: maybe(serviceAccount),
});
/** Unlike other updates, the mask is in the body. */
export const patchServiceAccountRequest = message({
  serviceAccount: maybe(serviceAccount),
  updateMask: maybe(text()),
});

const keyAlgorithm = choice('google.iam.admin.v1.ServiceAccountKeyAlgorithm', {
  KEY_ALG_UNSPECIFIED: 0,
  KEY_ALG_RSA_1024: 1,
  KEY_ALG_RSA_2048: 2,
});
const privateKeyType = choice('google.iam.admin.v1.ServiceAccountPrivateKeyType', {
  TYPE_UNSPECIFIED: 0,
  TYPE_PKCS12_FILE: 1,
  TYPE_GOOGLE_CREDENTIALS_FILE: 2,
});
const publicKeyType = choice('google.iam.admin.v1.ServiceAccountPublicKeyType', {
  TYPE_NONE: 0,
  TYPE_X509_PEM_FILE: 1,
  TYPE_RAW_PUBLIC_KEY: 2,
});
const keyType = choice('google.iam.admin.v1.ListServiceAccountKeysRequest.KeyType', {
  KEY_TYPE_UNSPECIFIED: 0,
  USER_MANAGED: 1,
  SYSTEM_MANAGED: 2,
});

/** google.iam.admin.v1.ServiceAccountKey; `privateKeyData` is there in the answer that made it, and never again. */
export const serviceAccountKey = message({
  name: maybe(text()),
  privateKeyType: maybe(privateKeyType),
  keyAlgorithm: maybe(text()),
  privateKeyData: maybe(text()),
  publicKeyData: maybe(text()),
  validAfterTime: maybe(timestamp()),
  validBeforeTime: maybe(timestamp()),
  keyOrigin: maybe(z.enum(['ORIGIN_UNSPECIFIED', 'USER_PROVIDED', 'GOOGLE_PROVIDED'])),
  keyType: maybe(keyType),
  disabled: maybe(flag()),
});
export type ServiceAccountKey = Answer<typeof serviceAccountKey>;

export const listServiceAccountKeysResponse = message({ keys: maybe(z.array(serviceAccountKey)) });
export const createServiceAccountKeyRequest = message({
  privateKeyType: maybe(privateKeyType),
  keyAlgorithm: maybe(keyAlgorithm),
});
/** Base64 of PEM: an X.509 certificate, or the bare public key. */
export const uploadServiceAccountKeyRequest = message({ publicKeyData: maybe(text()) });

export const serviceAccountKeyQuery = message({ publicKeyType: maybe(publicKeyType) });
/** A parameter that comes once is a text, one that comes several times a list. */
export const serviceAccountKeysQuery = message({
  keyTypes: maybe(
    z.pipe(
      z.transform((value) => (typeof value === 'string' ? [value] : value)),
      z.array(keyType),
    ),
  ),
});

/** google.iam.credentials.v1 */
export const generateAccessTokenRequest = message({
  delegates: maybe(z.array(text())),
  scope: maybe(z.array(text())),
  lifetime: maybe(duration()),
});
export const generateAccessTokenResponse = message({
  accessToken: maybe(text()),
  expireTime: maybe(timestamp()),
});
export type GenerateAccessTokenResponse = Answer<typeof generateAccessTokenResponse>;
