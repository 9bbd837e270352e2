/** A host that may be reached though its addresses are not public. */
export interface AllowedHost {
  /** As URLs have it: lower case, IPv6 in brackets. */
  readonly hostname: string;
  /** All of them when absent. */
  readonly port?: number;
}

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** The port a URL means. */
export const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (PORTS[protocol] ?? 0) : Number(port);

/** `HOST` or `HOST:PORT`, HOST being a name, an IPv4 address or an IPv6 address in brackets; nothing for what is neither. */
export function parseAllowedHost(written: string): AllowedHost | undefined {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(written);
  const url = match && URL.parse(`http://${match[1]}/`);
  if (!url) return undefined;
  const hostname = undotted(url.hostname);
  if (match[2] === undefined) return { hostname };
  const port = Number(match[2]);
  return port >= 1 && port <= 65_535 ? { hostname, port } : undefined;
}

/** Whether host and port of a URL are on the list. */
export function isAllowed(hosts: readonly AllowedHost[], url: URL): boolean {
  const [hostname, port] = [undotted(url.hostname), portOf(url)];
  return hosts.some((host) => host.hostname === hostname && (host.port === undefined || host.port === port));
}

/** A name with the root's dot is the same name. */
const undotted = (hostname: string): string => hostname.replace(/\.$/, '');
