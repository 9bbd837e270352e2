import type { Transaction } from 'kysely';
import type { SecretSealer } from '../../lib/sealed-secret.ts';
import type { Schema } from './schema.ts';

/** Keeps, replaces or drops a repository's secret, in the transaction that changes the repository. */
export async function keepUpstreamSecret(
  tx: Transaction<Schema>,
  sealer: SecretSealer | undefined,
  repositoryId: number,
  secret: string | null | undefined,
): Promise<void> {
  if (secret === undefined) return;
  if (secret === null) {
    await tx.deleteFrom('upstream_secret').where('repository_id', '=', repositoryId).execute();
    return;
  }
  if (!sealer) throw new Error('there is no key to keep secrets with');
  const sealed = sealer.seal(secret, repositoryId);
  await tx
    .insertInto('upstream_secret')
    .values({ repository_id: repositoryId, sealed })
    .onConflict((conflict) => conflict.column('repository_id').doUpdateSet({ sealed }))
    .execute();
}
