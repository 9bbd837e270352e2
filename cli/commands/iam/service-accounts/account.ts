import { serviceAccountName } from '../../../../contract/service-accounts.ts';
import { usage } from '../../../exit.ts';
import { one } from '../../../grammar/command.ts';
import { required, text } from '../../../grammar/flags.ts';

export const account = one('E-mail of the service account, or its unique id.');
export const iamAccount = required(text('EMAIL', 'Service account that the key is of.'));

/** The name of an account, whichever project it is in. */
export function nameOf(written: string): string {
  if (/^projects\/[^/]+\/serviceAccounts\/[^/]+$/.test(written)) return written;
  if (/^\d+$|^[^@/\s]+@[^@/\s]+$/.test(written)) return serviceAccountName(written);
  throw usage(
    `[${written}] is not the e-mail of a service account; "entrepot iam service-accounts list" shows them`,
  );
}

/** A key, by its id or its full name. */
export const keyNameOf = (key: string, of: string): string =>
  key.startsWith('projects/') ? key : `${nameOf(of)}/keys/${key}`;
