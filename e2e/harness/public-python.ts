import { PackageURL, UrlConverter } from '@socketregistry/packageurl-js';
import { unreachable } from './reachable.ts';

/** Why the public index of Python cannot be asked from this machine; undefined when it can. */
export async function publicPythonMissing(): Promise<string | undefined> {
  const sample = UrlConverter.toDownloadUrl(PackageURL.fromString('pkg:pypi/packaging@24.0'));
  if (sample === undefined) return 'its address is not known';
  return unreachable(sample.url);
}
