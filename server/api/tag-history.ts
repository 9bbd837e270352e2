import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import { pageQuery, noQuery } from '../../contract/schemas/requests.ts';
import type { TagEvent as ShownEvent } from '../../contract/schemas/tag-history.ts';
import { invalid } from '../core/error.ts';
import { repositoryName } from '../core/repository.ts';
import type { Listed, PackageAddress } from '../core/resources.ts';
import type { EarlierVersion, TagEvent } from '../core/tag-history.ts';
import { ofArtifactRegistry } from './audit-names.ts';
import { type PageRequest, pageRequest } from './page-request.ts';
import { ofPackage, ofTag, onRepository, PACKAGE, packageAt, tagAt } from './places.ts';
import { type Asker, requireTagging } from './rights.ts';
import { type ApiAnswer, type ApiRoute, defineRoute, json } from './route.ts';
import { shownTag, TAG, versionIn } from './tags.ts';
import { timestamp } from './timestamp.ts';
import { visibleInside } from './visible-page.ts';

export const tagHistoryRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'tags.history',
    method: 'GET',
    path: `${TAG}:history`,
    permission: 'artifactregistry.tags.get',
    audit: ofArtifactRegistry('GetTagHistory', 'ADMIN_READ'),
    on: onRepository,
    within: ofTag,
    summary: 'Lists what happened to a tag, newest first.',
    query: pageQuery,
    response: components.ListTagEventsResponse,
    run: async (call) => {
      const { tag, ...pkg } = tagAt(call.params);
      const request = pageRequest(call, { of: 'tag history' });
      return answerOf(call, { ...pkg, tag }, request, 'artifactregistry.tags.get');
    },
  }),

  defineRoute({
    id: 'packages.tagHistory',
    method: 'GET',
    path: `${PACKAGE}/tagHistory`,
    permission: 'artifactregistry.tags.list',
    audit: ofArtifactRegistry('ListTagHistory', 'ADMIN_READ'),
    on: onRepository,
    within: ofPackage,
    needs: 'some',
    summary: 'Lists what happened to the tags of a package, newest first.',
    query: pageQuery,
    response: components.ListTagEventsResponse,
    run: async (call) => {
      const request = pageRequest(call, { of: 'tag history of a package' });
      return answerOf(call, packageAt(call.params), request, 'artifactregistry.tags.list');
    },
  }),

  defineRoute({
    id: 'tags.rollback',
    method: 'POST',
    path: `${TAG}:rollback`,
    permission: 'artifactregistry.tags.update',
    audit: ofArtifactRegistry('RollbackTag', 'ADMIN_WRITE'),
    on: onRepository,
    within: ofTag,
    summary: 'Points a tag at a version that it named before, by default the one before its last move.',
    query: noQuery,
    body: components.RollbackTagRequest,
    response: components.Tag,
    run: async (call) => {
      const { parts, params, body } = call;
      const address = tagAt(params);
      const to = earlierIn(address, body, parts.now());
      const record = await parts.resources.tagHistory.rollback(address, to, ({ version, isRemoved }) => {
        const permission = isRemoved ? 'artifactregistry.tags.create' : 'artifactregistry.tags.update';
        return requireTagging(call, permission, address, version);
      });
      return json(shownTag(address, record));
    },
  }),
];

type HistoryPermission = 'artifactregistry.tags.get' | 'artifactregistry.tags.list';
type OfHistory = PackageAddress & { readonly tag?: string };

async function answerOf(
  call: Asker,
  of: OfHistory,
  request: PageRequest,
  permission: HistoryPermission,
): Promise<ApiAnswer> {
  const within = { package: of.package, ...(of.tag !== undefined && { tag: of.tag }) };
  const page = await visibleInside(
    call,
    {
      permission,
      on: repositoryName(of),
      within,
      of: ({ tag, version, previous }: TagEvent) => about(of, tag, version ?? previous),
    },
    request.query,
    (query) => call.parts.resources.tagHistory.list(of, query),
  );
  const { rows, next } = await withoutHidden(call, of, permission, page);
  return json({
    ...(rows.length > 0 && { events: rows.map((event) => shown(of, event)) }),
    ...request.token(next),
  });
}

const about = ({ package: pkg }: PackageAddress, tag: string, version: string | undefined) => ({
  package: pkg,
  tag,
  ...(version !== undefined && { version }),
});

/** The same events without versions that the caller may not see, and for anonymous callers without names of people. */
async function withoutHidden(
  { parts, principal }: Asker,
  of: OfHistory,
  permission: HistoryPermission,
  page: Listed<TagEvent>,
): Promise<Listed<TagEvent>> {
  const on = repositoryName(of);
  const extent = await parts.authorizer.extent(principal, permission, on, { package: of.package });
  const rows: TagEvent[] = [];
  for (const { previous, member, ...event } of page.rows) {
    const isSeen =
      previous !== undefined &&
      (extent === 'all' ||
        (await parts.authorizer.check(principal, permission, on, about(of, event.tag, previous))).allow);
    rows.push({
      ...event,
      ...(isSeen && { previous }),
      ...(member !== undefined && principal.kind !== 'anonymous' && { member }),
    });
  }
  return { ...page, rows };
}

function shown(pkg: PackageAddress, { tag, version, previous, member, at }: TagEvent): ShownEvent {
  const nameOf = (id: string): string => names.version.format({ ...pkg, version: id });
  return {
    tag: names.tag.format({ ...pkg, tag }),
    type: version === undefined ? 'REMOVED' : previous === undefined ? 'CREATED' : 'MOVED',
    eventTime: timestamp(at),
    ...(version !== undefined && { version: nameOf(version) }),
    ...(previous !== undefined && { previousVersion: nameOf(previous) }),
    ...(member !== undefined && { member }),
  };
}

function earlierIn(
  pkg: PackageAddress,
  { version, asOf }: { readonly version?: string; readonly asOf?: string },
  now: number,
): EarlierVersion {
  if (version !== undefined && asOf !== undefined)
    throw refusal('version and as_of exclude each other', 'as_of');
  if (version !== undefined) return { version: versionIn(pkg, version, 'version') };
  if (asOf === undefined) return {};
  const at = Date.parse(asOf);
  if (Number.isNaN(at)) throw refusal(`"${asOf.slice(0, 40)}" is not a time of RFC 3339`, 'as_of');
  if (at > now) throw refusal(`as_of ${asOf.slice(0, 40)} is in the future`, 'as_of');
  return { asOf: at };
}

const refusal = (why: string, field: string) =>
  invalid('ROLLBACK_INVALID', `Request contains an invalid argument: ${why}.`, { field });
