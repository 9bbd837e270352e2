import type { FileRef } from '../../core/catalog.ts';
import { invalid, notFound } from '../../core/error.ts';
import type { FetchedFile, FetchedVersion, FormatUpstream, ListedFileOrPath } from '../../core/format.ts';
import { coordinatesOf, parseId, placeOf, refOf, segmentsOf } from './places.ts';

/** Seconds, as Artifact Registry has it of what may change (gar.md 5.5). */
const MAX_AGE = 3_600;

/** Files of any tree that is served over HTTP: found by their paths, and held to nothing but what they were when they came. */
export const genericUpstream: FormatUpstream = {
  presets: {},
  wholeUpTo: 1024 * 1024,
  maxAge: MAX_AGE,
  locate,
  adopt,
  isFile: ({ headers, url }, { path }) => !url.pathname.endsWith('/') && !isPageFor(path, headers),
  prefetch: { references: (text) => [fileNamed(text)] },
  // A tree need not have anything at its top.
  probe: { target: '', accepts: ({ status }) => status < 500 },
};

/** What is never a page, so that one is what a server sends whom it does not know. */
const NO_PAGE =
  /\.(?:7z|apk|asc|bin|bz2|deb|dmg|exe|gz|img|iso|jar|json|msi|pkg|rpm|sha256|sha512|sig|so|tar|tgz|whl|xz|zip|zst)$/i;

const isPageFor = (path: string, headers: Headers): boolean =>
  NO_PAGE.test(path) && /^text\/html\b/i.test(headers.get('content-type') ?? '');

function locate({ path }: FileRef): ListedFileOrPath {
  const place = parseId(path);
  if (!place) throw notFound('FILE', { path });
  return { target: segmentsOf(place).map(encodeURIComponent).join('/'), checksums: [] };
}

async function adopt({ ref, blob }: FetchedFile): Promise<FetchedVersion | undefined> {
  const place = parseId(ref.path);
  return place && { ...coordinatesOf(place), attributes: {}, size: blob.size, file: ref };
}

/** `v1.2/tool.tar.gz`: a path below the upstream's address. */
function fileNamed(text: string): FileRef {
  const segments = text.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    throw invalid(
      'NAME_INVALID',
      `${JSON.stringify(text.slice(0, 200))} is not the path of a file below the upstream's address`,
    );
  return refOf(placeOf(segments));
}
