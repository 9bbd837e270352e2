import { setImmediate } from 'node:timers/promises';
import type { CatalogReader } from '../core/catalog.ts';

const LOT = 500;

/** `CatalogReader.versionNames` of a catalog that has no quicker way to them than its versions. */
export async function* versionNames(
  catalog: Pick<CatalogReader, 'versions'>,
  pkg: string,
  attribute: string,
): AsyncGenerator<readonly string[]> {
  for (let after: string | undefined; ;) {
    const page = { limit: LOT, ...(after !== undefined && { after }) };
    const { rows, more } = await catalog.versions(pkg, page);
    yield rows.filter(({ attributes }) => attributes[attribute] !== undefined).map(({ version }) => version);
    after = rows.at(-1)?.version;
    if (!more || after === undefined) return;
    await setImmediate();
  }
}
