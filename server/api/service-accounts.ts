import { createHash } from 'node:crypto';
import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import { noFields, noQuery, pageQuery } from '../../contract/schemas/requests.ts';
import type { ServiceAccount } from '../../contract/schemas/service-account.ts';
import { invalid, RegistryError } from '../core/error.ts';
import type {
  ServiceAccountAddress,
  ServiceAccountRecord,
  ServiceAccountText,
} from '../core/service-accounts.ts';
import { ofIam } from './audit-names.ts';
import { type FieldTree, maskedUpdate } from './masked-update.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onProject, onServiceAccount, param, PROJECT, SERVICE_ACCOUNT } from './places.ts';
import { found } from './refusals.ts';
import { type ApiCall, type ApiRoute, defineRoute, json, type Params } from './route.ts';
import { parseMask } from './update-mask.ts';

const ACCOUNT_ID = /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/;

const FIELDS: FieldTree = {
  displayName: 'mutable',
  description: 'mutable',
  name: 'output',
  projectId: 'output',
  uniqueId: 'output',
  email: 'output',
  etag: 'output',
  oauth2ClientId: 'output',
  disabled: 'output',
};

/** Where an account is, by the name that the dispatcher found for it. */
export const serviceAccountAt = (params: Params): ServiceAccountAddress => ({
  project: param(params, 'project'),
  email: param(params, 'account'),
});

export const serviceAccountName = ({ project, email }: ServiceAccountAddress): string =>
  names.serviceAccount.format({ project, serviceAccount: email });

const etagOf = ({ uid, updatedAt }: ServiceAccountRecord): string =>
  createHash('sha256').update(`${uid} ${updatedAt}`).digest('base64').slice(0, 12);

const shown = (account: ServiceAccountRecord): ServiceAccount => ({
  name: serviceAccountName(account),
  projectId: account.project,
  uniqueId: account.uid,
  email: account.email,
  ...(account.displayName !== '' && { displayName: account.displayName }),
  etag: etagOf(account),
  ...(account.description !== '' && { description: account.description }),
  oauth2ClientId: account.uid,
  ...(account.disabled && { disabled: true }),
});

const switching = (verb: 'disable' | 'enable'): ApiRoute =>
  defineRoute({
    id: `serviceAccounts.${verb}`,
    method: 'POST',
    path: `${SERVICE_ACCOUNT}:${verb}`,
    permission: `iam.serviceAccounts.${verb}`,
    audit: ofIam(verb === 'disable' ? 'DisableServiceAccount' : 'EnableServiceAccount', 'ADMIN_WRITE'),
    on: onServiceAccount,
    summary:
      verb === 'disable'
        ? 'Disables a service account: its keys and tokens are refused at once.'
        : 'Enables a service account again, and with it its keys.',
    query: noQuery,
    body: noFields,
    response: components.Empty,
    run: async ({ parts, params, principal }) => {
      const address = serviceAccountAt(params);
      // Before the guard, which would tell of an account of another project.
      found(await parts.resources.serviceAccounts.get(address), serviceAccountName(address));
      if (verb === 'enable') await parts.guard.requireCovers(principal, `serviceAccount:${address.email}`);
      await parts.resources.serviceAccounts.setDisabled(address, verb === 'disable');
      return json({});
    },
  });

