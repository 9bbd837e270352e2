import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import type {
  PrefetchReport as ReportDocument,
  UpstreamStatus,
} from '../../contract/schemas/remote-cache.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import type { Act } from '../core/audit.ts';
import { invalid, RegistryError } from '../core/error.ts';
import { memberOf } from '../core/iam.ts';
import type { PrefetchReport } from '../core/prefetch.ts';
import type { PurgeScope } from '../core/remote-caches.ts';
import type { RepositoryAddress } from '../core/repository.ts';
import type { Document } from '../core/resources.ts';
import type { UpstreamHealth } from '../core/upstream.ts';
import { ofArtifactRegistry } from './audit-names.ts';
import { startedAt, typed } from './operation-draft.ts';
import { onRepository, REPOSITORY, repositoryAt } from './places.ts';
import { found } from './refusals.ts';
import { type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';

const MOST_ARTIFACTS = 20_000;
const LONGEST_ARTIFACT = 512;

/** Beyond Artifact Registry: what remote repositories copied, and what they are copies of. */
export const remoteCacheRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'repositories.purgeCache',
    method: 'POST',
    path: `${REPOSITORY}:purgeCache`,
    permission: 'artifactregistry.repositories.deleteArtifacts',
    audit: ofArtifactRegistry('PurgeCache', 'ADMIN_WRITE'),
    on: onRepository,
    needs: 'all',
    summary: 'Forgets what a remote repository copied: a package, a path, or all of it.',
    query: noQuery,
    body: components.PurgeCacheRequest,
    response: components.PurgeCacheResponse,
    run: async (call) => {
      const { files, indexes } = await call.parts.remoteCaches.purge(
        await remoteAt(call),
        scopeOf(call.body),
        recordOf(call.act),
      );
      return json({ fileCount: files, indexCount: indexes });
    },
  }),

  defineRoute({
    id: 'repositories.upstreamStatus',
    method: 'GET',
    path: `${REPOSITORY}:upstreamStatus`,
    permission: 'artifactregistry.repositories.get',
    audit: ofArtifactRegistry('GetUpstreamStatus', 'ADMIN_READ'),
    on: onRepository,
    summary: 'Says how the process that answers finds the upstream of a remote repository.',
    query: noQuery,
    response: components.UpstreamStatus,
    run: async (call) => json(statusDocument(await call.parts.remoteCaches.health(await remoteAt(call)))),
  }),

  defineRoute({
    id: 'repositories.prefetch',
    method: 'POST',
    path: `${REPOSITORY}:prefetch`,
    permission: 'artifactregistry.repositories.uploadArtifacts',
    audit: ofArtifactRegistry('Prefetch', 'ADMIN_WRITE'),
    on: onRepository,
    needs: 'all',
    summary: 'Copies what is named into a remote repository before anybody asks for it.',
    query: noQuery,
    body: components.PrefetchRequest,
    response: components.Operation,
    run: async (call) => {
      const { parts, body, principal, act } = call;
      const artifacts = checkedArtifacts(body.artifacts ?? []);
      const address = await remoteAt(call);
      const draft = {
        id: parts.newId(),
        account: principal.kind === 'anonymous' ? '' : memberOf(principal),
        body: prefetchOperation,
      };
      return startedAt(address, draft, () =>
        parts.prefetches.start(address, { artifacts, act: recordOf(act), draft }),
      );
    },
  }),
];

/** The repository, once it is known to be one that copies another. */
async function remoteAt({
  parts,
  params,
}: Pick<ApiCall<unknown, unknown>, 'parts' | 'params'>): Promise<RepositoryAddress> {
  const address = repositoryAt(params);
  const name = names.repository.format(address);
  const { mode } = found(await parts.resources.repositories.get(address), name);
  if (mode === 'REMOTE_REPOSITORY') return address;
  throw new RegistryError(
    'FAILED_PRECONDITION',
    'NOT_REMOTE',
    `${name} is a ${mode}, which keeps no copies; name a REMOTE_REPOSITORY`,
  );
}

function scopeOf({
  package: pkg = '',
  path = '',
}: {
  readonly package?: string;
  readonly path?: string;
}): PurgeScope {
  if (pkg !== '' && path !== '')
    throw invalid('PURGE_INVALID', 'Request contains an invalid argument: give package or path, not both.', {
      field: 'path',
    });
  if (pkg !== '') return { package: pkg };
  // As it stands behind the address of a repository, too.
  return path === '' ? 'all' : { path: path.replace(/^\//, '') };
}

const wrongArtifacts = (why: string): RegistryError =>
  invalid('PREFETCH_INVALID', `Request contains an invalid argument: ${why}.`, { field: 'artifacts' });

function checkedArtifacts(artifacts: readonly string[]): readonly string[] {
  if (artifacts.length === 0) throw wrongArtifacts('artifacts names nothing to copy');
  if (artifacts.length > MOST_ARTIFACTS)
    throw wrongArtifacts(
      `there are ${artifacts.length} artifacts; at most ${MOST_ARTIFACTS} are possible at a time`,
    );
  if (artifacts.some((artifact) => artifact === '' || artifact.length > LONGEST_ARTIFACT))
    throw wrongArtifacts(`an artifact is named by 1 to ${LONGEST_ARTIFACT} characters`);
  return [...new Set(artifacts)];
}

function recordOf(act: Act | undefined): Act {
  if (act) return act;
  throw new RegistryError('INTERNAL', 'UNRECORDED', 'a change is recorded, and this one is not');
}

const CIRCUITS = { closed: 'CLOSED', open: 'OPEN', 'half-open': 'HALF_OPEN' } as const;

function statusDocument(health: UpstreamHealth): UpstreamStatus {
  const { circuit, retryAt, failures, lastFailure, lastSuccess } = health;
  return {
    circuit: CIRCUITS[circuit],
    ...(retryAt !== undefined && { retryTime: timestamp(retryAt) }),
    failureCount: failures,
    ...(lastFailure && {
      lastFailureTime: timestamp(lastFailure.at),
      lastFailureMessage: lastFailure.message,
    }),
    ...(lastSuccess !== undefined && { lastSuccessTime: timestamp(lastSuccess) }),
  };
}

/** The report is the metadata while it goes on, and the response in the end. */
export function prefetchOperation({ done, ...report }: PrefetchReport): Document {
  const shown = typed('PrefetchReport', reportDocument(report));
  return done ? { metadata: shown, done, response: shown } : { metadata: shown };
}

const reportDocument = (report: Omit<PrefetchReport, 'done'>): ReportDocument => ({
  totalCount: report.total,
  fetchedCount: report.fetched,
  presentCount: report.present,
  failedCount: report.failed,
  ...(report.failures.length > 0 && { failures: report.failures }),
  ...(report.interrupted && { interrupted: true }),
});
