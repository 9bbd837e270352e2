import { PackageURL, UrlConverter } from '@socketregistry/packageurl-js';
import type { FileRef } from '../../core/catalog.ts';
import { invalid, notFound, RegistryError } from '../../core/error.ts';
import type { FetchedFile, FetchedVersion, FormatUpstream, ListedFileOrPath } from '../../core/format.ts';
import type { IndexReader } from '../../core/index-kind.ts';
import { attestationsAddress, attestationsPath } from './attestations.ts';
import { toAttributes } from './attributes.ts';
import { packageName, tarballPath } from './names.ts';
import { packumentIndex } from './packument-index.ts';
import { exactVersion } from './versions.ts';

/** Bytes: a bundle or two, of some ten thousand each. */
const LARGEST_ATTESTATIONS = 4 * 1024 * 1024;

/** Packages at registries elsewhere. Where their tarballs are, and what they must be, their packuments say. */
export const npmUpstream: FormatUpstream = {
  presets: { NPMJS: publicRegistry },
  wholeUpTo: 1024 * 1024,
  maxAge: 300,
  locate,
  adopt,
  prefetch: { references: (text) => [reference(text)] },
  probe: {
    target: '-/ping',
    // Not every registry has it, and some want credentials for it.
    accepts: ({ status, body }) => status === 401 || status === 403 || isAnswer(body),
  },
};

/** `name@1.2.3`, as a lock file pins it. */
function reference(text: string): FileRef {
  const at = text.lastIndexOf('@');
  if (at < 1)
    throw invalid(
      'PACKAGE_INVALID',
      `${JSON.stringify(text.slice(0, 140))} names no version: write NAME@VERSION`,
    );
  const name = packageName(text.slice(0, at));
  const version = exactVersion(text.slice(at + 1));
  return {
    path: tarballPath(name, version),
    freshness: 'immutable',
    coordinates: { package: name, version },
    contentType: 'application/octet-stream',
  };
}

/** Where package URLs say that packages of npm are downloaded from. */
function publicRegistry(): string {
  const sample = UrlConverter.toDownloadUrl(PackageURL.fromString('pkg:npm/semver@7.0.0'));
  if (!sample)
    throw new RegistryError('INTERNAL', 'PRESET', 'the address of the public registry is not known');
  return new URL(sample.url).origin;
}

async function locate(ref: FileRef, read: IndexReader): Promise<ListedFileOrPath> {
  const { package: name = '', version = '' } = ref.coordinates ?? {};
  if (ref.path === attestationsPath(name, version))
    return { target: attestationsAddress(name, version), version, checksums: [] };
  const part = await read.index(packumentIndex, { of: name });
  const listed = (await part.listing()).get(ref.path);
  if (!listed) throw notFound('FILE', { path: ref.path });
  return listed;
}

/** A tarball is its version. What the version says of itself stays with its packument. */
async function adopt(fetched: FetchedFile): Promise<FetchedVersion | undefined> {
  const { ref, blob, listed } = fetched;
  const { package: name = '', version = '' } = ref.coordinates ?? {};
  if (ref.path === attestationsPath(name, version))
    checkAttestations(await fetched.read(LARGEST_ATTESTATIONS));
  if (ref.path !== tarballPath(name, version)) return undefined;
  const checksums = [...(listed?.checksums ?? []), ...blob.checksums];
  const hex = (algorithm: string) => checksums.find((known) => known.algorithm === algorithm)?.hex;
  const [sha1, sha512] = [hex('sha1'), hex('sha512')];
  const dist = {
    ...(sha1 !== undefined && { shasum: sha1 }),
    ...(sha512 !== undefined && { integrity: `sha512-${Buffer.from(sha512, 'hex').toString('base64')}` }),
  };
  return { package: name, version, attributes: toAttributes({ dist }), size: blob.size };
}

/** Nothing says beforehand what they are, and what is kept once is never asked for again: a page for people shall not be. */
function checkAttestations(bytes: Uint8Array<ArrayBuffer>): void {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null && 'attestations' in value)
      if (Array.isArray(value.attestations)) return;
  } catch {
    // The failure below says it.
  }
  throw new RegistryError('DATA_LOSS', 'UPSTREAM_BROKEN', 'what the upstream sends are no attestations');
}

/** Registries answer objects, whose `error` is a text: others have `errors`, or pages for people. */
function isAnswer(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    return !('errors' in value) && (!('error' in value) || typeof value.error === 'string');
  } catch {
    return false;
  }
}
