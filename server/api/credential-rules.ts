import { wrongConfig } from './config-refusal.ts';
import { secretVersion } from '../lib/secret-version.ts';
import { checkedUri } from './remote-uri.ts';

const LONGEST_SECRET = 16 * 1024;
/** RFC 7617 section 2: a user-id has no colon, and neither part a control character. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

interface Given {
  readonly hasSecret: boolean;
  readonly secretField: string;
  readonly at: string;
}
type Fields = Readonly<Record<string, string>>;

/** Refuses credentials that no upstream could be asked with. */
export function checkCredentials(
  kind: 'usernamePasswordCredentials' | 'bearerCredentials' | 'tokenExchangeCredentials',
  fields: Fields,
  { hasSecret, secretField, at }: Given,
): void {
  const version = fields['passwordSecretVersion'];
  if (!hasSecret && version === undefined) throw wrongConfig(at, withoutSecret(kind, secretField));
  if (kind === 'usernamePasswordCredentials') {
    checkUsername(fields['username'], `${at}.username`);
    if (version !== undefined && !secretVersion(version))
      throw wrongConfig(
        `${at}.passwordSecretVersion`,
        'passwordSecretVersion must be projects/P/secrets/S/versions/V, where V is a number or latest',
      );
  }
  if (kind !== 'tokenExchangeCredentials') return;
  checkedUri(fields['tokenUri'] ?? '', `${at}.tokenUri`, "tokenUri must start with 'http://' or 'https://'");
  if (fields['clientId'] === undefined)
    throw wrongConfig(`${at}.clientId`, 'tokenExchangeCredentials need a clientId');
}

const withoutSecret = (kind: string, secretField: string): string =>
  `${kind} need ${kind === 'usernamePasswordCredentials' ? 'a password, or a passwordSecretVersion' : `a ${secretField}`}; ` +
  'to remove them, patch with upstreamCredentials in the mask and leave them out';

function checkUsername(username: string | undefined, at: string): void {
  if (username === undefined) throw wrongConfig(at, 'usernamePasswordCredentials need a username');
  if (username.includes(':') || CONTROL.test(username) || username.length > 1024)
    throw wrongConfig(at, 'a username has up to 1024 characters and no colon or control character');
}

/** Says nothing of the secret itself. */
export function checkSecret(secret: string, at: string): void {
  if (secret.length > LONGEST_SECRET)
    throw wrongConfig(at, `a secret has up to ${LONGEST_SECRET} characters`);
  if (CONTROL.test(secret))
    throw wrongConfig(at, 'a secret has no control characters; does it end with a line break?');
}
