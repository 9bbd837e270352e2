import { PackageURL, UrlConverter } from '@socketregistry/packageurl-js';
import { unreachable } from './reachable.ts';

/** Why the public repository of Maven cannot be asked from this machine; undefined when it can. */
export async function publicMavenMissing(): Promise<string | undefined> {
  const sample = UrlConverter.toDownloadUrl(PackageURL.fromString('pkg:maven/org.slf4j/slf4j-api@2.0.13'));
  if (sample === undefined) return 'its address is not known';
  return unreachable(sample.url);
}
