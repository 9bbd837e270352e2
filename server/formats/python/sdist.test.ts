import { describe, expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { failureOf } from '../../testing/failure-of.ts';
import { paxRecord, TAR_END, tarEntry } from '../../testing/tar.ts';
import { readSdist } from './sdist.ts';

type Entry = Parameters<tar.Pack['entry']>[0] & { readonly content?: string };

async function packed(entries: readonly Entry[]): Promise<Uint8Array<ArrayBuffer>> {
  const pack = tar.pack();
  for (const { content = '', ...header } of entries) pack.entry(header, content);
  pack.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of pack as AsyncIterable<Uint8Array>) pieces.push(piece);
  return new Uint8Array(gzipSync(Buffer.concat(pieces)));
}

const read = (bytes: Uint8Array<ArrayBuffer>, ...limits: readonly Parameters<typeof readSdist>[2][]) =>
  readSdist(new Blob([bytes]).stream(), 1_000, ...limits);
const INFO: Entry = { name: 'demo-1.0/PKG-INFO', content: 'Name: demo\n' };

test('the metadata in the top folder is read, and no other', async () => {
  const bytes = await packed([
    { name: 'demo-1.0/', type: 'directory' },
    { name: 'demo-1.0/demo.egg-info/PKG-INFO', content: 'Name: other\n' },
    INFO,
    { name: 'demo-1.0/link', type: 'symlink', linkname: 'demo.egg-info/../PKG-INFO' },
  ]);
  expect(new TextDecoder().decode(await read(bytes))).toBe('Name: demo\n');
});

describe('a source archive', () => {
  test.each<[string, readonly Entry[], string]>([
    ['without metadata', [{ name: 'demo-1.0/x', content: '' }], 'no PKG-INFO'],
    ['with metadata twice', [INFO, INFO], 'one file PKG-INFO'],
    [
      'whose metadata is a link',
      [{ ...INFO, content: '', type: 'symlink', linkname: 'x' }],
      'one file PKG-INFO',
    ],
    ['of two folders', [INFO, { name: 'other/x' }], 'more than one top folder'],
    ['that leads up', [INFO, { name: 'demo-1.0/../x' }], 'not a path below a top folder'],
    ['with an absolute name', [INFO, { name: '/x' }], 'not a path below a top folder'],
    [
      'with a link out of it',
      [INFO, { name: 'demo-1.0/x', type: 'symlink', linkname: '../../etc' }],
      'leads out',
    ],
    [
      'with a link to elsewhere',
      [INFO, { name: 'demo-1.0/x', type: 'symlink', linkname: '/etc/passwd' }],
      'leads out',
    ],
    [
      'with a hard link out of it',
      [INFO, { name: 'demo-1.0/x', type: 'link', linkname: 'other/x' }],
      'leads out',
    ],
    ['with a device', [INFO, { name: 'demo-1.0/x', type: 'character-device' }], 'is a character-device'],
  ])('%s is refused', async (_, entries, words) => {
    expect(await failureOf(read(await packed(entries)))).toMatchObject({
      reason: 'SDIST_INVALID',
      message: expect.stringContaining(words),
    });
  });

  const limits = { entries: 10, inflated: 100_000, ratio: 100, ratioAbove: 10_000 };
  test.each<[string, readonly Entry[]]>([
    ['entries', Array.from({ length: 11 }, (_, at) => ({ name: `demo-1.0/${at}` }))],
    ['bytes', [{ name: 'demo-1.0/x', content: crypto.randomUUID().repeat(10_000) }]],
    ['bytes for its size', [{ name: 'demo-1.0/x', content: 'x'.repeat(90_000) }]],
    ['bytes of metadata', [{ ...INFO, content: 'x'.repeat(2_000) }]],
  ])('of too many %s is refused', async (_, entries) => {
    expect(await failureOf(read(await packed(entries), limits))).toMatchObject({ reason: 'SIZE_LIMIT' });
  });

  test('with more in front of an entry than is kept in memory is refused', async () => {
    const long = tarEntry('x', 'x', paxRecord('comment', 'x'.repeat(2_000_000)));
    const archive = Buffer.concat([long, tarEntry('demo-1.0/PKG-INFO', '0', 'Name: demo\n'), TAR_END]);
    expect(await failureOf(read(new Uint8Array(gzipSync(archive))))).toMatchObject({ reason: 'SIZE_LIMIT' });
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['no gzip', new Uint8Array(1_000)],
    ['no tar', new Uint8Array(gzipSync('x'.repeat(2_000)))],
  ])('that is %s is refused', async (_, bytes) => {
    expect(await failureOf(read(bytes))).toMatchObject({ reason: 'SDIST_INVALID' });
  });
});
