import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import { noFields, noQuery } from '../../contract/schemas/requests.ts';
import {
  type ServiceAccountKey,
  serviceAccountKeyQuery,
  serviceAccountKeysQuery,
} from '../../contract/schemas/service-account.ts';
import { RegistryError } from '../core/error.ts';
import type {
  ServiceAccountAddress,
  ServiceAccountKeyAddress,
  ServiceAccountKeyRecord,
} from '../core/service-accounts.ts';
import { ofIam } from './audit-names.ts';
import { onServiceAccount, param, SERVICE_ACCOUNT } from './places.ts';
import { found } from './refusals.ts';
import { type ApiCall, type ApiRoute, defineRoute, json, type Params } from './route.ts';
import { keyFile } from './service-account-key-file.ts';
import { serviceAccountAt, serviceAccountName } from './service-accounts.ts';
import { timestamp } from './timestamp.ts';
import { FOREVER, readPublicKey } from './uploaded-key.ts';

const KEYS = `${SERVICE_ACCOUNT}/keys`;
const KEY = `${KEYS}/:key`;

const makeKeyPair = promisify(generateKeyPair);
const newKeyId = (): string => randomBytes(20).toString('hex');

const keyAt = (params: Params): ServiceAccountKeyAddress => ({
  ...serviceAccountAt(params),
  key: param(params, 'key'),
});
const nameOf = ({ project, email }: ServiceAccountAddress, key: string): string =>
  names.serviceAccountKey.format({ project, serviceAccount: email, key });

const shown =
  (address: ServiceAccountAddress) =>
  (key: ServiceAccountKeyRecord): ServiceAccountKey => ({
    name: nameOf(address, key.id),
    keyAlgorithm: key.algorithm,
    validAfterTime: timestamp(key.validAfter),
    validBeforeTime: timestamp(key.validBefore),
    keyOrigin: key.origin,
    keyType: 'USER_MANAGED',
    ...(key.disabled && { disabled: true }),
  });

const switching = (verb: 'disable' | 'enable'): ApiRoute =>
  defineRoute({
    id: `serviceAccounts.keys.${verb}`,
    method: 'POST',
    path: `${KEY}:${verb}`,
    permission: `iam.serviceAccountKeys.${verb}`,
    audit: ofIam(verb === 'disable' ? 'DisableServiceAccountKey' : 'EnableServiceAccountKey', 'ADMIN_WRITE'),
    on: onServiceAccount,
    summary:
      verb === 'disable'
        ? 'Disables a key and ends all tokens that were got with it.'
        : 'Enables a key again; tokens that ended stay ended.',
    query: noQuery,
    body: noFields,
    response: components.Empty,
    run: async ({ parts, params, principal }) => {
      const address = keyAt(params);
      // Before the guard, which would tell of an account of another project.
      found(await parts.resources.serviceAccountKeys.get(address), nameOf(address, address.key));
      if (verb === 'enable') await parts.guard.requireCovers(principal, `serviceAccount:${address.email}`);
      await parts.resources.serviceAccountKeys.setDisabled(address, verb === 'disable');
      return json({});
    },
  });

