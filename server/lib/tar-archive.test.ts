import { expect, test } from 'bun:test';
import { once } from 'node:events';
import { paxRecord, sealHeader, TAR_END, tarEntry } from '../testing/tar.ts';
import { readTar, wrongHeaders } from './tar-archive.ts';

async function headersOf(...parts: readonly Buffer[]) {
  const archive = readTar();
  archive.end(Buffer.concat([...parts, TAR_END]));
  const headers: object[] = [];
  for await (const entry of archive) {
    headers.push({ name: entry.header.name, pax: Reflect.get(entry.header, 'pax') });
    entry.resume();
  }
  return headers;
}

test('what is said of all entries is copied for none', async () => {
  const global = tarEntry('g', 'g', paxRecord('comment', 'a commit'));
  const own = tarEntry('x', 'x', paxRecord('path', 'top/long'));
  expect(await headersOf(global, own, tarEntry('top/short', '0', 'x'), tarEntry('top/b', '0', ''))).toEqual([
    { name: 'top/long', pax: { path: 'top/long' } },
    { name: 'top/b', pax: null },
  ]);
});

test.each(['path', 'linkpath', 'size'])('one %s for all entries is refused', async (key) => {
  const global = tarEntry('g', 'g', paxRecord(key, '1'));
  const read = headersOf(global, tarEntry('top/a', '0', 'x'));
  expect(await read.catch((error: Error) => error.message)).toBe(`it says one ${key} of all its entries`);
});

test.each(['x', 'g', 'L', 'K'])(
  'a header of the kind %s is not waited for when it is too long',
  async (type) => {
    const after = async (size: number) => {
      const archive = readTar();
      // More than is taken at once.
      archive.write(tarEntry('long', type, 'x'.repeat(size)).subarray(0, 256 * 1024));
      await once(archive, 'drain');
      return wrongHeaders(archive);
    };
    expect(await after(1024 * 1024)).toBeUndefined();
    expect(await after(1024 * 1024 + 1)).toContain('in front of one of its entries');
  },
);

test.each(['99999999999\0', '-0000000001\0', 'x', `\u0080${'\u0001'.repeat(11)}`])(
  'an entry of the size %j fails the archive, before anybody waits for its end',
  async (size) => {
    const entry = tarEntry('top/a', '0', 'x');
    entry.fill(0, 124, 136).write(size, 124, 'latin1');
    sealHeader(entry);
    const read = headersOf(entry, tarEntry('top/b', '0', 'x'));
    expect(await read.catch((error: Error) => error.message)).toBe('it has an entry whose size is no number');
  },
);

test.each(['-5', 'many', '1e3', '9007199254740993'])(
  'an extended header that says the size %j fails the archive',
  async (size) => {
    const read = headersOf(tarEntry('x', 'x', paxRecord('size', size)), tarEntry('top/a', '0', 'x'));
    expect(await read.catch((error: Error) => error.message)).toBe('it has an entry whose size is no number');
  },
);
