import { expect, test } from 'bun:test';
import type { CatalogReader, FileEntry } from '../../core/catalog.ts';
import { listFolder } from './folder.ts';

const FOLDERS = 5_000;
const paths = Array.from({ length: FOLDERS }, (_, at) => String(at).padStart(6, '0')).flatMap((name) =>
  Array.from({ length: 9 }, (_, file) => `${name}:1:${file}`),
);

function firstAfter(path: string): number {
  let [low, high] = [0, paths.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((paths[middle] ?? '') > path) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** As much of a catalog as is asked for files. */
const catalog = {
  files: async (_: string, { limit, after = '' }: { limit: number; after?: string }) => {
    const from = firstAfter(after);
    const rows = paths
      .slice(from, from + limit)
      .map((path) => ({ path, size: 1, digest: 'sha256:', updatedAt: 0 }) as unknown as FileEntry);
    return { rows, more: from + limit < paths.length };
  },
} as unknown as CatalogReader;

test('a page of many folders lets others have their turn', async () => {
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 0);

  const folder = await listFolder(catalog, { of: '', page: { limit: 10_000 } });

  clearInterval(counting);
  expect(folder?.entries).toHaveLength(FOLDERS);
  expect(turns).toBeGreaterThan(0);
});
