import type { CatalogReader, VersionRow } from '../../core/catalog.ts';

const ROWS = 500;

/** All versions of a package, a page at a time. */
export async function* allVersions(
  catalog: Pick<CatalogReader, 'versions'>,
  pkg: string,
): AsyncGenerator<readonly VersionRow[]> {
  for (let after: string | undefined; ;) {
    const { rows, more } = await catalog.versions(pkg, {
      limit: ROWS,
      ...(after !== undefined && { after }),
    });
    yield rows;
    after = rows.at(-1)?.version;
    if (!more || after === undefined) return;
  }
}

/** All tags of a package, and what they name. */
export async function allTags(
  catalog: Pick<CatalogReader, 'tags'>,
  pkg: string,
): Promise<ReadonlyMap<string, string>> {
  const tags = new Map<string, string>();
  for (let after: string | undefined; ;) {
    const { rows, more } = await catalog.tags(pkg, { limit: ROWS, ...(after !== undefined && { after }) });
    for (const { tag, version } of rows) tags.set(tag, version);
    after = rows.at(-1)?.tag;
    if (!more || after === undefined) return tags;
  }
}