export const serviceAccountKeyRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'serviceAccounts.keys.create',
    method: 'POST',
    path: KEYS,
    permission: 'iam.serviceAccountKeys.create',
    audit: ofIam('CreateServiceAccountKey', 'ADMIN_WRITE'),
    on: onServiceAccount,
    summary:
      'Makes a key and answers its key file, base64, this once: the server keeps the public half only.',
    query: noQuery,
    body: components.CreateServiceAccountKeyRequest,
    response: components.ServiceAccountKey,
    run: async (call) => {
      const { parts, params, principal, body, origin } = call;
      if (body.keyAlgorithm === 'KEY_ALG_RSA_1024')
        throw refusal('keys are RSA keys of 2048 bits: KEY_ALG_RSA_2048', 'key_algorithm');
      if (body.privateKeyType === 'TYPE_PKCS12_FILE')
        throw refusal('key files are TYPE_GOOGLE_CREDENTIALS_FILE', 'private_key_type');
      const address = serviceAccountAt(params);
      const account = found(await parts.resources.serviceAccounts.get(address), serviceAccountName(address));
      // Also before the work of making one.
      await parts.guard.requireCovers(principal, `serviceAccount:${account.email}`);
      const pair = await makeKeyPair('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      const key = await add(call, {
        id: newKeyId(),
        algorithm: 'KEY_ALG_RSA_2048',
        publicKey: pair.publicKey,
        origin: 'GOOGLE_PROVIDED',
        validAfter: parts.now(),
        validBefore: FOREVER,
      });
      const file = keyFile({ account, keyId: key.id, privateKey: pair.privateKey, origin });
      return json({
        ...shown(address)(key),
        privateKeyType: 'TYPE_GOOGLE_CREDENTIALS_FILE',
        privateKeyData: Buffer.from(file).toString('base64'),
      });
    },
  }),

  defineRoute({
    id: 'serviceAccounts.keys.upload',
    method: 'POST',
    path: `${KEYS}:upload`,
    permission: 'iam.serviceAccountKeys.create',
    audit: ofIam('UploadServiceAccountKey', 'ADMIN_WRITE'),
    on: onServiceAccount,
    summary: 'Takes the public half of a key that was made elsewhere.',
    query: noQuery,
    body: components.UploadServiceAccountKeyRequest,
    response: components.ServiceAccountKey,
    run: async (call) => {
      const { publicKeyData = '' } = call.body;
      const read = readPublicKey(Buffer.from(publicKeyData, 'base64').toString(), call.parts.now());
      const key = await add(call, { id: newKeyId(), origin: 'USER_PROVIDED', ...read });
      return json(shown(serviceAccountAt(call.params))(key));
    },
  }),

  defineRoute({
    id: 'serviceAccounts.keys.get',
    method: 'GET',
    path: KEY,
    permission: 'iam.serviceAccountKeys.get',
    audit: ofIam('GetServiceAccountKey', 'ADMIN_READ'),
    on: onServiceAccount,
    summary:
      'Gets a key; with publicKeyType also the public key, which is PEM (SubjectPublicKeyInfo) for every type.',
    query: serviceAccountKeyQuery,
    response: components.ServiceAccountKey,
    run: async ({ parts, params, query }) => {
      const address = keyAt(params);
      const record = await parts.resources.serviceAccountKeys.get(address);
      const key = found(record, nameOf(address, address.key));
      const { publicKeyType = 'TYPE_NONE' } = query;
      return json({
        ...shown(address)(key),
        ...(publicKeyType !== 'TYPE_NONE' && {
          publicKeyData: Buffer.from(key.publicKey).toString('base64'),
        }),
      });
    },
  }),

  defineRoute({
    id: 'serviceAccounts.keys.list',
    method: 'GET',
    path: KEYS,
    permission: 'iam.serviceAccountKeys.list',
    audit: ofIam('ListServiceAccountKeys', 'ADMIN_READ'),
    on: onServiceAccount,
    summary: 'Lists the keys of a service account. All are USER_MANAGED.',
    query: serviceAccountKeysQuery,
    response: components.ListServiceAccountKeysResponse,
    run: async ({ parts, params, query }) => {
      const address = serviceAccountAt(params);
      const keys = await parts.resources.serviceAccountKeys.list(address);
      const { keyTypes = [] } = query;
      const wanted = keyTypes.length === 0 || keyTypes.some((type) => type !== 'SYSTEM_MANAGED');
      return json(wanted && keys.length > 0 ? { keys: keys.map(shown(address)) } : {});
    },
  }),

  switching('disable'),
  switching('enable'),

  defineRoute({
    id: 'serviceAccounts.keys.delete',
    method: 'DELETE',
    path: KEY,
    permission: 'iam.serviceAccountKeys.delete',
    audit: ofIam('DeleteServiceAccountKey', 'ADMIN_WRITE'),
    on: onServiceAccount,
    summary: 'Deletes a key and ends all tokens that were got with it.',
    query: noQuery,
    response: components.Empty,
    run: async ({ parts, params }) => {
      await parts.resources.serviceAccountKeys.delete(keyAt(params));
      return json({});
    },
  }),
];

/** Whoever makes a key can be the account, and so must hold what the account holds. */
function add(
  { parts, params, principal }: Pick<ApiCall<unknown, unknown>, 'parts' | 'params' | 'principal'>,
  key: Omit<ServiceAccountKeyRecord, 'account' | 'disabled'>,
): Promise<ServiceAccountKeyRecord> {
  const address = serviceAccountAt(params);
  return parts.resources.serviceAccountKeys.create(address, key, () =>
    parts.guard.requireCovers(principal, `serviceAccount:${address.email}`),
  );
}

const refusal = (why: string, field: string): RegistryError =>
  new RegistryError(
    'INVALID_ARGUMENT',
    'SERVICE_ACCOUNT_KEY_INVALID',
    `Request contains an invalid argument: ${why}.`,
    { details: { field } },
  );
