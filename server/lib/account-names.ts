/** What users and groups may be called. An e-mail address is a name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+'@=~-]{0,127}$/;
/** What log-ins, bindings and addresses understand as something else. */
const RESERVED =
  /^(?:me|anonymous|allusers|allauthenticatedusers|oauth2accesstoken)$|\.gserviceaccount\.com$/i;

export const isAccountName = (text: string): boolean => NAME.test(text);
export const isReservedName = (name: string): boolean => RESERVED.test(name);
