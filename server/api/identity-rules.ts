import { invalid, RegistryError } from '../core/error.ts';
import { isAccountName, isReservedName } from '../lib/account-names.ts';

const LONGEST_DISPLAY_NAME = 256;
const LONGEST_DESCRIPTION = 1024;
/** Bytes. */
const SHORTEST_PASSWORD = 8;
const LONGEST_PASSWORD = 1024;
// oxlint-disable-next-line no-control-regex -- to refuse them
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const refusal = (reason: string, why: string, field: string): RegistryError =>
  invalid(reason, `Request contains an invalid argument: ${why}.`, { field });

/** The name of a new user or group. */
export function checkName(name: string, field: string): void {
  if (!isAccountName(name))
    throw refusal(
      'NAME_INVALID',
      `${field} must be 1 to 128 letters, digits and . _ + ' @ = ~ -, starting with a letter or digit; ` +
        'an e-mail address is good',
      field,
    );
  if (isReservedName(name)) throw refusal('NAME_RESERVED', `${name} has another meaning here`, field);
}

/** What people read. */
export function checkTexts({
  displayName = '',
  description = '',
}: {
  readonly displayName?: string;
  readonly description?: string;
}): { readonly displayName: string; readonly description: string } {
  checkText(displayName, 'display_name', LONGEST_DISPLAY_NAME);
  checkText(description, 'description', LONGEST_DESCRIPTION);
  return { displayName, description };
}

export function checkText(text: string, field: string, longest = LONGEST_DISPLAY_NAME): void {
  if (text.length > longest)
    throw refusal('TEXT_INVALID', `${field} is longer than ${longest} characters`, field);
  if (CONTROL.test(text)) throw refusal('TEXT_INVALID', `${field} has control characters`, field);
}

export function checkPassword(password: string, user: string): void {
  const bytes = Buffer.byteLength(password);
  if (bytes < SHORTEST_PASSWORD || bytes > LONGEST_PASSWORD)
    throw refusal(
      'PASSWORD_INVALID',
      `a password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} bytes`,
      'password',
    );
  if (password.toLowerCase() === user.toLowerCase())
    throw refusal('PASSWORD_INVALID', 'the password must not be the name of the user', 'password');
}
