import type { AccountStore } from '../core/accounts.ts';
import type { MetadataDatabase } from '../stores/metadata/database.ts';
import type { Log } from './log.ts';

const EVERY_MS = 3_600_000;
/** News and finished operations that nobody asked for in this time are not kept. */
const KEPT_MS = 7 * 24 * 3_600_000;

interface HousekeepingParts {
  readonly database: MetadataDatabase;
  readonly accounts: AccountStore;
  readonly log: Log;
  readonly now: () => number;
}

export interface Housekeeping {
  stop(): void;
}

/** Drops rows whose time is over: expired tokens, old operations, delivered news. */
export function startHousekeeping({ database, accounts, log, now }: HousekeepingParts): Housekeeping {
  const tidy = async (): Promise<void> => {
    const before = now() - KEPT_MS;
    await accounts.pruneTokens(now());
    await database.transaction(async (tx) => {
      await tx.deleteFrom('operation').where('created_at', '<', before).execute();
      await tx.deleteFrom('outbox').where('at', '<', before).execute();
    });
  };
  const timer = setInterval(() => {
    tidy().catch((cause: unknown) => log.write('warn', 'housekeeping failed; it is tried again in an hour', { cause }));
  }, EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
