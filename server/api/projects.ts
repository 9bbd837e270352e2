import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import type { Project } from '../../contract/schemas/project.ts';
import { noQuery, pageQuery, patchQuery } from '../../contract/schemas/requests.ts';
import { invalid } from '../core/error.ts';
import { memberOf } from '../core/iam.ts';
import type { Listed, ListQuery, ProjectRecord, Resources } from '../core/resources.ts';
import { ofProjects } from './audit-names.ts';
import { maskedUpdate, type FieldTree } from './masked-update.ts';
import { draft } from './operation-draft.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { checkedQuota, quotaDocument, quotaSetter } from './quota-rules.ts';
import { onInstallation, onProject, param, PROJECT } from './places.ts';
import { found } from './refusals.ts';
import { checkLabels } from './repository-rules.ts';
import { type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';
import { parseMask } from './update-mask.ts';
import { visiblePage } from './visible-page.ts';

/** Google's grammar; a domain-scoped project has its domain and a colon in front. */
const PROJECT_ID = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const LONGEST_NAME = 64;
const CRM = 'type.googleapis.com/google.cloudresourcemanager.v1';

const FIELDS: FieldTree = {
  name: 'mutable',
  labels: 'map',
  quota: { maxBytes: 'mutable', maxVersions: 'mutable' },
  projectId: 'output',
  projectNumber: 'output',
  lifecycleState: 'output',
  createTime: 'output',
  parent: 'output',
};

const quotaOf = ({ quota }: Pick<ProjectRecord, 'quota'>): Pick<Project, 'quota'> => {
  const shownQuota = quotaDocument(quota);
  return shownQuota ? { quota: shownQuota } : {};
};

const shown = (project: ProjectRecord): Project => ({
  projectId: project.id,
  projectNumber: String(project.number),
  lifecycleState: 'ACTIVE',
  name: project.displayName,
  createTime: timestamp(project.createdAt),
  ...(Object.keys(project.labels).length > 0 && { labels: project.labels }),
  ...quotaOf(project),
});

const shownV3 = (project: ProjectRecord) => ({
  name: `projects/${project.number}`,
  projectId: project.id,
  state: 'ACTIVE',
  displayName: project.displayName,
  createTime: timestamp(project.createdAt),
  updateTime: timestamp(project.updatedAt),
  ...(Object.keys(project.labels).length > 0 && { labels: project.labels }),
});

const read = async ({ parts, params }: Pick<ApiCall<unknown, unknown>, 'parts' | 'params'>) => {
  const id = param(params, 'project');
  return found(await parts.resources.projects.get(id), names.project.format({ project: id }));
};

const update: ApiRoute = defineRoute({
  id: 'projects.update',
  method: 'PATCH',
  path: PROJECT,
  permission: 'resourcemanager.projects.update',
  audit: ofProjects('UpdateProject', 'ADMIN_WRITE'),
  on: onProject,
  summary: 'Changes the name and labels of a project.',
  query: patchQuery,
  body: components.Project,
  response: components.Project,
  run: async (call) => {
    const { parts, params, query, body } = call;
    const mask = parseMask(query.updateMask);
    const requireQuota = await quotaSetter(call, '/');
    const record = await parts.resources.projects.update(param(params, 'project'), (current) => {
      const before = { name: current.displayName, labels: current.labels, ...quotaOf(current) };
      const change = mask || body.quota ? { ...body } : { ...body, ...quotaOf(current) };
      const after = checked(current.id, maskedUpdate(FIELDS, before, change, mask));
      requireQuota(current.quota, after.quota);
      return after;
    });
    return json(shown(record));
  },
});

const list = (version: 'v1' | 'v3', path: string): ApiRoute =>
  defineRoute({
    id: version === 'v1' ? 'projects.list' : 'projects.search',
    method: 'GET',
    path,
    permission: 'resourcemanager.projects.get',
    audit: ofProjects('ListProjects', 'ADMIN_READ'),
    on: onInstallation,
    filtered: true,
    summary: 'Lists the projects that the caller may see.',
    query: pageQuery,
    response: version === 'v1' ? components.ListProjectsResponse : components.SearchProjectsResponse,
    run: async (call) => {
      const request = pageRequest(call, { of: 'projects' });
      const page = await visiblePage(
        call,
        {
          permission: 'resourcemanager.projects.get',
          parent: '/',
          of: ({ id }: ProjectRecord) => names.project.format({ project: id }),
        },
        request.query,
        (query) => projectPage(call.parts.resources, query),
      );
      return json(listAnswer('projects', page, request, version === 'v1' ? shown : shownV3));
    },
  });

export const projectRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'projects.create',
    method: 'POST',
    path: '/v1/projects',
    permission: 'resourcemanager.projects.create',
    audit: ofProjects('CreateProject', 'ADMIN_WRITE'),
    on: onInstallation,
    summary: 'Creates a project.',
    query: noQuery,
    body: components.Project,
    response: components.Operation,
    run: async (call) => {
      const id = call.body.projectId ?? '';
      if (!PROJECT_ID.test(id))
        throw refusal(
          'project_id must be 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ' +
            'ending with a hyphen',
          'project_id',
        );
      const begun = draft<ProjectRecord>(call, {
        metadata: (made) => ({
          '@type': `${CRM}.ProjectCreationStatus`,
          createTime: timestamp(made.createdAt),
          gettable: true,
          ready: true,
        }),
        response: (made) => ({ '@type': `${CRM}.Project`, ...shown(made) }),
      });
      const owner = call.principal.kind === 'anonymous' ? undefined : memberOf(call.principal);
      const project = { id, ...checked(id, call.body) };
      (await quotaSetter(call, '/'))(undefined, project.quota);
      const body = await call.parts.resources.projects.create(project, owner, begun);
      return json({ name: `operations/${begun.id}`, ...body });
    },
  }),

  defineRoute({
    id: 'projects.get',
    method: 'GET',
    path: PROJECT,
    permission: 'resourcemanager.projects.get',
    audit: ofProjects('GetProject', 'ADMIN_READ'),
    on: onProject,
    summary: 'Gets a project.',
    query: noQuery,
    response: components.Project,
    run: async (call) => json(shown(await read(call))),
  }),
  defineRoute({
    id: 'projects.getV3',
    method: 'GET',
    path: '/v3/projects/:project',
    permission: 'resourcemanager.projects.get',
    audit: ofProjects('GetProject', 'ADMIN_READ'),
    on: onProject,
    summary: 'Gets a project in the shape of Resource Manager v3.',
    query: noQuery,
    response: components.ProjectV3,
    run: async (call) => json(shownV3(await read(call))),
  }),

  list('v1', '/v1/projects'),
  list('v3', '/v3/projects:search'),

  update,
  { ...update, id: 'projects.replace', method: 'PUT', query: noQuery },

  defineRoute({
    id: 'projects.delete',
    method: 'DELETE',
    path: PROJECT,
    permission: 'resourcemanager.projects.delete',
    audit: ofProjects('DeleteProject', 'ADMIN_WRITE'),
    on: onProject,
    summary: 'Deletes a project without repositories.',
    query: noQuery,
    response: components.Empty,
    run: async ({ parts, params }) => {
      await parts.resources.projects.delete(param(params, 'project'));
      return json({});
    },
  }),
];

/** Projects have one order, by id. */
async function projectPage(
  { projects }: Resources,
  { limit, after }: ListQuery,
): Promise<Listed<ProjectRecord>> {
  const { rows, more } = await projects.list({ limit, ...(after && { after: String(after[0]) }) });
  const last = rows.at(-1);
  return more && last ? { rows, next: [last.id] } : { rows };
}

function checked(
  id: string,
  { name = '', labels = {}, quota = {} }: Project,
): Pick<ProjectRecord, 'displayName' | 'labels' | 'quota'> {
  checkLabels(labels);
  if (name.length > LONGEST_NAME) throw refusal(`name is longer than ${LONGEST_NAME} characters`, 'name');
  return { displayName: name === '' ? id : name, labels, quota: checkedQuota(quota, 'quota') };
}

const refusal = (why: string, field: string) =>
  invalid('PROJECT_INVALID', `Request contains an invalid argument: ${why}.`, { field });
