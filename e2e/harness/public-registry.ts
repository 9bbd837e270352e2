import { PackageURL, UrlConverter } from '@socketregistry/packageurl-js';

const PATIENCE_MS = 20_000;

/** Why what is at `url` cannot be fetched from this machine; undefined when it can. */
export async function unreachable(url: string | URL): Promise<string | undefined> {
  try {
    const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return ok ? undefined : `it answers ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Where the registry that everybody uses has a package (purl-spec: `pkg:npm/semver@7.7.2`). */
export const publicAddress = (purl: string): string | undefined =>
  UrlConverter.toDownloadUrl(PackageURL.fromString(purl))?.url;

/** Why the registry that everybody uses cannot be asked for a package from this machine, or for `path`; undefined when it can. */
export async function publicMissing(purl: string, path?: string): Promise<string | undefined> {
  const url = publicAddress(purl);
  if (url === undefined) return 'its address is not known';
  return unreachable(path === undefined ? url : new URL(path, url));
}
