import { expect, test } from 'bun:test';
import { MemoryBlobs } from '../../stores/blobs/memory.ts';
import { bodyOf } from '../../testing/contracts/bodies.ts';
import { SharedDownloads } from './shared-downloads.ts';
test('x', async () => {
  const blobs = new MemoryBlobs();
  const d = new SharedDownloads({
    blobs,
    discard: async () => {},
    failed: (e) => {
      throw e;
    },
  });
  let kept = 0;
  const dl = await d.fetch({
    repositoryId: 1,
    what: 'file a',
    expected: {},
    limit: 1000,
    isKept: async () => false,
    open: async () => ({
      kind: 'found',
      headers: new Headers(),
      body: bodyOf(['hello ', 'world']),
      offset: 0,
      size: 11,
      url: new URL('http://127.0.0.1/'),
    }),
    keep: async () => {
      kept += 1;
    },
  });
  expect(await new Response(dl?.follow()).text()).toBe('hello world');
  expect(await new Response(dl?.follow({ start: 3, end: 6 })).text()).toBe('lo w');
  expect(kept).toBe(1);
  await dl?.kept;
});
