import { versionViews } from '../../contract/components.ts';
import { escapeId, names } from '../../contract/names.ts';
import { noQuery, orderedQuery, patchQuery } from '../../contract/schemas/requests.ts';
import { invalid, RegistryError } from '../core/error.ts';
import type { Format, VersionChange, VersionView } from '../core/format.ts';
import type { RepositoryAddress } from '../core/repository.ts';
import type { RepositoryRecord, VersionRecord } from '../core/resources.ts';
import { maskedUpdate } from './masked-update.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onRepository, param, REPOSITORY, repositoryAt } from './places.ts';
import { found } from './refusals.ts';
import { withVisibleTags } from './rights.ts';
import { type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';
import { ofArtifactRegistry } from './audit-names.ts';
import { parseMask } from './update-mask.ts';
import { visibleInside } from './visible-page.ts';

/** The collections in which a format shows its versions in its own words. */
export const viewRoutes = (formats: readonly Format[]): readonly ApiRoute[] =>
  formats.flatMap((format) => (format.api?.views ?? []).flatMap((view) => routesOf(format, view)));

function routesOf(format: Format, view: VersionView): readonly ApiRoute[] {
  const { collection } = view;
  const schemas = schemasOf(collection);
  return [
    defineRoute({
      id: `${collection}.get`,
      method: 'GET',
      path: `${REPOSITORY}/${collection}/:view`,
      permission: view.permissions.get,
      audit: ofArtifactRegistry(view.methods.get, 'ADMIN_READ'),
      on: onRepository,
      within: (params) => view.parse(param(params, 'view')) ?? {},
      summary: `Gets one of a repository's ${collection}.`,
      query: noQuery,
      response: schemas.item,
      run: async (call) => {
        const address = repositoryAt(call.params);
        const repository = await repositoryOf(call, address, format);
        const id = param(call.params, 'view');
        const parsed = view.parse(id);
        const record = parsed && (await call.parts.resources.versions.get({ ...address, ...parsed }));
        const version = found(record, nameOf(address, collection, id));
        const on = onRepository(call.params);
        return json(
          shownBy(call, view, repository)(await withVisibleTags(call, view.permissions.get, on, version)),
        );
      },
    }),

    defineRoute({
      id: `${collection}.list`,
      method: 'GET',
      path: `${REPOSITORY}/${collection}`,
      permission: view.permissions.list,
      audit: ofArtifactRegistry(view.methods.list, 'ADMIN_READ'),
      on: onRepository,
      needs: 'some',
      summary: `Lists a repository's ${collection}.`,
      query: orderedQuery,
      response: schemas.page,
      run: async (call) => {
        const address = repositoryAt(call.params);
        const request = pageRequest(call, { of: collection, orders: view.orders });
        const permission = view.permissions.list;
        const on = onRepository(call.params);
        const { rows, ...page } = await visibleInside(
          call,
          { permission, on, within: {}, of: insideVersion },
          request.query,
          async (query) => {
            await repositoryOf(call, address, format);
            return call.parts.resources.versions.listAll(address, query);
          },
        );
        const shown: VersionRecord[] = [];
        for (const row of rows) shown.push(await withVisibleTags(call, permission, on, row));
        const repository = await repositoryOf(call, address, format);
        return json(
          listAnswer(collection, { ...page, rows: shown }, request, shownBy(call, view, repository)),
        );
      },
    }),

    ...(view.change ? [changeRoute(format, view, view.change)] : []),
  ];
}

function changeRoute(format: Format, view: VersionView, change: VersionChange): ApiRoute {
  const { collection } = view;
  const { item } = schemasOf(collection);
  return defineRoute({
    id: `${collection}.patch`,
    method: 'PATCH',
    path: `${REPOSITORY}/${collection}/:view`,
    permission: change.permission,
    audit: ofArtifactRegistry(change.method, 'ADMIN_WRITE'),
    on: onRepository,
    within: (params) => view.parse(param(params, 'view')) ?? {},
    summary: `Changes ${Object.keys(change.fields).join(', ')} of one of a repository's ${collection}.`,
    query: patchQuery,
    body: item,
    bodyField: collection.replace(/s$/, ''),
    response: item,
    run: async (call) => {
      const address = repositoryAt(call.params);
      const repository = await repositoryOf(call, address, format);
      const id = param(call.params, 'view');
      const at = found(view.parse(id), nameOf(address, collection, id));
      const mask = parseMask(call.query.updateMask);
      const record = await call.parts.resources.versions.amend({ ...address, ...at }, (current) => {
        const before = view.resource(current, '');
        const tree = Object.fromEntries([
          ...['name', ...Object.keys(before)].map((field) => [field, 'output'] as const),
          ...Object.entries(change.fields),
        ]);
        return change.apply(current.attributes, maskedUpdate(tree, before, { ...call.body }, mask));
      });
      return json(shownBy(call, view, repository)(record));
    },
  });
}

function schemasOf(collection: string) {
  const schemas = new Map(Object.entries(versionViews)).get(collection);
  if (!schemas) throw new RegistryError('INTERNAL', 'VIEW_SCHEMA', `the contract has no view ${collection}`);
  return schemas;
}

type Call = Pick<ApiCall<unknown, unknown>, 'parts' | 'registryUri'>;

/** The repository, which must be one of the view's format. */
async function repositoryOf(
  { parts }: Call,
  address: RepositoryAddress,
  format: Format,
): Promise<RepositoryRecord> {
  const name = names.repository.format(address);
  const repository = found(await parts.resources.repositories.get(address), name);
  if (repository.format === format.id) return repository;
  throw invalid(
    'FORMAT_MISMATCH',
    `Request contains an invalid argument: ${name} is a ${repository.format} repository, not ${format.id}.`,
  );
}

function shownBy({ registryUri }: Call, view: VersionView, repository: RepositoryRecord) {
  const uri = registryUri(repository, repository.format);
  return (version: VersionRecord) => ({
    name: nameOf(repository, view.collection, view.id(version)),
    ...view.resource(version, `${uri}/${version.package}`),
  });
}

const insideVersion = ({ package: pkg, version }: VersionRecord) => ({ package: pkg, version });

const nameOf = (repository: RepositoryAddress, collection: string, id: string): string =>
  `${names.repository.format(repository)}/${collection}/${escapeId(id)}`;
