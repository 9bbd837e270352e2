import { components } from '../../contract/components.ts';
import { names } from '../../contract/names.ts';
import type {
  CleanupDecision as DecisionDocument,
  CleanupPreviewLine,
  CleanupRun as RunDocument,
  CleanupSummary,
} from '../../contract/schemas/cleanup.ts';
import { noQuery, pageQuery } from '../../contract/schemas/requests.ts';
import type { CleanupCounts, CleanupDecision, CleanupRun } from '../core/cleanup.ts';
import { RegistryError } from '../core/error.ts';
import { memberOf } from '../core/iam.ts';
import { type RepositoryAddress, repositoryName } from '../core/repository.ts';
import type { Document } from '../core/resources.ts';
import { ofArtifactRegistry } from './audit-names.ts';
import { checkedPolicies } from './cleanup-rules.ts';
import { startedAt, typed } from './operation-draft.ts';
import { listAnswer, pageRequest } from './page-request.ts';
import { onRepository, param, REPOSITORY, repositoryAt } from './places.ts';
import { found } from './refusals.ts';
import { requireRight } from './rights.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';

const RUN = `${REPOSITORY}/cleanupRuns/:cleanupRun`;

/** Beyond Artifact Registry, which tells of cleanup only in its audit logs, a day later. */
export const cleanupRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'repositories.previewCleanup',
    method: 'POST',
    path: `${REPOSITORY}:previewCleanup`,
    permission: 'artifactregistry.versions.list',
    audit: ofArtifactRegistry('PreviewCleanup', 'ADMIN_READ'),
    on: onRepository,
    needs: 'all',
    summary: 'Says of every version what the cleanup policies, or others, would do: a decision to a line.',
    query: noQuery,
    body: components.PreviewCleanupRequest,
    response: 'lines',
    run: async (call) => {
      const { parts, params, body } = call;
      const address = repositoryAt(params);
      await requireRight(call, 'artifactregistry.repositories.get', repositoryName(address), {});
      found(await parts.resources.repositories.get(address), names.repository.format(address));
      const policies = body.cleanupPolicies && checkedPolicies(body.cleanupPolicies);
      return { kind: 'lines', lines: previewLines(address, parts.cleanup.preview(address, policies)) };
    },
  }),

  defineRoute({
    id: 'repositories.runCleanup',
    method: 'POST',
    path: `${REPOSITORY}:runCleanup`,
    permission: 'artifactregistry.versions.delete',
    audit: ofArtifactRegistry('RunCleanup', 'ADMIN_WRITE'),
    on: onRepository,
    needs: 'all',
    summary: 'Applies the cleanup policies of a repository now, or with dryRun records what they would do.',
    query: noQuery,
    body: components.RunCleanupRequest,
    response: components.Operation,
    run: async (call) => {
      const { act, parts, params, body, principal } = call;
      const address = repositoryAt(params);
      await requireRight(call, 'artifactregistry.repositories.update', repositoryName(address), {});
      if (!act)
        throw new RegistryError('INTERNAL', 'UNRECORDED', 'a cleanup is recorded, and this one is not');
      const draft = {
        id: parts.newId(),
        account: principal.kind === 'anonymous' ? '' : memberOf(principal),
        body: (run: CleanupRun) => operationOf(address, run),
      };
      return startedAt(address, draft, () =>
        parts.cleanup.start(address, { dryRun: body.dryRun ?? false, act, draft }),
      );
    },
  }),

  defineRoute({
    id: 'cleanupRuns.get',
    method: 'GET',
    path: RUN,
    permission: 'artifactregistry.repositories.get',
    audit: ofArtifactRegistry('GetCleanupRun', 'ADMIN_READ'),
    on: onRepository,
    summary: 'Gets a run of the cleanup policies.',
    query: noQuery,
    response: components.CleanupRun,
    run: async ({ parts, params }) => {
      const address = repositoryAt(params);
      const id = param(params, 'cleanupRun');
      const run = await parts.cleanup.run(address, id);
      return json(runDocument(address, found(run, names.cleanupRun.format({ ...address, cleanupRun: id }))));
    },
  }),

  defineRoute({
    id: 'cleanupRuns.list',
    method: 'GET',
    path: `${REPOSITORY}/cleanupRuns`,
    permission: 'artifactregistry.repositories.get',
    audit: ofArtifactRegistry('ListCleanupRuns', 'ADMIN_READ'),
    on: onRepository,
    summary: 'Lists the latest runs of the cleanup policies, the newest first.',
    query: pageQuery,
    response: components.ListCleanupRunsResponse,
    run: async (call) => {
      const address = repositoryAt(call.params);
      const request = pageRequest(call, { of: 'cleanupRuns' });
      const page = await call.parts.cleanup.runs(address, request.query);
      return json(listAnswer('cleanupRuns', page, request, (run) => runDocument(address, run)));
    },
  }),

  defineRoute({
    id: 'cleanupRuns.decisions',
    method: 'GET',
    path: `${RUN}/decisions`,
    permission: 'artifactregistry.versions.list',
    audit: ofArtifactRegistry('ListCleanupDecisions', 'ADMIN_READ'),
    on: onRepository,
    needs: 'all',
    summary: 'Lists what a run decided about versions that a policy had a say in.',
    query: pageQuery,
    response: components.ListCleanupDecisionsResponse,
    run: async (call) => {
      const address = repositoryAt(call.params);
      const request = pageRequest(call, { of: 'cleanupDecisions' });
      const id = param(call.params, 'cleanupRun');
      const page = await call.parts.cleanup.decisions(address, id, request.query);
      return json(listAnswer('decisions', page, request, (decision) => decisionDocument(address, decision)));
    },
  }),
];

