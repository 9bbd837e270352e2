import { components } from '../../contract/components.ts';
import { noFields, noQuery } from '../../contract/schemas/requests.ts';
import { ownOperation } from './own-operation.ts';
import { LOCATION, onInstallation, onProject, param } from './places.ts';
import { found } from './refusals.ts';
import { type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';
import { UNRECORDED } from './audit-names.ts';

const OPERATION = `${LOCATION}/operations/:operation`;

async function own(call: Pick<ApiCall<unknown, unknown>, 'parts' | 'principal' | 'params'>) {
  const id = param(call.params, 'operation');
  const { project = '', location = '' } = call.params;
  const name =
    project === '' ? `operations/${id}` : `projects/${project}/locations/${location}/operations/${id}`;
  return { name, ...found(await ownOperation(call, { project, location, id }), name) };
}

export const operationRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'operations.get',
    method: 'GET',
    path: OPERATION,
    permission: 'account',
    audit: UNRECORDED,
    on: onProject,
    summary: 'Gets an operation that the caller started.',
    query: noQuery,
    response: components.Operation,
    run: async (call) => json(await own(call)),
  }),

  defineRoute({
    id: 'operations.cancel',
    method: 'POST',
    path: `${OPERATION}:cancel`,
    permission: 'account',
    audit: UNRECORDED,
    on: onProject,
    summary: 'Cancels an operation: there is nothing to cancel in one that is over, and that is no error.',
    query: noQuery,
    body: noFields,
    response: components.Empty,
    run: async (call) => {
      await own(call);
      return json({});
    },
  }),

  defineRoute({
    id: 'operations.getOfProjects',
    method: 'GET',
    path: '/v1/operations/:operation',
    permission: 'account',
    audit: UNRECORDED,
    on: onInstallation,
    summary: 'Gets an operation on projects that the caller started.',
    query: noQuery,
    response: components.Operation,
    run: async (call) => json(await own(call)),
  }),
];
