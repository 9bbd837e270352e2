import { expect, test } from 'bun:test';
import type { CleanupStore, CleanupTarget } from '../core/cleanup-store.ts';
import { NOTHING_CLEANED, type CleanupRun } from '../core/cleanup.ts';
import type { Act } from '../core/audit.ts';
import { PolicyCleanup } from './cleanup.ts';

const target: CleanupTarget = {
  project: 'my-project',
  location: 'us-central1',
  repository: 'images',
  repositoryId: 1,
  projectNumber: 1,
  policies: {},
  dryRun: false,
};
const act: Act = {
  id: 'a',
  at: 0,
  actor: { member: 'user:ann', peer: '' },
  type: 'DATA_WRITE',
  service: 'artifactregistry.googleapis.com',
  method: '',
  resource: '',
  project: 'my-project',
};
const run: CleanupRun = {
  id: 'run',
  startedAt: 0,
  dryRun: false,
  trigger: 'SCHEDULE',
  counts: NOTHING_CLEANED,
  outcome: 'RUNNING',
  unlisted: 0,
};

test('a run that is long at one step says meanwhile that it is on, and nothing more once it has ended', async () => {
  const renewed: string[] = [];
  const twice = Promise.withResolvers<void>();
  const ended: string[] = [];
  const store: Partial<CleanupStore> = {
    begin: () => Promise.resolve(run),
    async *packages() {
      await twice.promise;
      yield [];
    },
    renew: (id) => {
      renewed.push(id);
      if (renewed.length === 2) twice.resolve();
      return Promise.resolve();
    },
    end: (id) => Promise.resolve(void ended.push(id)),
    run: () => Promise.resolve(run),
  };
  const cleanup = new PolicyCleanup({
    store: store as CleanupStore,
    pulls: { flush: () => Promise.resolve() },
    now: () => 0,
    newId: () => 'run',
    report: (cause) => {
      throw cause;
    },
    renewEveryMs: 5,
  });

  await cleanup.scheduled(target, 0, act);
  const count = renewed.length;
  expect(ended).toEqual(['run']);
  expect(new Set(renewed)).toEqual(new Set(['run']));
  await Bun.sleep(25);
  expect(renewed).toHaveLength(count);
});
