import { components } from '../../contract/components.ts';
import { noFields, noQuery } from '../../contract/schemas/requests.ts';
import { LOCATION, onInstallation, onProject, param } from './places.ts';
import { missing } from './refusals.ts';
import { memberOf } from '../core/iam.ts';
import { type ApiCall, type ApiRoute, defineRoute, json, type Params } from './route.ts';
import { UNRECORDED } from './audit-names.ts';

const OPERATION = `${LOCATION}/operations/:operation`;

type Asked = Pick<ApiCall<unknown, unknown>, 'parts' | 'principal'>;

/** An operation, for whoever started it; for everyone else it is not there. */
async function own({ parts, principal }: Asked, params: Params) {
  const id = param(params, 'operation');
  const { project = '', location = '' } = params;
  const name =
    project === '' ? `operations/${id}` : `projects/${project}/locations/${location}/operations/${id}`;
  const record = await parts.resources.operations.get({ project, location, id });
  const caller = principal.kind === 'anonymous' ? undefined : memberOf(principal);
  if (!record || record.account !== caller) throw missing(name);
  return { name, ...record.body };
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
    run: async (call) => json(await own(call, call.params)),
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
      await own(call, call.params);
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
    run: async (call) => json(await own(call, call.params)),
  }),
];
