import type { Act } from '../../core/audit.ts';
import type { CleanupStore, NewRun } from '../../core/cleanup-store.ts';
import { notFound } from '../../core/error.ts';
import { audited } from './audited.ts';
import {
  detailsOf,
  dueTargets,
  freedBy,
  holdsOf,
  packagesOf,
  targetAt,
  versionsOf,
} from './cleanup-facts.ts';
import { beginRun, findRun, listDecisions, listRuns, renewRun, writeRun } from './cleanup-runs.ts';
import { removeUnchanged } from './remove-unchanged.ts';
import { repositoryOf } from './resources/places.ts';
import type { Transactions } from './transactions.ts';
import type { UsualRetention } from './trash.ts';

/** What cleanup reads, deletes and remembers, in the metadata database. */
export function cleanupTables(
  database: Transactions,
  now: () => number,
  usual?: UsualRetention,
): CleanupStore {
  const db = database.read;
  return {
    target: (address) => targetAt(db, address),
    due: (lastBefore, changedBefore) => dueTargets(db, lastBefore, changedBefore),
    packages: (repositoryId) => packagesOf(db, repositoryId),
    versions: (packageId) => versionsOf(db, packageId),
    holds: (packageId) => holdsOf(db, packageId),
    details: (ids) => detailsOf(db, ids),
    freedBy: (ids, shared) => freedBy(db, ids, shared),

    begin: (run: NewRun, act?: Act) =>
      audited(database, act).transaction(
        (tx) => beginRun(tx, run, now()),
        (begun) => ({ response: { cleanupRun: begun?.id } }),
      ),
    step: (run, step, body) =>
      database.transaction((tx) => writeRun(tx, run, step, { now: now(), ...(body && { body }) })),
    renew: (run) => database.transaction((tx) => renewRun(tx, run, now())),
    remove: (run, { step, ...removal }, { act, body }) =>
      audited(database, act).transaction(
        async (tx) => {
          const done = step(await removeUnchanged(tx, removal, { now: now(), usual }));
          await writeRun(tx, run, done, { now: now(), ...(body && { body }) });
          return done;
        },
        () => ({ part: 'step' }),
      ),
    end: (run, end, { body, act }) =>
      audited(database, act).transaction(
        (tx) => writeRun(tx, run, end, { now: now(), ...(body && { body }) }),
        () => ({ response: { ...end.counts } }),
      ),

    run: async (address, id) => findRun(db, await repositoryOf(db, address), id),
    runs: async (address, query) => listRuns(db, await repositoryOf(db, address), query),
    decisions: async (address, id, query) => {
      const run = await findRun(db, await repositoryOf(db, address), id);
      if (!run) throw notFound('CLEANUP_RUN', { cleanupRun: id });
      return listDecisions(db, id, query);
    },
  };
}
