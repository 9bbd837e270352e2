import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import type { Package } from '../../contract/schemas/artifacts.ts';
import { listQuery, noQuery, patchQuery } from '../../contract/schemas/requests.ts';
import { deletePackageQuery } from '../../contract/schemas/trash.ts';
import { type RepositoryAddress, repositoryName } from '../core/repository.ts';
import type { PackageAddress, PackageRecord } from '../core/resources.ts';
import { annotated, shownAnnotations } from './annotations.ts';
import { draft, EMPTY, startedAt } from './operation-draft.ts';
import { listAnswer, pageRequest, SORT_FIELDS } from './page-request.ts';
import { ofPackage, onRepository, PACKAGE, packageAt, REPOSITORY, repositoryAt } from './places.ts';
import { denied, found } from './refusals.ts';
import type { Asker } from './rights.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';
import { visibleInside } from './visible-page.ts';
import { ofArtifactRegistry } from './audit-names.ts';

const shownIn =
  (repository: RepositoryAddress) =>
  (record: PackageRecord): Package => ({
    name: names.package.format({ ...repository, package: record.package }),
    displayName: record.package,
    createTime: timestamp(record.createdAt),
    updateTime: timestamp(record.updatedAt),
    ...shownAnnotations(record),
  });

export const packageRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'packages.get',
    method: 'GET',
    path: PACKAGE,
    permission: 'artifactregistry.packages.get',
    audit: ofArtifactRegistry('GetPackage', 'ADMIN_READ'),
    on: onRepository,
    within: ofPackage,
    summary: 'Gets a package.',
    query: noQuery,
    response: components.Package,
    run: async ({ parts, params }) => {
      const address = packageAt(params);
      const record = await parts.resources.packages.get(address);
      return json(shownIn(address)(found(record, names.package.format(address))));
    },
  }),

  defineRoute({
    id: 'packages.list',
    method: 'GET',
    path: `${REPOSITORY}/packages`,
    permission: 'artifactregistry.packages.list',
    audit: ofArtifactRegistry('ListPackages', 'ADMIN_READ'),
    on: onRepository,
    needs: 'some',
    summary: 'Lists the packages of a repository.',
    query: listQuery,
    response: components.ListPackagesResponse,
    run: async (call) => {
      const repository = repositoryAt(call.params);
      const request = pageRequest(call, {
        of: 'packages',
        filters: ['name', 'annotations'],
        orders: SORT_FIELDS,
      });
      const page = await visibleInside(
        call,
        {
          permission: 'artifactregistry.packages.list',
          on: onRepository(call.params),
          within: {},
          of: (record: PackageRecord) => ({ package: record.package }),
        },
        request.query,
        (query) => call.parts.resources.packages.list(repository, query),
      );
      return json(listAnswer('packages', page, request, shownIn(repository)));
    },
  }),

  defineRoute({
    id: 'packages.patch',
    method: 'PATCH',
    path: PACKAGE,
    permission: 'artifactregistry.packages.update',
    audit: ofArtifactRegistry('UpdatePackage', 'publish'),
    on: onRepository,
    within: ofPackage,
    summary: 'Changes the annotations of a package.',
    query: patchQuery,
    body: components.Package,
    bodyField: 'package',
    response: components.Package,
    run: async ({ parts, params, query, body }) => {
      const address = packageAt(params);
      const change = annotated(body, query.updateMask, ['displayName']);
      return json(shownIn(address)(await parts.resources.packages.annotate(address, change)));
    },
  }),

  defineRoute({
    id: 'packages.delete',
    method: 'DELETE',
    path: PACKAGE,
    permission: 'artifactregistry.packages.delete',
    audit: ofArtifactRegistry('DeletePackage', 'publish'),
    on: onRepository,
    within: ofPackage,
    needs: 'all',
    summary: 'Deletes a package with its versions and tags.',
    query: deletePackageQuery,
    response: components.Operation,
    run: async (call) => {
      const address = packageAt(call.params);
      const { permanently = false } = call.query;
      if (permanently) await requirePurge(call, address);
      const begun = draft(call, { response: () => EMPTY });
      return startedAt(address, begun, (started) =>
        call.parts.resources.packages.delete(address, { permanently }, started),
      );
    },
  }),
];

/** For all that is in it, as for its deletion. */
async function requirePurge({ parts, principal }: Asker, address: PackageAddress): Promise<void> {
  const permission = 'entrepot.versions.purge';
  const on = repositoryName(address);
  const extent = await parts.authorizer.extent(principal, permission, on, { package: address.package });
  if (extent !== 'all') throw denied(principal, permission, on);
}
