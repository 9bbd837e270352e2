import type { CatalogReader } from '../../core/catalog.ts';
import { fromAttributes, ofPackage } from './attributes.ts';
import { allVersions } from './rows.ts';
import type { StoredSummary } from './sent-change.ts';

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
