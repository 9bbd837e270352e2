import type { MetadataDatabase } from '../../server/stores/metadata/database.ts';
import type { Transactions } from '../../server/stores/metadata/transactions.ts';

/** The same database; `took` gets the milliseconds that each transaction took, from asking for it to its being on disk. */
export const timed = (database: MetadataDatabase, took: (milliseconds: number) => void): Transactions => ({
  reading: database.reading,
  read: database.read,
  async transaction(work) {
    const begun = performance.now();
    const result = await database.transaction(work);
    took(performance.now() - begun);
    return result;
  },
  changes: () => database.changes(),
  get broken() {
    return database.broken;
  },
});