export const serviceAccountRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'serviceAccounts.create',
    method: 'POST',
    path: `${PROJECT}/serviceAccounts`,
    permission: 'iam.serviceAccounts.create',
    audit: ofIam('CreateServiceAccount', 'ADMIN_WRITE'),
    on: onProject,
    summary: 'Creates a service account, which has no keys and no rights yet.',
    query: noQuery,
    body: components.CreateServiceAccountRequest,
    response: components.ServiceAccount,
    run: async ({ parts, params, body }) => {
      const { accountId: id = '', serviceAccount = {} } = body;
      if (!ACCOUNT_ID.test(id))
        throw refusal(
          'account_id must be 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ' +
            'ending with a hyphen',
          'account_id',
        );
      const text = checked(serviceAccount);
      return json(
        shown(
          await parts.resources.serviceAccounts.create({ project: param(params, 'project'), id, ...text }),
        ),
      );
    },
  }),

  defineRoute({
    id: 'serviceAccounts.get',
    method: 'GET',
    path: SERVICE_ACCOUNT,
    permission: 'iam.serviceAccounts.get',
    audit: ofIam('GetServiceAccount', 'ADMIN_READ'),
    on: onServiceAccount,
    summary: 'Gets a service account, by its e-mail or its unique id.',
    query: noQuery,
    response: components.ServiceAccount,
    run: async ({ parts, params }) => {
      const address = serviceAccountAt(params);
      const account = await parts.resources.serviceAccounts.get(address);
      return json(shown(found(account, serviceAccountName(address))));
    },
  }),

  defineRoute({
    id: 'serviceAccounts.list',
    method: 'GET',
    path: `${PROJECT}/serviceAccounts`,
    permission: 'iam.serviceAccounts.list',
    audit: ofIam('ListServiceAccounts', 'ADMIN_READ'),
    on: onProject,
    summary: 'Lists the service accounts of a project.',
    query: pageQuery,
    response: components.ListServiceAccountsResponse,
    run: async (call) => {
      const request = pageRequest(call, { of: 'serviceAccounts' });
      const project = param(call.params, 'project');
      found(await call.parts.resources.projects.get(project), names.project.format({ project }));
      const page = await call.parts.resources.serviceAccounts.list(project, request.query);
      return json(listAnswer('accounts', page, request, shown));
    },
  }),

  defineRoute({
    id: 'serviceAccounts.patch',
    method: 'PATCH',
    path: SERVICE_ACCOUNT,
    permission: 'iam.serviceAccounts.update',
    audit: ofIam('PatchServiceAccount', 'ADMIN_WRITE'),
    on: onServiceAccount,
    summary:
      'Changes the display name and the description of a service account, as far as the mask names them.',
    query: noQuery,
    body: components.PatchServiceAccountRequest,
    response: components.ServiceAccount,
    run: (call) => update(call, call.body.serviceAccount ?? {}, call.body.updateMask),
  }),
  defineRoute({
    id: 'serviceAccounts.update',
    method: 'PUT',
    path: SERVICE_ACCOUNT,
    permission: 'iam.serviceAccounts.update',
    audit: ofIam('UpdateServiceAccount', 'ADMIN_WRITE'),
    on: onServiceAccount,
    summary: 'Replaces the display name and the description of a service account.',
    query: noQuery,
    body: components.ServiceAccount,
    response: components.ServiceAccount,
    run: (call) => update(call, call.body, undefined),
  }),

  switching('disable'),
  switching('enable'),

  defineRoute({
    id: 'serviceAccounts.delete',
    method: 'DELETE',
    path: SERVICE_ACCOUNT,
    permission: 'iam.serviceAccounts.delete',
    audit: ofIam('DeleteServiceAccount', 'ADMIN_WRITE'),
    on: onServiceAccount,
    summary:
      'Deletes a service account with its keys; policies name it deleted:serviceAccount:… from then on.',
    query: noQuery,
    response: components.Empty,
    run: async ({ parts, params }) => {
      await parts.resources.serviceAccounts.delete(serviceAccountAt(params));
      return json({});
    },
  }),
];

async function update(
  { parts, params }: Pick<ApiCall<unknown, unknown>, 'parts' | 'params'>,
  sent: ServiceAccount,
  updateMask: string | undefined,
) {
  const mask = parseMask(updateMask);
  const account = await parts.resources.serviceAccounts.update(serviceAccountAt(params), (current) => {
    if (sent.etag !== undefined && sent.etag !== etagOf(current))
      throw new RegistryError(
        'ABORTED',
        'ETAG_MISMATCH',
        'The service account was changed meanwhile: read it again and repeat the change on what is there now.',
      );
    const { displayName, description } = current;
    return checked(maskedUpdate(FIELDS, { displayName, description }, { ...sent }, mask));
  });
  return json(shown(account));
}

function checked({ displayName = '', description = '' }: ServiceAccount): ServiceAccountText {
  for (const [field, text, longest] of [
    ['display_name', displayName, 100],
    ['description', description, 256],
  ] as const)
    if (Buffer.byteLength(text) > longest)
      throw refusal(`${field} is longer than ${longest} bytes`, `service_account.${field}`);
  return { displayName, description };
}

const refusal = (why: string, field: string): RegistryError =>
  invalid('SERVICE_ACCOUNT_INVALID', `Request contains an invalid argument: ${why}.`, { field });
