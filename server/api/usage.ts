import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import { noFields, noQuery, pageQuery } from '../../contract/schemas/requests.ts';
import type { Usage as UsageDocument } from '../../contract/schemas/usage.ts';
import type { Listed } from '../core/resources.ts';
import type { PartUsage, Quota, Usage } from '../core/usage.ts';
import { ofArtifactRegistry } from './audit-names.ts';
import { listAnswer, type PageRequest, pageRequest } from './page-request.ts';
import {
  ofPackage,
  onInstallation,
  onProject,
  onRepository,
  PACKAGE,
  packageAt,
  param,
  PROJECT,
  REPOSITORY,
  repositoryAt,
} from './places.ts';
import { quotaDocument } from './quota-rules.ts';
import { found } from './refusals.ts';
import { type ApiAnswer, type ApiRoute, defineRoute, json } from './route.ts';

type Total = Usage & { readonly quota?: Quota };

/** What there is. Who else has the same is said only of what the caller may see as a whole. */
export const usageRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'usage.get',
    method: 'GET',
    path: '/v1/usage',
    permission: 'entrepot.storage.get',
    audit: ofArtifactRegistry('GetUsage', 'ADMIN_READ'),
    on: onInstallation,
    summary: 'Tells what is stored in all, and by project.',
    query: pageQuery,
    response: components.UsageReport,
    run: async (call) => {
      const request = pageRequest(call, { of: 'usage' });
      const { usage } = call.parts.resources;
      const total = await usage.installation();
      return report(undefined, total, await usage.projects(request.query), request, (id) =>
        names.project.format({ project: id }),
      );
    },
  }),

  defineRoute({
    id: 'usage.recount',
    method: 'POST',
    path: '/v1/usage:recount',
    permission: 'entrepot.storage.recount',
    audit: ofArtifactRegistry('RecountUsage', 'ADMIN_WRITE'),
    on: onInstallation,
    summary: 'Counts anew what is stored where, and puts right what was counted wrong.',
    query: noQuery,
    body: noFields,
    response: components.RecountUsageResponse,
    run: async ({ parts }) => {
      const corrections = await parts.resources.usage.recount();
      return json({
        ...(corrections.length > 0 && {
          corrections: corrections.map(({ place, before, after }) => ({
            place,
            before: counted(before),
            after: counted(after),
          })),
        }),
      });
    },
  }),

  defineRoute({
    id: 'projects.usage',
    method: 'GET',
    path: `${PROJECT}/usage`,
    permission: 'artifactregistry.repositories.get',
    audit: ofArtifactRegistry('GetProjectUsage', 'ADMIN_READ'),
    on: onProject,
    needs: 'all',
    summary: 'Tells what a project holds, and by repository.',
    query: pageQuery,
    response: components.UsageReport,
    run: async (call) => {
      const request = pageRequest(call, { of: 'usage' });
      const { usage } = call.parts.resources;
      const project = param(call.params, 'project');
      const name = names.project.format({ project });
      const total = found(await usage.project(project), name);
      return report(name, total, await usage.repositories(project, request.query), request, (id) => {
        const [location = '', repository = ''] = id.split('/');
        return names.repository.format({ project, location, repository });
      });
    },
  }),

  defineRoute({
    id: 'repositories.usage',
    method: 'GET',
    path: `${REPOSITORY}/usage`,
    permission: 'artifactregistry.packages.list',
    audit: ofArtifactRegistry('GetRepositoryUsage', 'ADMIN_READ'),
    on: onRepository,
    needs: 'all',
    summary: 'Tells what a repository holds, and by package.',
    query: pageQuery,
    response: components.UsageReport,
    run: async (call) => {
      const request = pageRequest(call, { of: 'usage' });
      const { usage } = call.parts.resources;
      const address = repositoryAt(call.params);
      const name = names.repository.format(address);
      const total = found(await usage.repository(address), name);
      return report(name, total, await usage.packages(address, request.query), request, (id) =>
        names.package.format({ ...address, package: id }),
      );
    },
  }),

  defineRoute({
    id: 'packages.usage',
    method: 'GET',
    path: `${PACKAGE}/usage`,
    permission: 'artifactregistry.versions.list',
    audit: ofArtifactRegistry('GetPackageUsage', 'ADMIN_READ'),
    on: onRepository,
    within: ofPackage,
    needs: 'all',
    summary: 'Tells what a package holds, and by version.',
    query: pageQuery,
    response: components.UsageReport,
    run: async (call) => {
      const request = pageRequest(call, { of: 'usage' });
      const { usage } = call.parts.resources;
      const address = packageAt(call.params);
      const name = names.package.format(address);
      const total = found(await usage.package(address), name);
      return report(name, total, await usage.versions(address, request.query), request, (id) =>
        names.version.format({ ...address, version: id }),
      );
    },
  }),
];

function report(
  name: string | undefined,
  total: Total,
  page: Listed<PartUsage>,
  request: PageRequest,
  nameOf: (id: string) => string,
): ApiAnswer {
  const shownPart = (part: PartUsage): UsageDocument => ({
    ...shown(nameOf(part.id), part),
    sharedBytes: String(part.sizeBytes - part.uniqueBytes),
    uniqueBytes: String(part.uniqueBytes),
  });
  return json({ total: shown(name, total), ...listAnswer('parts', page, request, shownPart) });
}

function shown(name: string | undefined, { quota, ...usage }: Total): UsageDocument {
  const limits = quotaDocument(quota);
  return { ...(name !== undefined && { name }), ...counted(usage), ...(limits && { quota: limits }) };
}

const counted = ({ sizeBytes, versions }: Usage) => ({
  sizeBytes: String(sizeBytes),
  versionCount: String(versions),
});
