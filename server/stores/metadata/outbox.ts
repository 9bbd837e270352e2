import type { Transaction } from 'kysely';
import type { EventMap, EventName } from '../../core/events.ts';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

const insertEvent = prepared(
  (db, event: { readonly name: string; readonly payload: string; readonly at: number }) =>
    db.insertInto('outbox').values({ name: event.name, payload: event.payload, at: event.at }),
);

/** Writes the news in the transaction that makes it true: neither can exist without the other. */
export async function recordEvent<K extends EventName>(
  tx: Transaction<Schema>,
  now: number,
  name: K,
  payload: EventMap[K],
): Promise<void> {
  await insertEvent(tx, { name, payload: JSON.stringify(payload), at: now });
}
