/** Google's APIs that this server answers in the place of. */
const GOOGLE = new Set(
  ['artifactregistry', 'cloudresourcemanager', 'iam', 'iamcredentials', 'serviceusage'].map(
    (service) => `https://${service}.googleapis.com`,
  ),
);
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

interface Names {
  /** Scheme and host that clients use, where the operator said so. */
  readonly publicUrl: string | undefined;
  /** Its hosts are this server's. */
  readonly domain: string | undefined;
}

/**
 * Whether an audience means this server. What the request says of its host is no help: whoever sends it chose that.
 * Without a public URL the only name that is surely ours is that of the machine itself.
 */
export const meansUs =
  ({ publicUrl, domain }: Names) =>
  (audience: string): boolean => {
    const url = URL.parse(audience);
    if (!url || !/^https?:$/.test(url.protocol)) return false;
    if (GOOGLE.has(url.origin) || url.origin === publicUrl) return true;
    if (domain !== undefined && (url.hostname === domain || url.hostname.endsWith(`.${domain}`))) return true;
    return publicUrl === undefined && LOOPBACK.test(url.hostname);
  };
