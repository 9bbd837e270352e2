import { PackageURL, UrlConverter } from '@socketregistry/packageurl-js';
import { unreachable } from './reachable.ts';

/** Why the public npm registry cannot be asked from this machine; undefined when it can. */
export async function publicNpmMissing(): Promise<string | undefined> {
  const sample = UrlConverter.toDownloadUrl(PackageURL.fromString('pkg:npm/semver@7.7.2'));
  if (sample === undefined) return 'its address is not known';
  return unreachable(new URL('/semver', new URL(sample.url).origin));
}
