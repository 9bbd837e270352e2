import type { Operation } from './schemas/operation.ts';
import type { WorkloadIdentityPool, WorkloadIdentityPoolProvider } from './schemas/workload-identity.ts';
import type { CallOptions, Transport } from './transport.ts';
import { deleting, getting, listing, type PatchOptions } from './verbs.ts';

interface Changing<T> {
  create(parent: string, id: string, body: T, call?: CallOptions): Promise<Operation>;
  patch(name: string, body: T, options?: PatchOptions): Promise<Operation>;
}

const changing = <T>(http: Transport, collection: string, parameter: string): Changing<T> => ({
  create: (parent, id, body, call = {}) =>
    http.json({ method: 'POST', path: `${parent}/${collection}`, query: { [parameter]: id }, body, ...call }),
  patch: (name, body, { updateMask, ...call } = {}) =>
    http.json({ method: 'PATCH', path: name, body, query: { updateMask: updateMask?.join(',') }, ...call }),
});

/** Pools and providers: changes of them answer operations. */
export const workloadIdentityOf = (http: Transport) => ({
  /** Names are `projects/P/locations/global/workloadIdentityPools/POOL`. */
  workloadPools: {
    ...getting<WorkloadIdentityPool>(http),
    ...listing<WorkloadIdentityPool>(http, 'workloadIdentityPools'),
    ...changing<WorkloadIdentityPool>(http, 'workloadIdentityPools', 'workloadIdentityPoolId'),
    ...deleting(http),
  },
  /** Names are `…/workloadIdentityPools/POOL/providers/PROVIDER`. */
  workloadProviders: {
    ...getting<WorkloadIdentityPoolProvider>(http),
    ...listing<WorkloadIdentityPoolProvider>(http, 'providers', 'workloadIdentityPoolProviders'),
    ...changing<WorkloadIdentityPoolProvider>(http, 'providers', 'workloadIdentityPoolProviderId'),
    ...deleting(http),
  },
});
