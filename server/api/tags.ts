import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import type { Tag } from '../../contract/schemas/artifacts.ts';
import { createTagQuery, filteredQuery, noQuery, patchQuery } from '../../contract/schemas/requests.ts';
import { invalid } from '../core/error.ts';
import type { PackageAddress, TagRecord } from '../core/resources.ts';
import { maskedUpdate } from './masked-update.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { ofPackage, ofTag, onRepository, PACKAGE, packageAt, tagAt } from './places.ts';
import { found } from './refusals.ts';
import { requireTagging, visibleTag } from './rights.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';
import { parseMask } from './update-mask.ts';
import { visibleInside } from './visible-page.ts';
import { ofArtifactRegistry } from './audit-names.ts';

export const TAG = `${PACKAGE}/tags/:tag`;
/** What a tag may be called in every format (facts: Tag). */
const TAG_ID = /^[a-zA-Z0-9_][a-zA-Z0-9\-._~:@]{0,127}$/;

export const shownTag = (pkg: PackageAddress, { tag, version }: TagRecord): Tag => ({
  name: names.tag.format({ ...pkg, tag }),
  version: names.version.format({ ...pkg, version }),
});
const shownIn = (pkg: PackageAddress) => (record: TagRecord) => shownTag(pkg, record);

export const tagRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'tags.get',
    method: 'GET',
    path: TAG,
    permission: 'artifactregistry.tags.get',
    audit: ofArtifactRegistry('GetTag', 'ADMIN_READ'),
    on: onRepository,
    within: ofTag,
    summary: 'Gets a tag.',
    query: noQuery,
    response: components.Tag,
    run: async (call) => {
      const address = tagAt(call.params);
      const known = await call.parts.resources.tags.get(address);
      const record = await visibleTag(call, 'artifactregistry.tags.get', address, known);
      return json(shownIn(address)(found(record, names.tag.format(address))));
    },
  }),

  defineRoute({
    id: 'tags.list',
    method: 'GET',
    path: `${PACKAGE}/tags`,
    permission: 'artifactregistry.tags.list',
    audit: ofArtifactRegistry('ListTags', 'ADMIN_READ'),
    on: onRepository,
    within: ofPackage,
    needs: 'some',
    summary: 'Lists the tags of a package.',
    query: filteredQuery,
    response: components.ListTagsResponse,
    run: async (call) => {
      const address = packageAt(call.params);
      const request = pageRequest(call, { of: 'tags', filters: ['name', 'version'] });
      const page = await visibleInside(
        call,
        {
          permission: 'artifactregistry.tags.list',
          on: onRepository(call.params),
          within: { package: address.package },
          of: (row: TagRecord) => ({ package: address.package, ...row }),
        },
        request.query,
        (query) => call.parts.resources.tags.list(address, query),
      );
      return json(listAnswer('tags', page, request, shownIn(address)));
    },
  }),

  defineRoute({
    id: 'tags.create',
    method: 'POST',
    path: `${PACKAGE}/tags`,
    permission: 'artifactregistry.tags.create',
    audit: ofArtifactRegistry('CreateTag', 'ADMIN_WRITE'),
    on: onRepository,
    within: ofPackage,
    needs: 'some',
    summary: 'Creates a tag.',
    query: createTagQuery,
    body: components.Tag,
    bodyField: 'tag',
    response: components.Tag,
    run: async (call) => {
      const { parts, params, query, body } = call;
      const pkg = packageAt(params);
      const tag = query.tagId ?? '';
      if (!TAG_ID.test(tag)) throw refusal(`"${tag.slice(0, 140)}" is not a tag`, 'tag_id');
      const version = versionIn(pkg, body.version);
      await requireTagging(call, 'artifactregistry.tags.create', { ...pkg, tag }, version);
      const record = await parts.resources.tags.create({ ...pkg, tag }, version);
      return json(shownIn(pkg)(record));
    },
  }),

  defineRoute({
    id: 'tags.patch',
    method: 'PATCH',
    path: TAG,
    permission: 'artifactregistry.tags.update',
    audit: ofArtifactRegistry('UpdateTag', 'ADMIN_WRITE'),
    on: onRepository,
    within: ofTag,
    summary: 'Points a tag at another version.',
    query: patchQuery,
    body: components.Tag,
    bodyField: 'tag',
    response: components.Tag,
    run: async (call) => {
      const { parts, params, query, body } = call;
      const address = tagAt(params);
      const { version } = maskedUpdate(
        { name: 'output', version: 'mutable' },
        {},
        { ...body },
        parseMask(query.updateMask),
      ) as Tag;
      const target = versionIn(address, version);
      await requireTagging(call, 'artifactregistry.tags.update', address, target);
      const record = await parts.resources.tags.move(address, target);
      return json(shownIn(address)(record));
    },
  }),

  defineRoute({
    id: 'tags.delete',
    method: 'DELETE',
    path: TAG,
    permission: 'artifactregistry.tags.delete',
    audit: ofArtifactRegistry('DeleteTag', 'ADMIN_WRITE'),
    on: onRepository,
    within: ofTag,
    summary: 'Deletes a tag.',
    query: noQuery,
    response: components.Empty,
    run: async ({ parts, params }) => {
      await parts.resources.tags.delete(tagAt(params));
      return json({});
    },
  }),
];

/** The version that a tag is to point at: one of its own package. */
export function versionIn(pkg: PackageAddress, name: string | undefined, field = 'tag.version'): string {
  if (name === undefined || name === '') throw refusal(`${field} is required`, field);
  const named = names.version.parse(name);
  if (named && names.package.format(named) === names.package.format(pkg)) return named.version;
  throw refusal(`${field} must be a version of ${names.package.format(pkg)}`, field);
}

const refusal = (why: string, field: string) =>
  invalid('TAG_INVALID', `Request contains an invalid argument: ${why}.`, { field });
