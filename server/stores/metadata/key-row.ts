import type { Selectable } from 'kysely';
import type { KeyRow } from '../../core/accounts.ts';
import type { ServiceAccountKeyTable } from './schema.ts';

/** The columns that a key is known by where something signed with it is judged. */
export const KEY_COLUMNS = [
  'id',
  'account',
  'public_key',
  'disabled',
  'valid_after',
  'valid_before',
] as const satisfies readonly (keyof ServiceAccountKeyTable)[];

export type RawKey = Pick<Selectable<ServiceAccountKeyTable>, (typeof KEY_COLUMNS)[number]>;

export const keyRow = (row: RawKey): KeyRow => ({
  id: row.id,
  account: row.account,
  publicKey: row.public_key,
  disabled: row.disabled === 1,
  validAfter: row.valid_after,
  validBefore: row.valid_before,
});
