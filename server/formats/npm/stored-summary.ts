import type { CatalogReader, VersionRow } from '../../core/catalog.ts';
import { fromAttributes, ofPackage } from './attributes.ts';
import type { StoredSummary } from './sent-change.ts';

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

/** What is stored of a package, to tell what a document that is sent for it changes. */
export async function storedSummary(catalog: CatalogReader, pkg: string): Promise<StoredSummary> {
  const state = await catalog.packageState(pkg);
  const { maintainers, users } = ofPackage(state?.attributes ?? {});
  const versions = new Map<string, string | undefined>();
  for await (const rows of allVersions(catalog, pkg))
    for (const { version, attributes } of rows) versions.set(version, fromAttributes(attributes).deprecated);
  return {
    name: pkg,
    versions,
    ...(maintainers && { maintainers }),
    ...(users && { users }),
  };
}
