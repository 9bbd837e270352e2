import type { TokenStore } from '../core/accounts.ts';
import type { BlobStore } from '../core/blob.ts';
import type { CheckedClock } from '../core/clock.ts';
import { isNotFound } from '../core/error.ts';
import type { AuditRetention } from '../core/audit-log.ts';
import { pruneEntries } from '../stores/metadata/audit-retention.ts';
import type { MetadataDatabase } from '../stores/metadata/database.ts';
import { pruneTagEvents } from '../stores/metadata/tag-events.ts';
import type { Log } from './log.ts';

const EVERY_MS = 3_600_000;
/** News and finished operations that nobody asked for in this time are not kept. */
const KEPT_MS = 7 * 24 * 3_600_000;

interface HousekeepingParts {
  readonly database: MetadataDatabase;
  readonly tokens: TokenStore;
  readonly blobs: BlobStore;
  /** Milliseconds after which an upload that did not grow cannot be continued any more. */
  readonly uploadExpiry: number;
  readonly auditRetention: AuditRetention;
  /** Milliseconds that the history of tags is kept. */
  readonly tagHistoryRetention: number;
  readonly log: Log;
  readonly clock: CheckedClock;
}

export interface Housekeeping {
  tidy(): Promise<void>;
  stop(): void;
}

/** Tidies up every hour in which it is known what time it is. What fails is tried again the next time. */
export function startHousekeeping(parts: HousekeepingParts): Housekeeping {
  const timer = setInterval(() => {
    tidy(parts).catch((cause: unknown) =>
      parts.log.write('warn', 'housekeeping failed; it is tried again in an hour', { cause }),
    );
  }, EVERY_MS);
  timer.unref();
  return { tidy: () => tidy(parts), stop: () => clearInterval(timer) };
}

/** Drops what nobody can use any more: expired tokens and uploads, old operations, delivered news, old audit entries and history. */
export async function tidy(parts: HousekeepingParts): Promise<void> {
  const { database, tokens, clock } = parts;
  const now = clock.time();
  if (now === undefined) return;
  const before = now - KEPT_MS;
  await tokens.pruneTokens(now);
  await dropExpiredUploads(parts, now);
  await pruneEntries(database, parts.auditRetention, now);
  await pruneTagEvents(database, now - parts.tagHistoryRetention);
  await database.transaction(async (tx) => {
    await tx.deleteFrom('operation').where('created_at', '<', before).execute();
    await tx.deleteFrom('outbox').where('at', '<', before).execute();
    await tx.deleteFrom('one_time').where('expires_at', '<', now).execute();
  });
}

async function dropExpiredUploads({ blobs, uploadExpiry }: HousekeepingParts, now: number): Promise<void> {
  for await (const { id, touchedAt } of blobs.uploads()) {
    if (touchedAt + uploadExpiry > now) continue;
    const writer = await blobs.resume(id).catch((error: unknown) => {
      // Another process of this server was quicker.
      if (!isNotFound(error)) throw error;
    });
    await writer?.abort();
  }
}
