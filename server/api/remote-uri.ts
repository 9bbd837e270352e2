import { wrongConfig } from './config-refusal.ts';

const LONGEST = 2048;

/** An address to be asked. Secrets belong into credentials, so it has no userinfo. */
export function checkedUri(text: string, field: string, prefixWords: string): URL {
  if (!/^https?:\/\//i.test(text)) throw wrongConfig(field, prefixWords);
  const url = URL.parse(text);
  if (!url || text.length > LONGEST || url.hostname === '')
    throw wrongConfig(field, `"${text.slice(0, 100)}" is not a URL`);
  if (url.username !== '' || url.password !== '')
    throw wrongConfig(field, 'a URL has no user name or password here; give them as upstreamCredentials');
  if (url.search !== '' || url.hash !== '')
    throw wrongConfig(field, 'the URL of an upstream has no query and no fragment');
  return url;
}
