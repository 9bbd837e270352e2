import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import type { VersionView } from '../../contract/schemas/artifacts.ts';
import { noQuery, patchQuery, versionListQuery, versionQuery } from '../../contract/schemas/requests.ts';
import { deleteVersionQuery } from '../../contract/schemas/trash.ts';
import type { Cascade, CascadeLine } from '../core/cascade.ts';
import type { MayUntag } from '../core/catalog.ts';
import { invalid } from '../core/error.ts';
import type { Permission } from '../core/permissions.ts';
import { repositoryName } from '../core/repository.ts';
import type { PackageAddress, VersionRecord } from '../core/resources.ts';
import { annotated } from './annotations.ts';
import { draft, EMPTY, startedAt, typed } from './operation-draft.ts';
import { listAnswer, pageRequest, SORT_FIELDS } from './page-request.ts';
import { ofPackage, ofVersion, onRepository, PACKAGE, packageAt, versionAt } from './places.ts';
import { found } from './refusals.ts';
import { type Asker, requireRight, withVisibleTags } from './rights.ts';
import { type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';
import { versionShower } from './version-resource.ts';
import { visibleInside } from './visible-page.ts';
import { ofArtifactRegistry } from './audit-names.ts';

const VERSION = `${PACKAGE}/versions/:version`;
const MOST_NAMES = 10_000;
const OWN_FIELDS = ['description', 'relatedTags', 'metadata', 'fingerprints'];

const isFull = ({ query }: Pick<ApiCall<{ readonly view?: VersionView }, unknown>, 'query'>) =>
  query.view === 'FULL';

export const versionRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'versions.get',
    method: 'GET',
    path: VERSION,
    permission: 'artifactregistry.versions.get',
    audit: ofArtifactRegistry('GetVersion', 'ADMIN_READ'),
    on: onRepository,
    within: ofVersion,
    summary: 'Gets a version; the FULL view adds its tags.',
    query: versionQuery,
    response: components.Version,
    run: async (call) => {
      const address = versionAt(call.params);
      const record = await call.parts.resources.versions.get(address);
      const version = found(record, names.version.format(address));
      const show = await versionShower(call.parts, address, isFull(call));
      const on = onRepository(call.params);
      return json(show(await withVisibleTags(call, 'artifactregistry.versions.get', on, version)));
    },
  }),

  defineRoute({
    id: 'versions.list',
    method: 'GET',
    path: `${PACKAGE}/versions`,
    permission: 'artifactregistry.versions.list',
    audit: ofArtifactRegistry('ListVersions', 'ADMIN_READ'),
    on: onRepository,
    within: ofPackage,
    needs: 'some',
    summary: 'Lists the versions of a package; the FULL view adds the tags of each.',
    query: versionListQuery,
    response: components.ListVersionsResponse,
    run: async (call) => {
      const address = packageAt(call.params);
      const request = pageRequest(call, {
        of: 'versions',
        filters: ['name', 'annotations'],
        orders: SORT_FIELDS,
      });
      const withTags = isFull(call);
      const permission = 'artifactregistry.versions.list';
      const on = onRepository(call.params);
      const { rows, ...page } = await visibleInside(
        call,
        { permission, on, within: { package: address.package }, of: insideVersion },
        request.query,
        (query) => call.parts.resources.versions.list(address, { ...query, withTags }),
      );
      const shown: VersionRecord[] = [];
      for (const row of rows) shown.push(await withVisibleTags(call, permission, on, row));
      const show = await versionShower(call.parts, address, withTags);
      return json(listAnswer('versions', { ...page, rows: shown }, request, show));
    },
  }),

  defineRoute({
    id: 'versions.patch',
    method: 'PATCH',
    path: VERSION,
    permission: 'artifactregistry.versions.update',
    audit: ofArtifactRegistry('UpdateVersion', 'ADMIN_WRITE'),
    on: onRepository,
    within: ofVersion,
    summary: 'Changes the annotations of a version.',
    query: patchQuery,
    body: components.Version,
    bodyField: 'version',
    response: components.Version,
    run: async ({ parts, params, query, body }) => {
      const address = versionAt(params);
      const change = annotated(body, query.updateMask, OWN_FIELDS);
      const record = await parts.resources.versions.annotate(address, change);
      return json((await versionShower(parts, address, false))(record));
    },
  }),

  defineRoute({
    id: 'versions.delete',
    method: 'DELETE',
    path: VERSION,
    permission: 'artifactregistry.versions.delete',
    audit: ofArtifactRegistry('DeleteVersion', 'publish'),
    on: onRepository,
    within: ofVersion,
    summary:
      'Deletes a version; with force also one that has tags, with cascade also its parts that nothing else needs and what ' +
      'refers to it.',
    query: deleteVersionQuery,
    response: components.Operation,
    run: async (call) => {
      const address = versionAt(call.params);
      const { force = false, cascade = false, permanently = false, validateOnly = false } = call.query;
      const on = onRepository(call.params);
      const { package: pkg, version } = address;
      const may = (each: string, permission: Permission) =>
        requireRight(call, permission, on, { package: pkg, version: each });
      if (permanently) await may(version, 'entrepot.versions.purge');
      const how = {
        force,
        cascade,
        permanently,
        validateOnly,
        mayDelete: async (each: string) => {
          await may(each, 'artifactregistry.versions.delete');
          if (permanently) await may(each, 'entrepot.versions.purge');
        },
        mayUntag: untagging(call, address),
        told: (plan: Cascade) => visibleCascade(call, address, plan),
      };
      const begun = draft<Cascade>(call, {
        ...((cascade || validateOnly) && {
          metadata: (plan: Cascade) => cascadeDocument(address, plan, validateOnly),
        }),
        response: () => EMPTY,
      });
      return startedAt(address, begun, (started) =>
        call.parts.resources.versions.delete(address, how, started),
      );
    },
  }),

  defineRoute({
    id: 'versions.batchDelete',
    method: 'POST',
    path: `${PACKAGE}/versions:batchDelete`,
    permission: 'artifactregistry.versions.delete',
    audit: ofArtifactRegistry('BatchDeleteVersions', 'publish'),
    on: onRepository,
    within: ofPackage,
    needs: 'some',
    summary: 'Deletes several versions with their tags, or says which of them it could not.',
    query: noQuery,
    body: components.BatchDeleteVersionsRequest,
    response: components.Operation,
    run: async (call) => {
      const pkg = packageAt(call.params);
      const { names: wanted = [], validateOnly = false } = call.body;
      if (wanted.length > MOST_NAMES) throw refusal(`names has more than ${MOST_NAMES} versions`);
      const versions = wanted.map((name) => {
        const named = names.version.parse(name);
        if (!named || names.package.format(named) !== names.package.format(pkg))
          throw refusal(`${name.slice(0, 300)} is not a version of ${names.package.format(pkg)}`);
        return named.version;
      });
      for (const version of versions)
        await requireRight(call, 'artifactregistry.versions.delete', onRepository(call.params), {
          package: pkg.package,
          version,
        });
      const how = { validateOnly, mayUntag: untagging(call, pkg) };
      const begun = draft<readonly string[]>(call, {
        metadata: (left) => {
          const failed = left.map((version) => names.version.format({ ...pkg, version }));
          return typed('BatchDeleteVersionsMetadata', failed.length > 0 ? { failedVersions: failed } : {});
        },
        response: () => EMPTY,
      });
      return startedAt(pkg, begun, (started) =>
        call.parts.resources.versions.deleteMany(pkg, versions, how, started),
      );
    },
  }),
];

