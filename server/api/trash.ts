import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import {
  deletedVersionListQuery,
  type DeletedVersion as Shown,
  type UndeleteVersionResponse,
} from '../../contract/schemas/trash.ts';
import type { TagRow } from '../core/catalog.ts';
import type { Permission } from '../core/permissions.ts';
import { type RepositoryAddress, repositoryName } from '../core/repository.ts';
import type { DeletedAddress, DeletedVersion, Restored } from '../core/trash.ts';
import { ofArtifactRegistry } from './audit-names.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onRepository, param, REPOSITORY, repositoryAt } from './places.ts';
import { found } from './refusals.ts';
import { type Asker, requireRight, withVisibleTags } from './rights.ts';
import { type ApiRoute, defineRoute, json, type Params } from './route.ts';
import { timestamp } from './timestamp.ts';
import { visibleInside } from './visible-page.ts';

const DELETED = `${REPOSITORY}/deletedVersions/:deletedVersion`;

const deletedAt = (params: Params): DeletedAddress => ({
  ...repositoryAt(params),
  id: param(params, 'deletedVersion'),
});

/** What was deleted and can be had back. Whoever may delete sees it. */
export const trashRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'deletedVersions.get',
    method: 'GET',
    path: DELETED,
    permission: 'artifactregistry.versions.delete',
    audit: ofArtifactRegistry('GetDeletedVersion', 'ADMIN_READ'),
    on: onRepository,
    needs: 'some',
    summary: 'Gets a version that was deleted and can be restored.',
    query: noQuery,
    response: components.DeletedVersion,
    run: async (call) => {
      const address = deletedAt(call.params);
      const deleted = await seen(call, address, 'artifactregistry.versions.delete');
      const permission = 'artifactregistry.versions.delete';
      return json(
        shown(address, await withVisibleTags(call, permission, onRepository(call.params), deleted)),
      );
    },
  }),

  defineRoute({
    id: 'deletedVersions.list',
    method: 'GET',
    path: `${REPOSITORY}/deletedVersions`,
    permission: 'artifactregistry.versions.delete',
    audit: ofArtifactRegistry('ListDeletedVersions', 'ADMIN_READ'),
    on: onRepository,
    needs: 'some',
    summary: 'Lists the versions that were deleted and can be restored, the newest deletion first.',
    query: deletedVersionListQuery,
    response: components.ListDeletedVersionsResponse,
    run: async (call) => {
      const repository = repositoryAt(call.params);
      const { package: pkg } = call.query;
      const of = { ...repository, ...(pkg !== undefined && { package: pkg }) };
      const request = pageRequest(call, { of: `deletedVersions of ${pkg ?? 'all'}` });
      const permission = 'artifactregistry.versions.delete';
      const on = onRepository(call.params);
      const { rows, ...page } = await visibleInside(
        call,
        { permission, on, within: {}, of: insideDeleted },
        request.query,
        (query) => call.parts.resources.trash.list(of, query),
      );
      const visible: DeletedVersion[] = [];
      for (const row of rows) visible.push(await withVisibleTags(call, permission, on, row));
      const listed = { ...page, rows: visible };
      return json(listAnswer('deletedVersions', listed, request, (row) => shown(repository, row)));
    },
  }),

  defineRoute({
    id: 'deletedVersions.undelete',
    method: 'POST',
    path: `${DELETED}:undelete`,
    permission: 'artifactregistry.versions.delete',
    audit: ofArtifactRegistry('UndeleteVersion', 'publish'),
    on: onRepository,
    needs: 'some',
    summary: 'Restores a deleted version, with its parts, what refers to it, and its tags that are free.',
    query: noQuery,
    body: components.UndeleteVersionRequest,
    response: components.UndeleteVersionResponse,
    run: async (call) => {
      const address = deletedAt(call.params);
      await seen(call, address, 'artifactregistry.versions.delete');
      const on = repositoryName(address);
      const restored = await call.parts.resources.trash.undelete(address, (back) =>
        requireRight(call, 'artifactregistry.repositories.uploadArtifacts', on, back),
      );
      const taken: TagRow[] = [];
      for (const row of restored.taken) {
        const { tags } = await withVisibleTags(call, 'artifactregistry.versions.delete', on, {
          package: restored.package,
          version: row.version,
          tags: [row.tag],
        });
        if (tags.length > 0) taken.push(row);
      }
      return json(answerOf(address, { ...restored, taken }));
    },
  }),

  defineRoute({
    id: 'deletedVersions.purge',
    method: 'DELETE',
    path: DELETED,
    permission: 'entrepot.versions.purge',
    audit: ofArtifactRegistry('PurgeVersion', 'publish'),
    on: onRepository,
    needs: 'some',
    summary: 'Deletes a deleted version for good.',
    query: noQuery,
    response: components.Empty,
    run: async (call) => {
      const address = deletedAt(call.params);
      await seen(call, address, 'entrepot.versions.purge');
      await call.parts.resources.trash.purge(address);
      return json({});
    },
  }),
];

const insideDeleted = ({ package: pkg, version }: DeletedVersion) => ({ package: pkg, version });

/** Its name does not say what it was. A caller who may not know is refused alike whether it is there or not. */
async function seen(call: Asker, address: DeletedAddress, permission: Permission): Promise<DeletedVersion> {
  const record = await call.parts.resources.trash.get(address);
  await requireRight(call, permission, repositoryName(address), record ? insideDeleted(record) : {});
  return found(record, nameOf(address, address.id));
}

const nameOf = (repository: RepositoryAddress, id: string): string =>
  names.deletedVersion.format({ ...repository, deletedVersion: id });

function shown(repository: RepositoryAddress, deleted: DeletedVersion): Shown {
  const { package: pkg, version } = deleted;
  return {
    name: nameOf(repository, deleted.id),
    version: names.version.format({ ...repository, package: pkg, version }),
    ...(deleted.tags.length > 0 && {
      tags: deleted.tags.map((tag) => names.tag.format({ ...repository, package: pkg, tag })),
    }),
    sizeBytes: String(deleted.size),
    createTime: timestamp(deleted.createdAt),
    deleteTime: timestamp(deleted.deletedAt),
    purgeTime: timestamp(deleted.purgeAt),
    ...(deleted.member !== undefined && { member: deleted.member }),
  };
}

function answerOf(repository: RepositoryAddress, restored: Restored): UndeleteVersionResponse {
  const pkg = { ...repository, package: restored.package };
  const tagNames = (rows: Restored['tags']) => rows.map(({ tag }) => names.tag.format({ ...pkg, tag }));
  return {
    versions: restored.versions.map((version) => names.version.format({ ...pkg, version })),
    ...(restored.tags.length > 0 && { tags: tagNames(restored.tags) }),
    ...(restored.taken.length > 0 && { takenTags: tagNames(restored.taken) }),
  };
}
