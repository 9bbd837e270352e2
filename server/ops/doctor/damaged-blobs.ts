import { type Check, count, fail, ok } from './check.ts';

/** What the scrub found. */
export const damagedBlobs: Check = {
  name: 'damaged blobs',
  needs: ['database'],
  run({ database }) {
    // As the server writes it, so that the index of what is not live holds the answer.
    const found = database
      ?.query<{ digest: string; state: string }, []>(
        `SELECT digest, state FROM blob WHERE state <> 'live' AND state IN ('corrupt', 'missing')`,
      )
      .all();
    const [first] = found ?? [];
    if (found === undefined || first === undefined) return ok('none is known');
    return fail(
      `${count(found.length, 'blob')} not served, as what is stored is damaged or lost: ${first.digest} is ${first.state}`,
      'push the named artifacts again; entrepot scrub lists them',
    );
  },
};