/** What goes is the caller's to delete; of what stays, and what it stays for, they are told what they may see. */
async function visibleCascade(
  call: Asker,
  { package: pkg, ...repository }: PackageAddress,
  { deleted, kept }: Cascade,
): Promise<Cascade> {
  const permission = 'artifactregistry.versions.get';
  const on = repositoryName(repository);
  const sees = async (version: string): Promise<boolean> =>
    (await call.parts.authorizer.check(call.principal, permission, on, { package: pkg, version })).allow;
  const visible: CascadeLine[] = [];
  for (const { because, ...line } of kept) {
    if (!(await sees(line.version))) continue;
    const { tags } = await withVisibleTags(call, permission, on, { package: pkg, ...line });
    visible.push({
      ...line,
      tags,
      ...(because !== undefined && (await sees(because)) && { because }),
    });
  }
  return { deleted, kept: visible };
}

const cascadeDocument = (pkg: PackageAddress, { deleted, kept }: Cascade, validateOnly: boolean) => {
  const shown = ({ version, reason, because, tags }: CascadeLine) => ({
    version: names.version.format({ ...pkg, version }),
    reason,
    ...(because !== undefined && { because: names.version.format({ ...pkg, version: because }) }),
    ...(tags.length > 0 && { tags: tags.map((tag) => names.tag.format({ ...pkg, tag })) }),
  });
  return typed('CascadeMetadata', {
    ...(validateOnly && { validateOnly }),
    deleted: deleted.map(shown),
    ...(kept.length > 0 && { kept: kept.map(shown) }),
  });
};

const insideVersion = ({ package: pkg, version }: VersionRecord) => ({ package: pkg, version });

/** A tag goes with its version only for those who may delete it by that name too. */
const untagging =
  (call: Asker, address: PackageAddress): MayUntag =>
  ({ version, tag }) =>
    requireRight(call, 'artifactregistry.versions.delete', repositoryName(address), {
      package: address.package,
      version,
      tag,
    });

const refusal = (why: string) =>
  invalid('NAMES_INVALID', `Request contains an invalid argument: ${why}.`, { field: 'names' });
