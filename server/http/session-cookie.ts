import { RegistryError } from '../core/error.ts';

/** Where the origin is https the name itself demands Secure, no Domain and the whole host (RFC 6265bis section 4.1.3.2). */
const nameOf = (base: string, origin: string): string =>
  origin.startsWith('https:') ? `__Host-${base}` : base;
export const SESSION = 'entrepot';

/** The value of one of our cookies; nothing when there is none, or two. */
export function cookie({ headers }: Request, base: string, origin: string): string | undefined {
  const name = nameOf(base, origin);
  const values = (headers.get('cookie') ?? '')
    .split(/; */)
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value] = values;
  return values.length === 1 && value !== undefined && /^[\w-]{1,256}$/.test(value) ? value : undefined;
}

/** The `Set-Cookie` header for one; no seconds remove it. Never sent along by pages of other sites, but for links. */
export function setCookie(base: string, origin: string, value: string, seconds: number): string {
  const secure = origin.startsWith('https:') ? '; Secure' : '';
  return `${nameOf(base, origin)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}

/** Whether a page of ours sent it: browsers tell, and pages cannot make them say otherwise. */
export function isOurPage({ headers }: Request, origin: string): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin';
  const from = headers.get('origin');
  return from !== null && (from === origin || URL.parse(from)?.host === headers.get('host'));
}

const SAFE = new Set(['GET', 'HEAD']);

/** A cookie alone does not show that its owner wanted a change: any page can make a browser send it. */
export function checkSameOrigin(request: Request, origin: string): void {
  if (SAFE.has(request.method)) return;
  if (isOurPage(request, origin) && request.headers.has('x-entrepot-request')) return;
  throw new RegistryError(
    'PERMISSION_DENIED',
    'CROSS_ORIGIN',
    'a change with a session cookie must come from a page of this server, with the header x-entrepot-request',
  );
}
