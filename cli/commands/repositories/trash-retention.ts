import { text, toggle } from '../../grammar/flags.ts';
import { usage } from '../../exit.ts';
import { seconds } from './duration.ts';

export const trashRetention = text(
  'DURATION',
  'How long deleted versions can be restored, such as 30d; 0s deletes at once. Without it, as the server is set.',
);
export const clearTrashRetention = toggle(
  'Let the setting of the server say how long versions can be restored.',
);

interface Given {
  readonly trashRetention: string | undefined;
  readonly clearTrashRetention?: boolean | undefined;
}

/** The field where a flag names it; absent in it to be cleared. */
export function trashRetentionOf(given: Given): { readonly trashRetention?: string } | undefined {
  const { trashRetention: wanted, clearTrashRetention: clear } = given;
  if (wanted !== undefined && clear)
    throw usage('--trash-retention and --clear-trash-retention exclude each other');
  if (wanted !== undefined) return { trashRetention: seconds(wanted, '--trash-retention') };
  return clear ? {} : undefined;
}
