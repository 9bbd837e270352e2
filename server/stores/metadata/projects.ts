import { type Selectable, sql, type Transaction } from 'kysely';
import type { Quota } from '../../core/usage.ts';
import { recordEvent } from './outbox.ts';
import { limits } from './quotas.ts';
import type { ProjectTable, Schema } from './schema.ts';

/**
 * Project numbers look like Google's: decimal, twelve digits. Not counted, since grants name federated identities by the
 * number of their project, and must mean nobody once it is gone.
 */
const NUMBER = sql<number>`(100000000000 + abs(random() % 900000000000))`;

interface NewProject {
  readonly id: string;
  readonly displayName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly quota?: Quota;
  readonly now: number;
}

/** The new project's row; nothing when there is one of that id already. */
export async function insertProject(
  tx: Transaction<Schema>,
  { id, displayName, labels, quota, now }: NewProject,
): Promise<Selectable<ProjectTable> | undefined> {
  const row = await tx
    .insertInto('project')
    .values({
      id,
      number: NUMBER,
      display_name: displayName,
      labels: JSON.stringify(labels),
      ...limits(quota),
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) await recordEvent(tx, now, 'project.created', { project: id });
  return row;
}
