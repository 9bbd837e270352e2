import type { CatalogReader, VersionRow } from '../../core/catalog.ts';
import { defineIndex } from '../../core/index-kind.ts';
import type { Page } from '../../core/page.ts';
import { fromAttributes } from './attributes.ts';
import { OCI_INDEX } from './media-types.ts';
import { nextLink } from './paging.ts';

export interface ReferrersPage {
  readonly referrers: readonly VersionRow[];
  readonly more: boolean;
}

/** Rows looked at per query while a filter leaves some out. */
const BATCH = 1_000;

/** GET …/referrers/<digest>: an index of what has the digest as subject; empty, never absent (spec.md, Listing Referrers). */
export const referrers = defineIndex<ReferrersPage>({
  name: 'referrers',

  async build(catalog, { of, filter, page = { limit: 0 } }) {
    const [image = '', digest = ''] = of.split('@');
    if (filter === undefined) {
      const { rows, more } = await catalog.linking(image, { kind: 'subject', target: digest }, page);
      return { referrers: rows, more };
    }
    return filtered(catalog, { image, digest, artifactType: filter, page });
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

  render(value, { of, filter, page = { limit: 0 } }, { basePath }) {
    const [image = '', digest = ''] = of.split('@');
    const last = value.referrers.at(-1)?.version;
    const extra: Record<string, string> = filter === undefined ? {} : { artifactType: filter };
    const next =
      value.more && last !== undefined
        ? { link: nextLink(`${basePath}/${image}/referrers/${digest}`, page, last, extra) }
        : {};
    return {
      contentType: OCI_INDEX,
      body: JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: value.referrers.map(descriptor),
      }),
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

async function filtered(catalog: CatalogReader, { image, digest, artifactType, page }: Filtered): Promise<ReferrersPage> {
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
