import type { Selectable, Transaction } from 'kysely';
import { notFound } from '../../core/error.ts';
import { repositoryName } from '../../core/repository.ts';
import type { NewRepository } from '../../core/resources.ts';
import { recordEvent } from './outbox.ts';
import { immutability } from './immutable-tags.ts';
import { limits } from './quotas.ts';
import type { RepositoryTable, Schema } from './schema.ts';

/** The new repository's row; nothing when there is one at that address already. NOT_FOUND without its project. */
export async function insertRepository(
  tx: Transaction<Schema>,
  repository: NewRepository,
  now: number,
): Promise<Selectable<RepositoryTable> | undefined> {
  const { project, location, repository: name, format, mode } = repository;
  const owner = await tx.selectFrom('project').select('id').where('id', '=', project).executeTakeFirst();
  if (!owner) throw notFound('PROJECT', { project });
  const row = await tx
    .insertInto('repository')
    .values({
      project,
      location,
      name,
      format,
      mode,
      description: repository.description,
      labels: JSON.stringify(repository.labels),
      config: JSON.stringify(repository.config),
      ...immutability(repository),
      ...limits(repository.quota),
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.columns(['project', 'location', 'name']).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row)
    await recordEvent(tx, now, 'repository.created', {
      repositoryId: row.id,
      name: repositoryName(repository),
    });
  return row;
}
