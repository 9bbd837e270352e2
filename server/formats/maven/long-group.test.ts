import { expect, test } from 'bun:test';
import type { CatalogReader } from '../../core/catalog.ts';
import { metadataIndex } from './metadata-index.ts';

const names = Array.from({ length: 5_000 }, (_, at) => `com.acme:lib-${String(at).padStart(6, '0')}`);

/** As much of a catalog as is asked for packages, one of which is a plugin. */
const catalog = {
  packages: async (_: string, { limit, after = '' }: { limit: number; after?: string }) => {
    const later = names.filter((name) => name > after);
    return { rows: later.slice(0, limit), more: later.length > limit };
  },
  packageState: async (name: string) => ({
    attributes: name === names.at(-1) ? { plugin: { prefix: 'last' } } : {},
  }),
} as unknown as CatalogReader;

test('the metadata of a group of many artifacts lets others have their turn', async () => {
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 0);

  const metadata = await metadataIndex.build(catalog, { of: 'com.acme' });

  clearInterval(counting);
  expect([...(metadata?.plugins.keys() ?? [])]).toEqual(['last']);
  expect(turns).toBeGreaterThan(0);
});
