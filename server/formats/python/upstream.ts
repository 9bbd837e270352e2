import { PackageURL, UrlConverter } from '@socketregistry/packageurl-js';
import type { FileRef } from '../../core/catalog.ts';
import { notFound, RegistryError } from '../../core/error.ts';
import type { FetchedFile, FetchedVersion, FormatUpstream, ListedFileOrPath } from '../../core/format.ts';
import type { IndexReader } from '../../core/index-kind.ts';
import { normalName } from './names.ts';
import { HTML, HTML_V1, JSON_V1 } from './negotiate.ts';
import { pythonPrefetch } from './prefetch.ts';
import { ACCEPT, projectIndex } from './project-index.ts';
import { normalVersion } from './versions.ts';

/** Projects at indexes elsewhere. Where their files are, and what they must be, the indexes say. */
export const pythonUpstream: FormatUpstream = {
  presets: { PYPI: publicIndex },
  wholeUpTo: 1024 * 1024,
  maxAge: 300,
  // What is no version by itself, such as `1.*`, stays as it is written.
  spelled: { name: normalName, version: normalVersion },
  locate,
  adopt,
  prefetch: pythonPrefetch,
  probe: {
    target: 'simple/',
    headers: { accept: ACCEPT },
    accepts: ({ status, headers, body }) =>
      status === 200 && isIndex(headers.get('content-type') ?? '', body),
  },
};

/** Where package URLs say that packages of Python are downloaded from. */
function publicIndex(): string {
  const sample = UrlConverter.toDownloadUrl(PackageURL.fromString('pkg:pypi/packaging@24.0'));
  if (!sample) throw new RegistryError('INTERNAL', 'PRESET', 'the address of the public index is not known');
  return new URL(sample.url).origin;
}

async function locate(ref: FileRef, read: IndexReader): Promise<ListedFileOrPath> {
  const part = await read.index(projectIndex, { of: ref.coordinates?.package ?? '' });
  const listed = (await part.listing()).get(ref.path);
  if (!listed) throw notFound('FILE', { path: ref.path });
  return listed;
}

/** A file is one of its version. What else is known of it stays with its index. */
async function adopt({ ref, blob, listed }: FetchedFile): Promise<FetchedVersion | undefined> {
  const { package: name = '' } = ref.coordinates ?? {};
  const version = listed?.version ?? ref.coordinates?.version;
  if (version === undefined) return undefined;
  return {
    package: name,
    version,
    attributes: {},
    size: blob.size,
    file: { ...ref, coordinates: { package: name, version } },
  };
}

/** The list of all projects, which may be longer than what is read of it, and then is not here at all. */
function isIndex(contentType: string, body: string): boolean {
  const [type = ''] = contentType.toLowerCase().split(';');
  if (type === JSON_V1) return body === '' || /^\s*\{[\s\S]*"projects"/.test(body);
  return (
    (type === HTML || type === HTML_V1) &&
    (body === '' || /pypi:repository-version|<title>\s*simple/i.test(body) || /<a\s[^>]*href=/i.test(body))
  );
}
