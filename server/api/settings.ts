import type * as z from 'zod/mini';
import { components } from '../../contract/components.ts';
import { noQuery, patchQuery } from '../../contract/schemas/requests.ts';
import { invalid } from '../core/error.ts';
import type { Permission } from '../core/permissions.ts';
import { type FieldTree, maskedUpdate } from './masked-update.ts';
import { LOCATION, onProject, param, PROJECT } from './places.ts';
import { found } from './refusals.ts';
import { type ApiCall, type ApiRoute, defineRoute, json, type Params } from './route.ts';
import { type MaskPath, parseMask } from './update-mask.ts';
import { ofArtifactRegistry } from './audit-names.ts';

interface Kind {
  /** Last segment of its name. */
  readonly id: string;
  /** What its methods are called after. */
  readonly method: string;
  readonly path: string;
  readonly get: Permission;
  readonly update: Permission;
  readonly schema: z.core.$ZodType<Readonly<Record<string, unknown>>>;
  readonly fields: FieldTree;
  readonly summary: string;
  /** What a mask stands for, where clients mean more than they say. */
  readonly widen?: (mask: readonly MaskPath[]) => readonly MaskPath[];
}

/** Documents that clients set up and read back; nothing here acts on them. */
const KINDS: readonly Kind[] = [
  {
    id: 'projectSettings',
    method: 'ProjectSettings',
    path: `${PROJECT}/projectSettings`,
    get: 'artifactregistry.projectsettings.get',
    update: 'artifactregistry.projectsettings.update',
    schema: components.ProjectSettings,
    fields: { name: 'output', legacyRedirectionState: 'mutable', pullPercent: 'mutable' },
    summary: 'the Container Registry redirection settings of a project',
    // The stock command line names the state also when it sets the percentage.
    widen: (mask) =>
      mask.flatMap((path) =>
        ['legacyRedirectionState', 'legacy_redirection_state'].includes(path[0] ?? '')
          ? [path, ['pullPercent']]
          : [path],
      ),
  },
  {
    id: 'projectConfig',
    method: 'ProjectConfig',
    path: `${LOCATION}/projectConfig`,
    get: 'artifactregistry.projectconfigs.get',
    update: 'artifactregistry.projectconfigs.update',
    schema: components.ProjectConfig,
    fields: { name: 'output', platformLogsConfig: { loggingState: 'mutable', severityLevel: 'mutable' } },
    summary: 'the platform log settings of a project in a location',
  },
  {
    id: 'vpcscConfig',
    method: 'VPCSCConfig',
    path: `${LOCATION}/vpcscConfig`,
    get: 'artifactregistry.vpcscconfigs.get',
    update: 'artifactregistry.vpcscconfigs.update',
    schema: components.VPCSCConfig,
    fields: { name: 'output', vpcscPolicy: 'mutable' },
    summary: 'the service perimeter settings of a project in a location',
  },
];

export const settingsRoutes: readonly ApiRoute[] = KINDS.flatMap((kind) => [
  defineRoute({
    id: `${kind.id}.get`,
    method: 'GET',
    path: kind.path,
    permission: kind.get,
    audit: ofArtifactRegistry(`Get${kind.method}`, 'ADMIN_READ'),
    on: onProject,
    summary: `Gets ${kind.summary}.`,
    query: noQuery,
    response: kind.schema,
    run: async ({ parts, params }) => {
      checkLocation(parts, params);
      const project = param(params, 'project');
      found(await parts.resources.projects.get(project), `projects/${project}`);
      const stored = await parts.resources.projects.settings(project, keyOf(kind, params));
      return json({ name: nameOf(kind, params), ...stored });
    },
  }),

  defineRoute({
    id: `${kind.id}.patch`,
    method: 'PATCH',
    path: kind.path,
    permission: kind.update,
    audit: ofArtifactRegistry(`Update${kind.method}`, 'ADMIN_WRITE'),
    on: onProject,
    summary: `Changes ${kind.summary}.`,
    query: patchQuery,
    body: kind.schema,
    bodyField: snakeOf(kind.id),
    response: kind.schema,
    run: async ({ parts, params, query, body }) => {
      checkLocation(parts, params);
      const mask = parseMask(query.updateMask);
      const wanted = mask && kind.widen ? kind.widen(mask) : mask;
      const { projects } = parts.resources;
      const stored = await projects.updateSettings(param(params, 'project'), keyOf(kind, params), (current) =>
        maskedUpdate(kind.fields, current, body, wanted),
      );
      return json({ name: nameOf(kind, params), ...stored });
    },
  }),
]);

function snakeOf(id: string): string {
  return id.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function checkLocation({ locations }: ApiCall<unknown, unknown>['parts'], { location }: Params): void {
  if (location !== undefined && !locations.includes(location))
    throw invalid('LOCATION_INVALID', `Request contains an invalid argument: no location ${location}.`);
}

const keyOf = ({ id }: Kind, { location }: Params): string =>
  location === undefined ? id : `${id}/${location}`;
const nameOf = ({ id }: Kind, { project, location }: Params): string =>
  location === undefined ? `projects/${project}/${id}` : `projects/${project}/locations/${location}/${id}`;
