import type { CatalogReader, VersionRow } from '../../core/catalog.ts';
import { defineRememberedIndex } from '../../core/index-kind.ts';
import type { Page } from '../../core/page.ts';
import { rawPath } from '../../lib/raw-path.ts';
import { fromAttributes, type ManifestAttributes, toAttributes } from './attributes.ts';
import { OCI_INDEX } from './media-types.ts';
import { nextLink } from './paging.ts';
import { isDigest } from './names.ts';
import { documentOf, HOUR, objectsOf } from './upstream-documents.ts';

export interface ReferrersPage {
  readonly referrers: readonly VersionRow[];
  readonly more: boolean;
}

/** Clients read an index of up to 4 MiB; what does not fit goes to the next page. */
const MOST_BYTES = 3_500_000;
const MOST_LISTED = 10_000;
/** Rows looked at per query while a filter leaves some out. */
const BATCH = 1_000;

/** GET …/referrers/<digest>: an index of what has the digest as subject; empty, never absent (spec.md, Listing Referrers). */
export const referrers = defineRememberedIndex<ReferrersPage>({
  name: 'referrers',
  neverAbsent: true,

  async build(catalog, { of, filter, page = { limit: 0 } }) {
    const [image = '', digest = ''] = of.split('@');
    if (filter === undefined) {
      const { rows, more } = await catalog.linking(image, { kind: 'subject', target: digest }, page);
      return { referrers: rows, more };
    }
    return filtered(catalog, { image, digest, artifactType: filter, page });
  },

  upstream: {
    maxAge: HOUR,
    maxBytes: 8 * 1024 * 1024,
    package: ({ of }) => of.slice(0, of.indexOf('@')),
    // All of them whatever is asked for: not every registry filters, and each pages in a way of its own.
    target: ({ of }) => ({
      target: of.replace('@', '/referrers/'),
      headers: { accept: OCI_INDEX },
    }),
    parse(body, { of, filter, page = { limit: 0 } }) {
      const listed = objectsOf(documentOf(body), 'manifests').slice(0, MOST_LISTED);
      const rows = listed
        .flatMap((entry) => rowOf(of, entry))
        .filter(
          ({ attributes }) => filter === undefined || fromAttributes(attributes).artifactType === filter,
        )
        .filter(({ version }) => page.after === undefined || version > page.after)
        .sort((a, b) => (a.version < b.version ? -1 : 1));
      return { referrers: rows.slice(0, page.limit), more: rows.length > page.limit };
    },
  },

  merge(parts, { page = { limit: 0 } }) {
    const byDigest = new Map<string, VersionRow>();
    for (const row of parts.flatMap((part) => part.referrers))
      if (!byDigest.has(row.version)) byDigest.set(row.version, row);
    const sorted = [...byDigest.values()].sort((a, b) => (a.version < b.version ? -1 : 1));
    return {
      referrers: sorted.slice(0, page.limit),
      more: sorted.length > page.limit || parts.some((part) => part.more),
    };
  },

  document(value, { of, filter, page = { limit: 0 } }, baseUrl) {
    const [image = '', digest = ''] = of.split('@');
    const descriptors = fitting(value.referrers.map(descriptor));
    const more = value.more || descriptors.length < value.referrers.length;
    const last = descriptors.at(-1)?.digest;
    const extra: Record<string, string> = filter === undefined ? {} : { artifactType: filter };
    const next =
      more && last !== undefined
        ? { link: nextLink(`${rawPath(baseUrl)}/${image}/referrers/${digest}`, page, last, extra) }
        : {};
    return {
      contentType: OCI_INDEX,
      body: [JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: descriptors })],
      headers: { ...next, ...(filter !== undefined && { 'oci-filters-applied': 'artifactType' }) },
    };
  },
});

interface Filtered {
  readonly image: string;
  readonly digest: string;
  readonly artifactType: string;
  readonly page: Page;
}

async function filtered(
  catalog: CatalogReader,
  { image, digest, artifactType, page }: Filtered,
): Promise<ReferrersPage> {
  const found: VersionRow[] = [];
  let after = page.after;
  for (;;) {
    const batch: Page = after === undefined ? { limit: BATCH } : { limit: BATCH, after };
    const { rows, more } = await catalog.linking(image, { kind: 'subject', target: digest }, batch);
    found.push(...rows.filter(({ attributes }) => fromAttributes(attributes).artifactType === artifactType));
    if (found.length > page.limit) return { referrers: found.slice(0, page.limit), more: true };
    if (!more) return { referrers: found, more: false };
    after = rows.at(-1)?.version;
  }
}

function descriptor({ version, attributes }: VersionRow) {
  const { mediaType, manifestSize, artifactType, annotations } = fromAttributes(attributes);
  return {
    mediaType,
    digest: version,
    size: manifestSize,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations }),
  };
}

/** A descriptor of an upstream's list; nothing for one that is none. */
function rowOf(of: string, entry: Readonly<Record<string, unknown>>): readonly VersionRow[] {
  const { mediaType, digest, size, artifactType, annotations } = entry;
  if (typeof digest !== 'string' || !isDigest(digest)) return [];
  if (typeof mediaType !== 'string' || typeof size !== 'number') return [];
  const attributes: ManifestAttributes = {
    mediaType,
    manifestSize: size,
    ...(typeof artifactType === 'string' && { artifactType }),
    ...(typeof annotations === 'object' && annotations !== null && { annotations: texts(annotations) }),
  };
  const [pkg = ''] = of.split('@');
  return [{ package: pkg, version: digest, attributes: toAttributes(attributes), size, createdAt: 0 }];
}

const texts = (annotations: object): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );

/** As many from the front as fit into one index, and one at least. */
function fitting<T>(descriptors: readonly T[]): readonly T[] {
  let bytes = 0;
  const first = descriptors.findIndex((entry, at) => {
    bytes += Buffer.byteLength(JSON.stringify(entry));
    return at > 0 && bytes > MOST_BYTES;
  });
  return first === -1 ? descriptors : descriptors.slice(0, first);
}
