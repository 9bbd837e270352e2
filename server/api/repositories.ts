import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import type { Repository } from '../../contract/schemas/repository.ts';
import { createRepositoryQuery, listQuery, noQuery, patchQuery } from '../../contract/schemas/requests.ts';
import { invalid } from '../core/error.ts';
import type { RepositoryRecord } from '../core/resources.ts';
import { warningsAbout } from './cleanup-rules.ts';
import { draft, EMPTY, startedAt, typed } from './operation-draft.ts';
import { listAnswer, pageRequest, SORT_FIELDS } from './page-request.ts';
import { LOCATION, locationAt, onProject, onRepository, REPOSITORY, repositoryAt } from './places.ts';
import { found } from './refusals.ts';
import { asSeen } from './rights.ts';
import { newRepository, repositoryChange } from './repository-changes.ts';
import { repositoryResource } from './repository-resource.ts';
import { checkedFormat, checkId } from './repository-rules.ts';
import { type ApiAnswer, type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';
import { type MaskPath, parseMask, sameField } from './update-mask.ts';
import { visiblePage } from './visible-page.ts';
import { ofArtifactRegistry } from './audit-names.ts';

const shownBy =
  ({ registryUri }: Pick<ApiCall<unknown, unknown>, 'registryUri'>) =>
  (record: RepositoryRecord): Repository =>
    repositoryResource(record, registryUri(record, record.format));

export const repositoryRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'repositories.create',
    method: 'POST',
    path: `${LOCATION}/repositories`,
    permission: 'artifactregistry.repositories.create',
    audit: ofArtifactRegistry('CreateRepository', 'ADMIN_WRITE'),
    on: onProject,
    summary: 'Creates a repository.',
    query: createRepositoryQuery,
    body: components.Repository,
    bodyField: 'repository',
    response: components.Operation,
    run: async (call) => {
      const { parts, body, query } = call;
      const at = locationAt(call.params);
      const address = { ...at, repository: query.repositoryId ?? '' };
      if (!parts.locations.includes(at.location))
        throw invalid(
          'LOCATION_INVALID',
          `Request contains an invalid argument: no location ${at.location}.`,
        );
      const format = checkedFormat(body.format, parts.formats);
      checkId(address, format);
      const { written: repository, warnings } = await newRepository(call, address, body, format);
      const shown = shownBy(call);
      const begun = draft<RepositoryRecord>(call, { response: (made) => typed('Repository', shown(made)) });
      const answer = await startedAt(at, begun, (started) =>
        parts.resources.repositories.create(repository, started),
      );
      return warned(answer, [...warnings, ...cleanupWarnings(repository.config)]);
    },
  }),

  defineRoute({
    id: 'repositories.get',
    method: 'GET',
    path: REPOSITORY,
    permission: 'artifactregistry.repositories.get',
    audit: ofArtifactRegistry('GetRepository', 'ADMIN_READ'),
    on: onRepository,
    summary: 'Gets a repository.',
    query: noQuery,
    response: components.Repository,
    run: async (call) => {
      const address = repositoryAt(call.params);
      const record = await call.parts.resources.repositories.get(address);
      const repository = found(record, names.repository.format(address));
      return json(shownBy(call)(await asSeen(call, 'artifactregistry.repositories.get', repository)));
    },
  }),

  defineRoute({
    id: 'repositories.list',
    method: 'GET',
    path: `${LOCATION}/repositories`,
    permission: 'artifactregistry.repositories.list',
    audit: ofArtifactRegistry('ListRepositories', 'ADMIN_READ'),
    on: onProject,
    filtered: true,
    summary:
      'Lists the repositories of a location, or with `-` of all of them, as far as the caller may see them.',
    query: listQuery,
    response: components.ListRepositoriesResponse,
    run: async (call) => {
      const at = locationAt(call.params);
      const request = pageRequest(call, { of: 'repositories', filters: ['name'], orders: SORT_FIELDS });
      const permission = 'artifactregistry.repositories.list';
      const { rows, ...page } = await visiblePage(
        call,
        {
          permission,
          parent: onProject(call.params),
          of: (record: RepositoryRecord) => names.repository.format(record),
        },
        request.query,
        (query) => call.parts.resources.repositories.list(at, query),
      );
      const seen: RepositoryRecord[] = [];
      for (const row of rows) seen.push(await asSeen(call, permission, row));
      return json(listAnswer('repositories', { ...page, rows: seen }, request, shownBy(call)));
    },
  }),

  defineRoute({
    id: 'repositories.patch',
    method: 'PATCH',
    path: REPOSITORY,
    permission: 'artifactregistry.repositories.update',
    audit: ofArtifactRegistry('UpdateRepository', 'ADMIN_WRITE'),
    on: onRepository,
    summary: 'Changes a repository.',
    query: patchQuery,
    body: components.Repository,
    bodyField: 'repository',
    response: components.Repository,
    run: async (call) => {
      const mask = parseMask(call.query.updateMask);
      const at = repositoryAt(call.params);
      const { written, warnings } = await repositoryChange(call, at, call.body, mask);
      const record = await call.parts.resources.repositories.update(at, written);
      const answer = json(shownBy(call)(await asSeen(call, 'artifactregistry.repositories.update', record)));
      const isCleaned = !mask || changes(mask, 'cleanupPolicies');
      return warned(answer, [...warnings, ...(isCleaned ? cleanupWarnings(record.config) : [])]);
    },
  }),

  defineRoute({
    id: 'repositories.delete',
    method: 'DELETE',
    path: REPOSITORY,
    permission: 'artifactregistry.repositories.delete',
    audit: ofArtifactRegistry('DeleteRepository', 'ADMIN_WRITE'),
    on: onRepository,
    needs: 'all',
    summary: 'Deletes a repository with everything in it.',
    query: noQuery,
    response: components.Operation,
    run: (call) => {
      const address = repositoryAt(call.params);
      const begun = draft(call, { response: () => EMPTY });
      return startedAt(address, begun, (started) =>
        call.parts.resources.repositories.delete(address, started),
      );
    },
  }),
];

const changes = (mask: readonly MaskPath[], field: string): boolean =>
  mask.some(([head = '']) => head === field || sameField(head) === field);

const cleanupWarnings = ({ cleanupPolicies }: Repository): readonly string[] =>
  warningsAbout(cleanupPolicies);

const warned = (answer: ApiAnswer, warnings: readonly string[]): ApiAnswer =>
  answer.kind === 'json' && warnings.length > 0 ? { ...answer, warnings } : answer;
