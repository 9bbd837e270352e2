import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { IndexKey } from '../../core/index-kind.ts';
import { GenericClient } from '../../testing/generic.ts';
import { TestServer } from '../../testing/harness.ts';
import { Members } from '../../testing/members.ts';
import { folderIndex } from './folder-index.ts';
import { type Folder, type ListedEntry, mergeFolders } from './folder.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const entries = fc
  .uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }), { maxLength: 6 })
  .map((keys) =>
    keys
      .sort((a, b) => Buffer.compare(bytes(a), bytes(b)))
      .map((key): ListedEntry => ({ key, name: key, isFolder: key.endsWith('/') })),
  );
/** A page of somebody who has these. */
const pageOf = (all: readonly ListedEntry[], limit: number): Folder => ({
  entries: all.slice(0, limit),
  more: all.length > limit,
});
const keyOf = (limit: number): IndexKey => ({ of: 'a:1:', page: { limit } });

describe('several folders as one', () => {
  test('of one is that one, also twice', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 8 }), (all, limit) => {
        const page = pageOf(all, limit);
        expect(mergeFolders([page], keyOf(limit))).toEqual(page);
        expect(mergeFolders([page, page], keyOf(limit))).toEqual(page);
      }),
    );
  });

  test('are a page of what all of them have, each entry as the first that has it', () => {
    fc.assert(
      fc.property(
        fc.array(entries, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 8 }),
        (all, limit) => {
          const union = new Map<string, ListedEntry>();
          for (const each of all)
            for (const entry of each) if (!union.has(entry.key)) union.set(entry.key, entry);
          const sorted = [...union.values()].sort((a, b) => Buffer.compare(bytes(a.key), bytes(b.key)));

          const merged = mergeFolders(
            all.map((each) => pageOf(each, limit)),
            keyOf(limit),
          );

          expect(merged.entries).toEqual(sorted.slice(0, merged.entries.length));
          for (const [at, entry] of merged.entries.entries()) expect(entry).toBe(sorted[at] as ListedEntry);
          // A page that goes on is never empty, or nobody could ask for the next one.
          if (merged.more) expect(merged.entries.length).toBeGreaterThan(0);
          else expect(merged.entries).toEqual(sorted);
        },
      ),
    );
  });
});

describe('a list', () => {
  let server: TestServer;
  let files: GenericClient;
  const paths = [
    'a/1.0/x',
    'a-b/1.0/y',
    'a/1.0/dir/deep/z',
    'a/1.0/dir.txt',
    'a/1.0/dir/w',
    'a/1.0/%F0%9F%93%A6',
    'a/1.0/%EF%BC%81',
    'a/1:0/x',
    'a/10/x',
    'b/2/%3Cb%3E%26%22quoted%22',
  ];
  beforeAll(async () => {
    server = await TestServer.start();
    files = new GenericClient(server, await new Members(server, 'GENERIC').standard('own'));
    for (const path of paths) await files.publish(path, 'x');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const listed = async (path: string, size: number): Promise<readonly string[]> => {
    const found: string[] = [];
    let pages = 0;
    for (let token: string | undefined = ''; token !== undefined; pages += 1) {
      const page: {
        readonly files: { path: string }[];
        folders?: { path: string }[];
        nextPageToken?: string;
      } = await files.json(`${path}?pageSize=${size}${token === '' ? '' : `&pageToken=${token}`}`);
      found.push(...[...(page.folders ?? []), ...page.files].map((entry) => entry.path));
      token = page.nextPageToken;
      if (pages > 50) throw new Error('the pages do not end');
    }
    return found;
  };

  test.each([1, 2, 3, 1_000])('in pages of %d has everything once', async (size) => {
    expect((await listed('', size)).toSorted()).toEqual(['a-b/', 'a/', 'b/']);
    expect((await listed('a/', size)).toSorted()).toEqual(['a/1.0/', 'a/10/', 'a/1:0/']);
    expect((await listed('a/1.0/', size)).toSorted()).toEqual(
      ['a/1.0/dir/', 'a/1.0/dir.txt', 'a/1.0/x', 'a/1.0/！', 'a/1.0/📦'].toSorted(),
    );
    expect(await listed('a/1.0/dir/', size)).toEqual(['a/1.0/dir/deep/', 'a/1.0/dir/w']);
  });

  test('of all files below a folder has them by their whole paths', async () => {
    const { files: found } = await files.json('a/1.0/?recursive=true&pageSize=2');
    expect(found.map(({ path }: { path: string }) => path)).toEqual(['a/1.0/dir.txt', 'a/1.0/dir/deep/z']);
    const all = await files.json('?recursive=true');
    expect(all.files).toHaveLength(paths.length);
    expect(all.folders).toBeUndefined();
  });

  test.each(['pageSize=x', 'pageSize=-1', 'pageToken=%', 'pageToken=_w', 'pageToken=a='])(
    'is not asked for with %s',
    async (query) => {
      expect((await files.send('GET', `?${query}`)).status).toBe(400);
    },
  );

  test('is a page for browsers, in which names are text', async () => {
    const answer = await files.send('GET', 'b/2/', {
      headers: { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' },
    });
    const page = await answer.text();

    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('vary')).toBe('accept');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page).toContain('&lt;b&gt;&amp;&quot;quoted&quot;</a>');
    expect(page).toContain(`href="${files.path}/b/2/%3Cb%3E%26%22quoted%22"`);
    expect(page).not.toContain('<b>');
  });

  test.each([
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/json, text/html;q=0.5', 'application/json'],
    ['text/html;q=0.2, application/json;q=0.1', 'text/html; charset=utf-8'],
    ['', 'application/json'],
  ])('for who accepts "%s" is %s', async (accept, type) => {
    const answer = await files.send('GET', 'a/', { headers: { accept } });
    expect(answer.headers.get('content-type')).toBe(type);
  });

  test('is where its address without the slash leads to', async () => {
    const answer = await files.send('GET', 'a/1.0/dir?format=html');
    expect(answer.status).toBe(301);
    expect(answer.headers.get('location')).toBe(`${files.path}/a/1.0/dir/?format=html`);
  });

  test('is of the package that the folder is in', () => {
    expect(['', 'a:', 'a%3Ab:1:', 'a:1:x/y/'].map((of) => folderIndex.package?.({ of }))).toEqual([
      '',
      'a',
      'a:b',
      'a',
    ]);
  });
});
