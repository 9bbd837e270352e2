import { PackageURL, UrlConverter } from '@socketregistry/packageurl-js';

const PATIENCE_MS = 10_000;

/** Why the public npm registry cannot be asked from this machine; undefined when it can. */
export async function publicNpmMissing(): Promise<string | undefined> {
  const sample = UrlConverter.toDownloadUrl(PackageURL.fromString('pkg:npm/semver@7.7.2'));
  if (sample === undefined) return 'its address is not known';
  try {
    const url = new URL('/semver', new URL(sample.url).origin);
    const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return ok ? undefined : `it answers ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
