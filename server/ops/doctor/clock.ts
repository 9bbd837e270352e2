import { type Check, fail, ok } from './check.ts';
import { one } from './database.ts';

/** When this was written; no clock that is right says less. */
const EARLIEST = Date.UTC(2026, 0);
const LATEST = Date.UTC(2100, 0);
/** Clocks that are kept by the network step back by less. */
const LEEWAY_MS = 60_000;

const NEWEST = `SELECT max(at) FROM (
  SELECT max(at) AS at FROM outbox UNION ALL SELECT max(updated_at) FROM version
  UNION ALL SELECT max(updated_at) FROM file UNION ALL SELECT max(updated_at) FROM tag
  UNION ALL SELECT max(updated_at) FROM repository UNION ALL SELECT max(created_at) FROM access_token)`;

/** Tokens, leases and cleanup go by the clock: one that steps back makes them last too long. */
export const clock: Check = {
  name: 'clock',
  run({ database, now }) {
    const at = now();
    const shown = new Date(at).toISOString();
    const SET = 'set the clock, and keep it set by NTP';
    if (at < EARLIEST || at > LATEST) return fail(`it says ${shown}`, SET);
    const newest = database && one(database, NEWEST);
    if (typeof newest !== 'number' || newest <= at + LEEWAY_MS) return ok(shown);
    return fail(
      `it says ${shown}, and the newest row in the database is of ${new Date(newest).toISOString()}`,
      SET,
    );
  },
};
