import { components } from '../../contract/components.ts';
import { noQuery, pageQuery, patchQuery } from '../../contract/schemas/requests.ts';
import { createPoolQuery, type WorkloadIdentityPool } from '../../contract/schemas/workload-identity.ts';
import { poolName, type WorkloadPoolAddress, type WorkloadPoolRecord } from '../core/federation.ts';
import type { Principal } from '../core/iam.ts';
import { ofWorkloadIdentity } from './audit-names.ts';
import { type FieldTree, maskedUpdate } from './masked-update.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onProject, param } from './places.ts';
import { found } from './refusals.ts';
import { type ApiParts, type ApiRoute, defineRoute, json, type Params } from './route.ts';
import { parseMask } from './update-mask.ts';
import { operationOn, POOL, POOLS } from './workload-operations.ts';
import { checkedId, checkedText } from './workload-rules.ts';

const FIELDS: FieldTree = {
  displayName: 'mutable',
  description: 'mutable',
  disabled: 'mutable',
  name: 'output',
  state: 'output',
  expireTime: 'output',
};

export const poolAt = (params: Params): WorkloadPoolAddress => ({
  project: param(params, 'project'),
  pool: param(params, 'pool'),
});

const shown = ({
  displayName,
  description,
  disabled,
  ...address
}: WorkloadPoolRecord): WorkloadIdentityPool => ({
  name: poolName(address),
  ...(displayName !== '' && { displayName }),
  ...(description !== '' && { description }),
  state: 'ACTIVE',
  ...(disabled && { disabled }),
});

const about = (address: WorkloadPoolAddress) =>
  ({ name: poolName(address), type: 'WorkloadIdentityPool', show: shown }) as const;

/** Whoever decides who the identities of a pool are can be any of them, so must hold all that they are given. */
export const permitOf =
  (parts: Pick<ApiParts, 'guard'>, who: Principal) =>
  async (members: readonly string[]): Promise<void> => {
    for (const member of members) await parts.guard.requireCovers(who, member);
  };

export const workloadPoolRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'workloadIdentityPools.create',
    method: 'POST',
    path: POOLS,
    permission: 'iam.workloadIdentityPools.create',
    audit: ofWorkloadIdentity('CreateWorkloadIdentityPool', 'ADMIN_WRITE'),
    on: onProject,
    summary: 'Creates a workload identity pool, in which nobody is until it has a provider.',
    query: createPoolQuery,
    body: components.WorkloadIdentityPool,
    response: components.Operation,
    run: async (call) => {
      const pool = checkedId(call.query.workloadIdentityPoolId, 'workload_identity_pool_id');
      const address = { project: param(call.params, 'project'), pool };
      const text = checkedText(call.body);
      return operationOn<WorkloadPoolRecord>(call, {
        ...about(address),
        work: (draft) => call.parts.resources.workloadPools.create({ ...address, ...text }, draft),
      });
    },
  }),

  defineRoute({
    id: 'workloadIdentityPools.get',
    method: 'GET',
    path: POOL,
    permission: 'iam.workloadIdentityPools.get',
    audit: ofWorkloadIdentity('GetWorkloadIdentityPool', 'ADMIN_READ'),
    on: onProject,
    summary: 'Gets a workload identity pool.',
    query: noQuery,
    response: components.WorkloadIdentityPool,
    run: async ({ parts, params }) => {
      const address = poolAt(params);
      return json(shown(found(await parts.resources.workloadPools.get(address), poolName(address))));
    },
  }),

  defineRoute({
    id: 'workloadIdentityPools.list',
    method: 'GET',
    path: POOLS,
    permission: 'iam.workloadIdentityPools.list',
    audit: ofWorkloadIdentity('ListWorkloadIdentityPools', 'ADMIN_READ'),
    on: onProject,
    summary: 'Lists the workload identity pools of a project.',
    query: pageQuery,
    response: components.ListWorkloadIdentityPoolsResponse,
    run: async (call) => {
      const request = pageRequest(call, { of: 'workloadIdentityPools' });
      const page = await call.parts.resources.workloadPools.list(
        param(call.params, 'project'),
        request.query,
      );
      return json(listAnswer('workloadIdentityPools', page, request, shown));
    },
  }),

  defineRoute({
    id: 'workloadIdentityPools.patch',
    method: 'PATCH',
    path: POOL,
    permission: 'iam.workloadIdentityPools.update',
    audit: ofWorkloadIdentity('UpdateWorkloadIdentityPool', 'ADMIN_WRITE'),
    on: onProject,
    summary: 'Changes a workload identity pool. Disabling it takes the access of its identities at once.',
    query: patchQuery,
    body: components.WorkloadIdentityPool,
    response: components.Operation,
    run: async (call) => {
      const address = poolAt(call.params);
      const mask = parseMask(call.query.updateMask);
      return operationOn<WorkloadPoolRecord>(call, {
        ...about(address),
        work: (draft) =>
          call.parts.resources.workloadPools.update(
            address,
            ({ displayName, description, disabled }) =>
              checkedText(
                maskedUpdate(FIELDS, { displayName, description, disabled }, { ...call.body }, mask),
              ),
            permitOf(call.parts, call.principal),
            draft,
          ),
      });
    },
  }),

  defineRoute({
    id: 'workloadIdentityPools.delete',
    method: 'DELETE',
    path: POOL,
    permission: 'iam.workloadIdentityPools.delete',
    audit: ofWorkloadIdentity('DeleteWorkloadIdentityPool', 'ADMIN_WRITE'),
    on: onProject,
    summary:
      'Deletes a workload identity pool, its providers and the access of its identities, for good; policies name ' +
      'them deleted:… from then on.',
    query: noQuery,
    response: components.Operation,
    run: async (call) => {
      const address = poolAt(call.params);
      return operationOn<WorkloadPoolRecord>(call, {
        ...about(address),
        show: (pool) => ({ ...shown(pool), state: 'DELETED' }),
        work: (draft) => call.parts.resources.workloadPools.delete(address, draft),
      });
    },
  }),
];
