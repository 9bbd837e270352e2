import type { CatalogReader, VersionRow } from '../../core/catalog.ts';

const ROWS = 1_000;

/** Every version that a catalog has of a module. */
export async function everyVersion(catalog: CatalogReader, module: string): Promise<readonly VersionRow[]> {
  const found: VersionRow[] = [];
  for (let after: string | undefined; ;) {
    const { rows, more } = await catalog.versions(module, {
      limit: ROWS,
      ...(after !== undefined && { after }),
    });
    found.push(...rows);
    after = rows.at(-1)?.version;
    if (!more || after === undefined) return found;
  }
}
