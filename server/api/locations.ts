import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import type { Location } from '../../contract/schemas/project.ts';
import { locationListQuery, noQuery } from '../../contract/schemas/requests.ts';
import type { Listed, ListQuery } from '../core/resources.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { LOCATION, onInstallation, onProject, param, PROJECT } from './places.ts';
import { missing } from './refusals.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';
import { UNRECORDED } from './audit-names.ts';

const shown = (name: string, id: string): Location => ({
  name,
  locationId: id,
  displayName: id,
  labels: { 'cloud.googleapis.com/region': id },
});

function idsAfter(locations: readonly string[], { limit, after }: ListQuery): Listed<string> {
  const sorted = [...locations].sort();
  const rest = after ? sorted.filter((id) => id > String(after[0])) : sorted;
  const rows = rest.slice(0, limit);
  const last = rows.at(-1);
  return rest.length > limit && last !== undefined ? { rows, next: [last] } : { rows };
}

const inProject = (project: string) => (id: string) =>
  shown(names.location.format({ project, location: id }), id);

export const locationRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'locations.listAll',
    method: 'GET',
    path: '/v1/locations',
    permission: 'account',
    audit: UNRECORDED,
    on: onInstallation,
    summary: 'Lists the locations this server has.',
    query: locationListQuery,
    response: components.ListLocationsResponse,
    run: async (call) => {
      const request = pageRequest(call, { of: 'locations' });
      const page = idsAfter(call.parts.locations, request.query);
      return json(listAnswer('locations', page, request, (id) => shown(`locations/${id}`, id)));
    },
  }),

  defineRoute({
    id: 'locations.list',
    method: 'GET',
    path: `${PROJECT}/locations`,
    permission: 'artifactregistry.locations.list',
    audit: UNRECORDED,
    on: onProject,
    summary: 'Lists the locations a project may have repositories in.',
    query: locationListQuery,
    response: components.ListLocationsResponse,
    run: async (call) => {
      const request = pageRequest(call, { of: 'locations' });
      const page = idsAfter(call.parts.locations, request.query);
      return json(listAnswer('locations', page, request, inProject(param(call.params, 'project'))));
    },
  }),

  defineRoute({
    id: 'locations.get',
    method: 'GET',
    path: LOCATION,
    permission: 'artifactregistry.locations.get',
    audit: UNRECORDED,
    on: onProject,
    summary: 'Gets a location.',
    query: noQuery,
    response: components.Location,
    run: async ({ parts, params }) => {
      const id = param(params, 'location');
      const location = inProject(param(params, 'project'))(id);
      if (!parts.locations.includes(id)) throw missing(location.name ?? id);
      return json(location);
    },
  }),
];
