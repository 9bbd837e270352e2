import { usage } from '../exit.ts';

export const DEFAULT_SERVER = 'http://localhost:8080';

/**
 * The root address a person meant, without a slash at the end. Without a scheme it is http on this machine and https
 * elsewhere, so that a password never leaves the machine in the clear by omission.
 */
export function serverAddress(written: string): string {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `http://${written}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '')
    throw usage(`[${written}] is not the address of a server; write one such as ${DEFAULT_SERVER}`);
  if (url.username !== '' || url.password !== '')
    throw usage('the address of a server holds no user and password; use "entrepot auth login"');
  if (!written.includes('://') && !isLoopback(url)) url.protocol = 'https:';
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Whether the address cannot leave this machine. */
export function isLoopback(url: URL): boolean {
  const host = url.hostname;
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    /^127(\.\d{1,3}){3}$/.test(host)
  );
}
