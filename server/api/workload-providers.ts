import { components } from '../../contract/components.ts';
import { noQuery, pageQuery, patchQuery } from '../../contract/schemas/requests.ts';
import {
  createProviderQuery,
  type WorkloadIdentityPoolProvider,
} from '../../contract/schemas/workload-identity.ts';
import {
  poolName,
  providerName,
  type WorkloadProviderAddress,
  type WorkloadProviderRecord,
  type WorkloadProviderSettings,
} from '../core/federation.ts';
import { ofWorkloadIdentity } from './audit-names.ts';
import { type FieldTree, maskedUpdate } from './masked-update.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onProject, param } from './places.ts';
import { found } from './refusals.ts';
import { type ApiParts, type ApiRoute, defineRoute, json, type Params } from './route.ts';
import { parseMask } from './update-mask.ts';
import { operationOn, POOL, PROVIDER } from './workload-operations.ts';
import { permitOf, poolAt } from './workload-pools.ts';
import { checkedId, checkedText, configOf } from './workload-rules.ts';

const FIELDS: FieldTree = {
  displayName: 'mutable',
  description: 'mutable',
  disabled: 'mutable',
  attributeMapping: 'mutable',
  attributeCondition: 'mutable',
  oidc: { issuerUri: 'mutable', allowedAudiences: 'mutable', jwksJson: 'mutable' },
  name: 'output',
  state: 'output',
  expireTime: 'output',
};

const providerAt = (params: Params): WorkloadProviderAddress => ({
  ...poolAt(params),
  provider: param(params, 'provider'),
});

/** What a provider is changed in: everything but what the server writes. */
const document = ({ displayName, description, disabled, config }: WorkloadProviderSettings) => ({
  ...(displayName !== '' && { displayName }),
  ...(description !== '' && { description }),
  ...(disabled && { disabled }),
  attributeMapping: config.attributeMapping,
  ...(config.attributeCondition !== undefined && { attributeCondition: config.attributeCondition }),
  oidc: {
    issuerUri: config.oidc.issuerUri,
    ...(config.oidc.allowedAudiences.length > 0 && { allowedAudiences: config.oidc.allowedAudiences }),
    ...(config.oidc.jwksJson !== undefined && { jwksJson: config.oidc.jwksJson }),
  },
});

const shown = (provider: WorkloadProviderRecord): WorkloadIdentityPoolProvider => ({
  name: providerName(provider),
  ...document(provider),
  state: 'ACTIVE',
});

const about = (address: WorkloadProviderAddress) =>
  ({ name: providerName(address), type: 'WorkloadIdentityPoolProvider', show: shown }) as const;

async function checked(
  { workloadRules }: Pick<ApiParts, 'workloadRules'>,
  provider: WorkloadIdentityPoolProvider,
): Promise<WorkloadProviderSettings> {
  const settings = { ...checkedText(provider), config: configOf(provider) };
  await workloadRules.check(settings.config);
  return settings;
}

export const workloadProviderRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'workloadIdentityPools.providers.create',
    method: 'POST',
    path: `${POOL}/providers`,
    permission: 'iam.workloadIdentityPoolProviders.create',
    audit: ofWorkloadIdentity('CreateWorkloadIdentityPoolProvider', 'ADMIN_WRITE'),
    on: onProject,
    summary: 'Creates a provider: from then on the tokens of its issuer stand for identities of the pool.',
    query: createProviderQuery,
    body: components.WorkloadIdentityPoolProvider,
    response: components.Operation,
    run: async (call) => {
      const { parts, params, principal } = call;
      const id = call.query.workloadIdentityPoolProviderId;
      const address = { ...poolAt(params), provider: checkedId(id, 'workload_identity_pool_provider_id') };
      const settings = await checked(parts, call.body);
      return operationOn<WorkloadProviderRecord>(call, {
        ...about(address),
        work: (draft) =>
          parts.resources.workloadProviders.create(
            { ...address, ...settings },
            permitOf(parts, principal),
            draft,
          ),
      });
    },
  }),

  defineRoute({
    id: 'workloadIdentityPools.providers.get',
    method: 'GET',
    path: PROVIDER,
    permission: 'iam.workloadIdentityPoolProviders.get',
    audit: ofWorkloadIdentity('GetWorkloadIdentityPoolProvider', 'ADMIN_READ'),
    on: onProject,
    summary: 'Gets a provider.',
    query: noQuery,
    response: components.WorkloadIdentityPoolProvider,
    run: async ({ parts, params }) => {
      const address = providerAt(params);
      return json(shown(found(await parts.resources.workloadProviders.get(address), providerName(address))));
    },
  }),

  defineRoute({
    id: 'workloadIdentityPools.providers.list',
    method: 'GET',
    path: `${POOL}/providers`,
    permission: 'iam.workloadIdentityPoolProviders.list',
    audit: ofWorkloadIdentity('ListWorkloadIdentityPoolProviders', 'ADMIN_READ'),
    on: onProject,
    summary: 'Lists the providers of a workload identity pool.',
    query: pageQuery,
    response: components.ListWorkloadIdentityPoolProvidersResponse,
    run: async (call) => {
      const pool = poolAt(call.params);
      const request = pageRequest(call, { of: `${poolName(pool)}/providers` });
      const page = await call.parts.resources.workloadProviders.list(pool, request.query);
      return json(listAnswer('workloadIdentityPoolProviders', page, request, shown));
    },
  }),

  defineRoute({
    id: 'workloadIdentityPools.providers.patch',
    method: 'PATCH',
    path: PROVIDER,
    permission: 'iam.workloadIdentityPoolProviders.update',
    audit: ofWorkloadIdentity('UpdateWorkloadIdentityPoolProvider', 'ADMIN_WRITE'),
    on: onProject,
    summary:
      'Changes a provider. Disabling it, or changing whom it vouches for, ends the tokens that it vouched for.',
    query: patchQuery,
    body: components.WorkloadIdentityPoolProvider,
    response: components.Operation,
    run: async (call) => {
      const { parts, principal } = call;
      const address = providerAt(call.params);
      const mask = parseMask(call.query.updateMask);
      return operationOn<WorkloadProviderRecord>(call, {
        ...about(address),
        work: (draft) =>
          parts.resources.workloadProviders.update(
            address,
            (current) => checked(parts, maskedUpdate(FIELDS, document(current), { ...call.body }, mask)),
            permitOf(parts, principal),
            draft,
          ),
      });
    },
  }),

  defineRoute({
    id: 'workloadIdentityPools.providers.delete',
    method: 'DELETE',
    path: PROVIDER,
    permission: 'iam.workloadIdentityPoolProviders.delete',
    audit: ofWorkloadIdentity('DeleteWorkloadIdentityPoolProvider', 'ADMIN_WRITE'),
    on: onProject,
    summary: 'Deletes a provider and the tokens that it vouched for.',
    query: noQuery,
    response: components.Operation,
    run: async (call) => {
      const address = providerAt(call.params);
      return operationOn<WorkloadProviderRecord>(call, {
        ...about(address),
        show: (provider) => ({ ...shown(provider), state: 'DELETED' }),
        work: (draft) => call.parts.resources.workloadProviders.delete(address, draft),
      });
    },
  }),
];
