import { PackageURL, UrlConverter } from '@socketregistry/packageurl-js';

const PATIENCE_MS = 10_000;

/** Why the public index of Python cannot be asked from this machine; undefined when it can. */
export async function publicPythonMissing(): Promise<string | undefined> {
  const sample = UrlConverter.toDownloadUrl(PackageURL.fromString('pkg:pypi/packaging@24.0'));
  if (sample === undefined) return 'its address is not known';
  try {
    const { ok, status } = await fetch(sample.url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return ok ? undefined : `it answers ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
