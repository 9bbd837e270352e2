import { expect, test } from 'bun:test';
import { zipped } from '../../testing/zip.ts';
import { readModuleZip } from './module-zip.ts';

const reading = (names: readonly string[]) => {
  const bytes = zipped(
    names.map((name) => ({ name, content: '' })),
    { stored: true },
  );
  return readModuleZip({
    size: bytes.byteLength,
    read: async (start, length) => bytes.slice(start, start + length),
  });
};

test('entries in folders as deep as a name can say take no more than their names', async () => {
  const before = process.memoryUsage().rss;
  const names = Array.from(
    { length: 4 },
    (_, at) => `example.com/deep@v1.0.0/${at}/${'a/'.repeat(32_000)}file`,
  );

  const { entries } = await reading(names);

  expect(entries.size).toBe(4);
  expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 * 1024);
});

test('there may be only so many folders, however short the names that name them', async () => {
  const names = Array.from(
    { length: 13 },
    (_, at) => `example.com/deep@v1.0.0/${at}/${'a/'.repeat(32_000)}file`,
  );

  expect(reading(names)).rejects.toThrow('files and directories');
});
