import { components } from '../../contract/components.ts';
import type { Operation } from '../../contract/schemas/operation.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import { poolName, providerName } from '../core/federation.ts';
import type { Document, OperationDraft } from '../core/resources.ts';
import { UNRECORDED } from './audit-names.ts';
import { draft } from './operation-draft.ts';
import { ownOperation } from './own-operation.ts';
import { onProject, param, PROJECT } from './places.ts';
import { missing } from './refusals.ts';
import { type ApiAnswer, type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';

export const POOLS = `${PROJECT}/locations/global/workloadIdentityPools`;
export const POOL = `${POOLS}/:pool`;
export const PROVIDER = `${POOL}/providers/:provider`;

const TYPES = 'type.googleapis.com/google.iam.v1';

interface Started<Result> {
  /** What it is about: its operations stand below its name. */
  readonly name: string;
  readonly type: 'WorkloadIdentityPool' | 'WorkloadIdentityPoolProvider';
  readonly show: (result: Result) => object;
  readonly work: (started: OperationDraft<Result>) => Promise<Document>;
}

/** Runs a method that is long-running with Google, and over at once here. */
export async function operationOn<Result>(
  call: Pick<ApiCall<unknown, unknown>, 'principal' | 'parts'>,
  { name, type, show, work }: Started<Result>,
): Promise<ApiAnswer> {
  const started = draft<Result>(call, {
    metadata: () => ({ '@type': `${TYPES}.${type}OperationMetadata` }),
    response: (result) => ({ '@type': `${TYPES}.${type}`, ...show(result) }),
  });
  const body: Operation = { name: `${name}/operations/${started.id}`, ...(await work(started)) };
  return json(body);
}

const getting = (id: string, on: string): ApiRoute =>
  defineRoute({
    id,
    method: 'GET',
    path: `${on}/operations/:operation`,
    permission: 'account',
    audit: UNRECORDED,
    on: onProject,
    summary: 'Gets an operation that the caller started.',
    query: noQuery,
    response: components.Operation,
    run: async (call) => {
      const { project = '', pool = '', provider } = call.params;
      const of = { project, pool };
      const about = provider === undefined ? poolName(of) : providerName({ ...of, provider });
      const operation = param(call.params, 'operation');
      const name = `${about}/operations/${operation}`;
      const body = await ownOperation(call, { project, location: 'global', id: operation });
      const response = body?.['response'] as { readonly name?: string } | undefined;
      if (response?.name !== about) throw missing(name);
      return json({ name, ...body });
    },
  });

export const workloadOperationRoutes: readonly ApiRoute[] = [
  getting('workloadIdentityPools.operations.get', POOL),
  getting('workloadIdentityPools.providers.operations.get', PROVIDER),
];
