import { components } from '../../contract/components.ts';
import type { ScrubStatus } from '../../contract/schemas/scrub.ts';
import { noFields, noQuery } from '../../contract/schemas/requests.ts';
import type { ScrubPass } from '../core/scrub.ts';
import { ofArtifactRegistry } from './audit-names.ts';
import { onInstallation } from './places.ts';
import { type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';
import { timestamp } from './timestamp.ts';

/** Damaged blobs that one answer lists. */
const MOST_DAMAGED = 1_000;

export const scrubRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'scrub.get',
    method: 'GET',
    path: '/v1/scrub',
    permission: 'entrepot.storage.get',
    audit: ofArtifactRegistry('GetScrub', 'ADMIN_READ'),
    on: onInstallation,
    summary: 'Tells how far the scrub is, and what it found damaged.',
    query: noQuery,
    response: components.ScrubStatus,
    run: async (call) => json(await status(call)),
  }),

  defineRoute({
    id: 'scrub.run',
    method: 'POST',
    path: '/v1/scrub:run',
    permission: 'entrepot.storage.scrub',
    audit: ofArtifactRegistry('RunScrub', 'ADMIN_WRITE'),
    on: onInstallation,
    summary: 'Has everything that is stored read and held to its digest, at once and at full speed.',
    query: noQuery,
    body: noFields,
    response: components.ScrubStatus,
    run: async (call) => {
      await call.parts.resources.scrub.request();
      call.parts.scrub.wake();
      return json(await status(call));
    },
  }),
];

async function status({ parts }: Pick<ApiCall<unknown, unknown>, 'parts'>): Promise<ScrubStatus> {
  const { state, damaged } = await read(parts);
  const { pass, lastPass, requestedAt, stored, damagedBlobs } = state;
  return {
    scheduled: parts.scrub.scheduled,
    bytesPerSecond: String(parts.scrub.rate),
    blobs: String(stored.blobs),
    sizeBytes: String(stored.bytes),
    ...(requestedAt > 0 && { requestTime: timestamp(requestedAt) }),
    ...(pass && { pass: { ...shown(pass), cursor: pass.cursor, hurried: pass.hurried } }),
    ...(lastPass && { lastPass: { ...shown(lastPass), endTime: timestamp(lastPass.endedAt) } }),
    damagedBlobs: String(damagedBlobs),
    damaged: damaged.map(({ digest, size, damage, repositories }) => ({
      digest,
      sizeBytes: String(size),
      damage: damage === 'missing' ? 'MISSING' : 'CORRUPT',
      repositories: [...repositories],
    })),
  };
}

async function read({ resources }: Pick<ApiCall<unknown, unknown>['parts'], 'resources'>) {
  const [state, damaged] = await Promise.all([
    resources.scrub.state(),
    resources.scrub.damaged(MOST_DAMAGED),
  ]);
  return { state, damaged };
}

const shown = ({ startedAt, blobs, bytes }: ScrubPass) => ({
  startTime: timestamp(startedAt),
  blobs: String(blobs),
  sizeBytes: String(bytes),
});
