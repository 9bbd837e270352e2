import { components } from '../../contract/components.ts';
import type { Service } from '../../contract/schemas/project.ts';
import { noFields, noQuery } from '../../contract/schemas/requests.ts';
import { onProject, param, PROJECT } from './places.ts';
import { type ApiRoute, defineRoute, json, type Params } from './route.ts';
import { UNRECORDED } from './audit-names.ts';

const TYPE = 'type.googleapis.com/google.api.serviceusage.v1';
/** The name that Service Usage gives to an operation without work. */
const NO_OPERATION = 'operations/noop.DONE_OPERATION';

const serviceOf = (params: Params, id: string): Service => ({
  name: `projects/${param(params, 'project')}/services/${id}`,
  parent: `projects/${param(params, 'project')}`,
  state: 'ENABLED',
});

/** As much of Service Usage as tools ask before they use a service: everything is on. */
export const serviceRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'services.get',
    method: 'GET',
    path: `${PROJECT}/services/:service`,
    permission: 'resourcemanager.projects.get',
    audit: UNRECORDED,
    on: onProject,
    summary: 'Says that a service is enabled.',
    query: noQuery,
    response: components.Service,
    run: async ({ params }) => json(serviceOf(params, param(params, 'service'))),
  }),

  defineRoute({
    id: 'services.enable',
    method: 'POST',
    path: `${PROJECT}/services/:service:enable`,
    permission: 'resourcemanager.projects.get',
    audit: UNRECORDED,
    on: onProject,
    summary: 'Enables a service, which it was already.',
    query: noQuery,
    body: noFields,
    response: components.Operation,
    run: async ({ params }) => {
      const service = serviceOf(params, param(params, 'service'));
      const response = { '@type': `${TYPE}.EnableServiceResponse`, service };
      return json({ name: NO_OPERATION, done: true, response });
    },
  }),

  defineRoute({
    id: 'services.batchEnable',
    method: 'POST',
    path: `${PROJECT}/services:batchEnable`,
    permission: 'resourcemanager.projects.get',
    audit: UNRECORDED,
    on: onProject,
    summary: 'Enables several services, which they were already.',
    query: noQuery,
    body: components.BatchEnableServicesRequest,
    response: components.Operation,
    run: async ({ params, body }) => {
      const services = (body.serviceIds ?? []).map((id) => serviceOf(params, id));
      const response = { '@type': `${TYPE}.BatchEnableServicesResponse`, services };
      return json({ name: NO_OPERATION, done: true, response });
    },
  }),
];
