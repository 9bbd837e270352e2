import type { Transaction } from 'kysely';
import type { EventMap, EventName } from '../../core/events.ts';
import type { Schema } from './schema.ts';

/** Writes the news in the transaction that makes it true: neither can exist without the other. */
export async function recordEvent<K extends EventName>(
  tx: Transaction<Schema>,
  now: number,
  name: K,
  payload: EventMap[K],
): Promise<void> {
  await tx
    .insertInto('outbox')
    .values({ name, payload: JSON.stringify(payload), at: now })
    .execute();
}
