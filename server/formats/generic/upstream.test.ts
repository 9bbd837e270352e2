import { beforeEach, describe, expect, test } from 'bun:test';
import { HELD_BYTES } from '../../core/downloads.ts';
import { besideUpstream } from '../../testing/beside-upstream.ts';
import { GenericClient } from '../../testing/generic.ts';
import { Members } from '../../testing/members.ts';
import { status } from '../../testing/upstream-faults.ts';

const HOUR = 3_600_000;

let client: GenericClient;
const { server, upstream } = await besideUpstream();
const members = new Members(server, 'GENERIC');
beforeEach(async () => {
  client = new GenericClient(server, await members.remote('tree', `${upstream.url}/dist`));
});

const get = (path: string) => client.send('GET', path);
const put = (path: string, body: string): void => upstream.put(`/dist/${path}`, { body });

describe('a file of a tree elsewhere', () => {
  test.each(['index.json', 'v1/tool.txt', 'a/b/c', 'a/b/c/d/e f%.txt', '_/-/:'])(
    'comes from %s',
    async (path) => {
      put(path, `body of ${path}`);
      const address = path.split('/').map(encodeURIComponent).join('/');

      expect(await client.text(address)).toBe(`body of ${path}`);
      const asked = upstream.asked(`/dist/${path}`).length;
      expect(await client.text(address)).toBe(`body of ${path}`);
      expect(upstream.asked(`/dist/${path}`)).toHaveLength(asked);
      const { files } = await client.json('?recursive=true');
      expect(files).toMatchObject([{ path, size: `body of ${path}`.length }]);
    },
  );

  test('is asked about again when it is old, and replaced when it changed', async () => {
    put('v2/tool', 'first');
    expect(await client.text('v2/tool')).toBe('first');

    server.clock.advance(2 * HOUR);
    const same = await get('v2/tool');
    expect([await same.text(), same.headers.get('cache-status')]).toEqual([
      'first',
      expect.stringContaining('fwd-status=304') as unknown as string,
    ]);
    put('v2/tool', 'second one');
    server.clock.advance(2 * HOUR);

    expect(await client.text('v2/tool')).toBe('second one');
    expect((await client.json('v2/')).files).toMatchObject([{ path: 'v2/tool', size: 10 }]);
  });

  test('of some length streams through when it changed, too', async () => {
    const [first, second] = ['first '.repeat(HELD_BYTES / 4), 'second '.repeat(HELD_BYTES / 4)];
    put('v3/big', first);
    expect(await client.text('v3/big')).toBe(first);
    put('v3/big', second);
    server.clock.advance(2 * HOUR);

    expect(await client.text('v3/big')).toBe(second);
    expect(await client.text('v3/big')).toBe(second);
  });

  test('comes through though there is no room for a copy, however long, and whatever is kept of before', async () => {
    const [first, second] = ['first '.repeat(HELD_BYTES / 4), 'second '.repeat(HELD_BYTES / 4)];
    put('v8/big', first);
    put('v8/small', 'first');
    expect(await client.text('v8/big')).toBe(first);
    await server.database.transaction((tx) =>
      tx
        .updateTable('repository')
        .set({ max_bytes: first.length + 3 })
        .execute(),
    );
    expect(await client.text('v8/small')).toBe('first');
    put('v8/big', second);
    put('v8/small', 'second');
    server.clock.advance(2 * HOUR);

    for (let n = 0; n < 2; n += 1) {
      expect(await Promise.all([client.text('v8/big'), client.text('v8/big')])).toEqual([second, second]);
      expect(await client.text('v8/small')).toBe('second');
    }
    await server.database.transaction((tx) =>
      tx.updateTable('repository').set({ max_bytes: null }).execute(),
    );
  });

  test('stays when it is gone there, or nobody answers', async () => {
    put('v4/tool', 'kept');
    await client.text('v4/tool');
    server.clock.advance(2 * HOUR);
    upstream.remove('/dist/v4/tool');
    expect(await client.text('v4/tool')).toBe('kept');
    upstream.misbehave(/^\/dist/, status(500));
    server.clock.advance(2 * HOUR);
    expect(await client.text('v4/tool')).toBe('kept');
  });

  test('that is asked for by HEAD is not fetched', async () => {
    put('v5/tool', 'the tool');

    const head = await client.send('HEAD', 'v5/tool');

    expect([head.status, head.headers.get('content-length')]).toEqual([200, '8']);
    expect(upstream.asked('/dist/v5/tool').map(({ method }) => method)).toEqual(['HEAD']);
  });

  test('is not what a server says instead of it', async () => {
    upstream.put('/dist/folder', { status: 301, headers: { location: '/dist/folder/' }, body: '' });
    upstream.put('/dist/folder/', { headers: { 'content-type': 'text/html' }, body: '<a href="x">x</a>' });
    upstream.put('/dist/v6/tool.tar.gz', { headers: { 'content-type': 'text/html' }, body: '<form>' });
    upstream.put('/dist/v6/page.html', { headers: { 'content-type': 'text/html' }, body: '<p>' });

    expect((await get('folder')).status).toBe(404);
    expect((await get('v6/tool.tar.gz')).status).toBe(404);
    expect(await client.text('v6/page.html')).toBe('<p>');
  });

  test('is not published here', async () => {
    expect((await client.put('tool/1.0/a', 'a')).status).toBe(405);
  });

  test('stays what it was where what was first seen is pinned', async () => {
    const pinned = await members.remote('pinned', `${upstream.url}/dist`, {
      safetyRules: { pinFirstSeen: true },
    });
    const strict = new GenericClient(server, pinned);
    put('v7/tool', 'first');
    await strict.text('v7/tool');
    put('v7/tool', 'another');
    server.clock.advance(2 * HOUR);

    expect(await strict.text('v7/tool')).toBe('first');
  });
});

describe('several behind one address', () => {
  test('are asked in order, and a package of one’s own is closed to the others', async () => {
    const own = await members.standard('own');
    const mine = new GenericClient(server, own);
    await mine.publish('tool/1.0/a', 'mine');
    const front = new GenericClient(
      server,
      await members.virtual('front', [own, client.path.split('/').at(-1) ?? '']),
    );
    put('tool/1.0/a', 'theirs');
    put('tool/9.9/a', 'theirs');
    put('other/1.0/a', 'theirs');
    await client.text('tool/9.9/a');

    expect(await front.text('tool/1.0/a')).toBe('mine');
    expect((await front.send('GET', 'tool/9.9/a')).status).toBe(404);
    expect(await front.text('other/1.0/a')).toBe('theirs');
    expect(await front.json('')).toMatchObject({ folders: [{ path: 'other/' }, { path: 'tool/' }] });
    expect(await front.json('tool/')).toMatchObject({ folders: [{ path: 'tool/1.0/' }] });
  });
});
