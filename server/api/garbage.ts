import { components } from '../../contract/components.ts';
import type { BlobExplanation, GarbageCollection, GarbageRun } from '../../contract/schemas/garbage.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import { invalid } from '../core/error.ts';
import type * as core from '../core/garbage.ts';
import { ofArtifactRegistry } from './audit-names.ts';
import { onInstallation, param } from './places.ts';
import { found } from './refusals.ts';
import { type ApiRoute, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';

export const garbageRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'garbageCollection.get',
    method: 'GET',
    path: '/v1/garbageCollection',
    permission: 'entrepot.storage.get',
    audit: ofArtifactRegistry('GetGarbageCollection', 'ADMIN_READ'),
    on: onInstallation,
    summary: 'Tells what waits to be deleted, and what was.',
    query: noQuery,
    response: components.GarbageCollection,
    run: async ({ parts }) => {
      const { waiting, lastRun, ...statistics } = await parts.resources.garbage.statistics();
      const answer: GarbageCollection = {
        scheduled: parts.garbage.scheduled,
        running: parts.garbage.running,
        waiting: {
          files: String(waiting.files),
          blobs: String(waiting.blobs),
        },
        stored: tally(statistics.stored),
        condemned: tally(statistics.condemned),
        deleting: tally(statistics.deleting),
        freed: tally(statistics.freed),
        quarantined: tally(await parts.garbage.quarantined()),
        ...(lastRun && { lastRun: shown(lastRun) }),
      };
      return json(answer);
    },
  }),

  defineRoute({
    id: 'garbageCollection.runs.get',
    method: 'GET',
    path: '/v1/garbageCollection/runs/:run',
    permission: 'entrepot.storage.get',
    audit: ofArtifactRegistry('GetGarbageCollectionRun', 'ADMIN_READ'),
    on: onInstallation,
    summary: 'Tells what a run did. The last hundred are kept.',
    query: noQuery,
    response: components.GarbageCollectionRun,
    run: async ({ parts, params }) => {
      const id = param(params, 'run');
      return json(shown(found(await parts.resources.garbage.run(id), `garbageCollection/runs/${id}`)));
    },
  }),

  defineRoute({
    id: 'garbageCollection.run',
    method: 'POST',
    path: '/v1/garbageCollection:run',
    permission: 'entrepot.storage.collect',
    audit: ofArtifactRegistry('RunGarbageCollection', 'ADMIN_WRITE'),
    on: onInstallation,
    summary: 'Deletes what is due, without waiting for the next time; a dry run says what that would be.',
    query: noQuery,
    body: components.RunGarbageCollectionRequest,
    response: components.GarbageCollectionRun,
    run: async ({ parts, body }) => {
      const { dryRun = false, force = false } = body;
      if (dryRun) return json({ dryRun, ...report(await parts.garbage.preview()) });
      const run = await parts.resources.garbage.request({ id: parts.newId(), forced: force });
      parts.garbage.wake();
      return json(shown(run));
    },
  }),

  defineRoute({
    id: 'blobs.explain',
    method: 'GET',
    path: '/v1/blobs/:digest:explain',
    permission: 'entrepot.storage.get',
    audit: ofArtifactRegistry('ExplainBlob', 'ADMIN_READ'),
    on: onInstallation,
    summary: 'Tells who needs some bytes, or when and why they were deleted.',
    query: noQuery,
    response: components.BlobExplanation,
    run: async ({ parts, params }) => {
      const digest = param(params, 'digest');
      if (!/^sha256:[0-9a-f]{64}$/.test(digest))
        throw invalid(
          'DIGEST_INVALID',
          'Request contains an invalid argument: write the digest as sha256: and 64 hex digits.',
          { field: 'digest' },
        );
      return json(explained(await parts.resources.garbage.explain(digest), parts.now()));
    },
  }),
];

const tally = ({ blobs, bytes }: core.Freed) => ({ blobs: String(blobs), sizeBytes: String(bytes) });

const report = (did: core.GarbageReport): GarbageRun => ({
  versionsPurged: String(did.versionsPurged),
  filesRemoved: String(did.filesRemoved),
  condemned: tally({ blobs: did.blobsCondemned, bytes: did.condemnedBytes }),
  freed: tally({ blobs: did.blobsFreed, bytes: did.freedBytes }),
  quarantined: tally({ blobs: did.quarantined, bytes: did.quarantinedBytes }),
  purged: tally({ blobs: did.purged, bytes: did.purgedBytes }),
  failures: String(did.failures),
  ...(did.refusal !== undefined && { refusal: did.refusal }),
});

const shown = (run: core.GarbageRun): GarbageRun => ({
  id: run.id,
  ...(run.forced && { forced: true }),
  requestTime: timestamp(run.requestedAt),
  ...(run.startedAt !== undefined && { startTime: timestamp(run.startedAt) }),
  ...(run.endedAt !== undefined && { endTime: timestamp(run.endedAt) }),
  ...report(run.report),
  ...(run.error !== undefined && { error: run.error }),
});

const explained = (told: core.BlobExplanation, now: number): BlobExplanation => ({
  digest: told.digest,
  summary: summary(told, now),
  ...(told.blob && {
    state: told.blob.state.toUpperCase(),
    sizeBytes: String(told.blob.size),
    createTime: timestamp(told.blob.createdAt),
  }),
  references: told.references.map(({ repository, package: pkg, path, versions, leaseUntil, purgeAt }) => ({
    repository,
    ...(pkg !== undefined && { package: pkg }),
    file: path,
    versions: [...versions],
    ...(leaseUntil !== undefined && { leaseExpireTime: timestamp(leaseUntil) }),
    ...(purgeAt !== undefined && { purgeTime: timestamp(purgeAt) }),
  })),
  ...(told.review && {
    review: {
      reason: told.review.reason,
      dueTime: timestamp(told.review.dueAt),
      attempts: told.review.attempts,
    },
  }),
  ...(told.freed && {
    freed: { time: timestamp(told.freed.at), sizeBytes: String(told.freed.size), run: told.freed.run },
  }),
});

/** Why it is kept, or is not. */
function summary({ blob, references, review, freed }: core.BlobExplanation, now: number): string {
  if (!blob)
    return freed
      ? `It was deleted on ${timestamp(freed.at)}, when nothing had needed it for long enough.`
      : 'It is not stored here, and was not deleted lately.';
  const user = references.find(({ versions, purgeAt }) => versions.length > 0 && purgeAt === undefined);
  if (user)
    return `It is kept because ${user.versions[0]}${user.package === undefined ? '' : ` of ${user.package}`} in ${user.repository} is made of it.`;
  const leased = references.find(({ leaseUntil }) => leaseUntil !== undefined && leaseUntil > now);
  if (leased)
    return `It is kept until ${timestamp(leased.leaseUntil ?? now)} for the version that it was uploaded for, in ${leased.repository}.`;
  const inTrash = references.findLast(({ purgeAt }) => purgeAt !== undefined);
  if (inTrash)
    return `It is kept until ${timestamp(inTrash.purgeAt ?? now)} because ${inTrash.versions[0]} of ${inTrash.package} in ${inTrash.repository} was deleted and can be restored.`;
  const [file] = references;
  if (file) return `It is kept as ${file.path} in ${file.repository}.`;
  if (blob.state === 'deleting') return 'Nothing needs it, and it is being deleted.';
  if (blob.state === 'condemned')
    return `Nothing needs it: it is deleted after ${timestamp(review?.dueAt ?? now)}, unless somebody pushes or mounts it before.`;
  return 'Nothing needs it, and it is deleted when its grace is over.';
}