async function* previewLines(
  address: RepositoryAddress,
  lines: AsyncIterable<CleanupDecision | CleanupCounts>,
): AsyncGenerator<CleanupPreviewLine, void, undefined> {
  for await (const line of lines)
    yield 'action' in line
      ? { decision: decisionDocument(address, line) }
      : { summary: countsDocument(line) };
}

/** The run is the metadata while it is on, and the response in the end. */
function operationOf(address: RepositoryAddress, run: CleanupRun): Document {
  const shown = typed('CleanupRun', runDocument(address, run));
  const metadata = { metadata: shown };
  if (run.outcome === 'RUNNING') return { ...metadata, done: false };
  if (run.outcome === 'DONE') return { ...metadata, done: true, response: shown };
  const message = run.message ?? 'the server stopped before the cleanup had ended';
  return { ...metadata, done: true, error: { code: run.outcome === 'FAILED' ? 13 : 10, message } };
}

const countsDocument = ({ versions, deleted, kept, skipped, freedBytes }: CleanupCounts): CleanupSummary => ({
  versionCount: String(versions),
  deletedCount: String(deleted),
  keptCount: String(kept),
  ...(skipped > 0 && { skippedCount: String(skipped) }),
  freedBytes: String(freedBytes),
});

const runDocument = (address: RepositoryAddress, run: CleanupRun): RunDocument => ({
  name: names.cleanupRun.format({ ...address, cleanupRun: run.id }),
  trigger: run.trigger,
  ...(run.dryRun && { dryRun: true }),
  outcome: run.outcome,
  ...(run.message !== undefined && { message: run.message }),
  startTime: timestamp(run.startedAt),
  ...(run.endedAt !== undefined && { endTime: timestamp(run.endedAt) }),
  ...countsDocument(run.counts),
  ...(run.unlisted > 0 && { unlistedCount: String(run.unlisted) }),
});

function decisionDocument(address: RepositoryAddress, decision: CleanupDecision): DecisionDocument {
  const named = (version: string) => names.version.format({ ...address, package: decision.package, version });
  return {
    version: named(decision.version),
    ...(decision.tags.length > 0 && { tags: decision.tags }),
    createTime: timestamp(decision.createdAt),
    ...(decision.pulledAt !== undefined && { lastPullTime: timestamp(decision.pulledAt) }),
    sizeBytes: String(decision.sizeBytes),
    action: decision.action,
    reason: decision.reason,
    ...(decision.policy !== undefined && { policy: decision.policy }),
    ...(decision.because !== undefined && { because: named(decision.because) }),
  };
}
