import type { Transaction } from 'kysely';
import type { Schema } from '../schema.ts';

/** Takes back what was granted on a resource and on everything below it, with the roles that were its own. */
export async function removeGrants(tx: Transaction<Schema>, resource: string): Promise<void> {
  await tx
    .deleteFrom('iam_policy')
    // `0` follows `/` in byte order.
    .where((on) =>
      on('resource', '=', resource).or(
        on('resource', '>', `${resource}/`).and('resource', '<', `${resource}0`),
      ),
    )
    .execute();
  await tx
    .deleteFrom('custom_role')
    .where('name', '>', `${resource}/roles/`)
    .where('name', '<', `${resource}/roles0`)
    .execute();
}
