import { beforeEach, describe, expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import type { Coding, OpenedDocument } from '../core/documents.ts';
import { defineRememberedIndex, type IndexKey, type IndexPart } from '../core/index-kind.ts';
import { failureOf } from '../testing/failure-of.ts';
import { RememberedDocuments } from './remembered-documents.ts';
import { wantedOf } from './wanted-document.ts';

/** Long enough to be worth compressing. */
const WORDS = ' and good morning'.repeat(20);
const MIB = 1024 * 1024;

const kind = defineRememberedIndex<string>({
  name: 'greeting',
  build: async () => undefined,
  merge: ([first = '']) => first,
  document: (value, { page }, baseUrl) => ({
    contentType: 'text/plain',
    body: [value, WORDS, ` at ${baseUrl}`],
    ...(page && { headers: { link: String(page.limit) } }),
  }),
});

interface Ask {
  readonly source?: string;
  readonly audience?: string;
  readonly without?: readonly string[];
  readonly key?: IndexKey;
  readonly baseUrl?: string;
  readonly repositoryId?: number;
  readonly value?: () => Promise<string>;
}

let made: number;
let documents: RememberedDocuments;
beforeEach(() => {
  made = 0;
  documents = new RememberedDocuments({
    failed: (cause) => {
      throw cause;
    },
  });
});

function open(asked: Ask = {}): Promise<OpenedDocument> {
  const { key = { of: 'world' }, baseUrl = 'http://a', repositoryId = 1, value, ...parts } = asked;
  const part: IndexPart<string> = {
    ...parts,
    value: async () => {
      made += 1;
      return (await value?.()) ?? 'hello';
    },
    listing: async () => new Map(),
  };
  return documents.open(wantedOf(repositoryId, { kind, key, part, baseUrl }), { kind, key, part, baseUrl });
}

const bytesOf = async ({ bodies }: OpenedDocument, coding: Coding = 'identity') =>
  new Response(await bodies[coding]?.open()).bytes();
const textOf = async (opened: OpenedDocument): Promise<string> =>
  new TextDecoder().decode(await bytesOf(opened));

describe('a document that is remembered', () => {
  test('is made once while its source is the same, with all that is sent with it', async () => {
    const key = { of: 'world', page: { limit: 7 } };
    const first = await open({ source: '1', key });
    const again = await open({ source: '1', key });

    expect(made).toBe(1);
    expect(await textOf(again)).toBe(`hello${WORDS} at http://a`);
    expect([again.etag, again.headers]).toEqual([first.etag, { link: '7' }]);
    // Another process may have made what held in between, of which this one knows no date.
    expect(again.modifiedAt).toBeUndefined();
    expect(again.contentType).toBe('text/plain');
  });

  test('is made anew of another source, and again of the one before', async () => {
    const texts: string[] = [];
    for (const source of ['1', '2', '1']) {
      const opened = await open({ source, value: async () => `hello ${source}` });
      texts.push((await textOf(opened)).slice(0, 7));
    }

    expect(texts).toEqual(['hello 1', 'hello 2', 'hello 1']);
  });

  test.each<{ readonly what: string; readonly other: Ask }>([
    { what: 'repository', other: { repositoryId: 2 } },
    { what: 'address', other: { baseUrl: 'http://b' } },
    { what: 'name', other: { key: { of: 'moon' } } },
    { what: 'page', other: { key: { of: 'world', page: { limit: 1 } } } },
    { what: 'filter', other: { key: { of: 'world', filter: 'x' } } },
    { what: 'audience', other: { audience: '1 2' } },
  ])('is another one of another $what', async ({ other }) => {
    await open({ source: '1', value: async () => 'one' });
    const opened = await open({ source: '1', value: async () => 'two', ...other });

    expect(await textOf(opened)).toStartWith('two');
    expect(await textOf(await open({ source: '1' }))).toStartWith('one');
  });

  test('is made once for all who ask at the same time', async () => {
    const { promise: value, resolve } = Promise.withResolvers<string>();
    const all = Array.from({ length: 5 }, () => open({ source: '1', value: () => value }));
    resolve('hello');

    expect(new Set((await Promise.all(all)).map(({ etag }) => etag)).size).toBe(1);
    expect(made).toBe(1);
  });

  test.each<Ask>([{}, { source: '1', without: ['a member'] }])(
    'is made for whoever alone sees %j, and forgotten',
    async (asked) => {
      for (const value of ['one', 'two'])
        expect(await textOf(await open({ ...asked, value: async () => value }))).toStartWith(value);
      expect(await textOf(await open({ source: '1' }))).toStartWith('hello');
    },
  );

  test('that could not be made is tried again', async () => {
    const broken = open({ source: '1', value: () => Promise.reject(new Error('no')) });
    expect(await failureOf(broken)).toMatchObject({ message: 'no' });

    expect(await textOf(await open({ source: '1' }))).toStartWith('hello');
  });

  test('is compressed once it is asked for again by somebody who takes it so', async () => {
    const first = await open({ source: '1' });
    expect(first.coded).toBeUndefined();
    const again = await open({ source: '1' });
    expect(Object.keys(again.bodies)).toEqual(['identity']);

    for (const coded of [await again.coded?.(), await again.coded?.(), await open({ source: '1' })]) {
      if (!coded) throw new Error('it cannot be had compressed');
      expect(coded.coded).toBeUndefined();
      const zipped = gunzipSync(await bytesOf(coded, 'gzip'));
      expect(new TextDecoder().decode(zipped)).toBe(`hello${WORDS} at http://a`);
    }
  });

  test('is given up for others where there is no room', async () => {
    const large = { source: '1', value: async () => 'x'.repeat(9 * MIB) };
    for (const of of ['a', 'b', 'c', 'd']) await open({ ...large, key: { of } });
    made = 0;
    await open({ ...large, key: { of: 'd' } });
    expect(made).toBe(0);
    await open({ ...large, key: { of: 'a' } });

    expect(made).toBe(1);
  });
});
