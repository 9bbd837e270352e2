import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type {
  DocumentAddress,
  DocumentReader,
  DocumentStore,
  OpenedDocument,
  StoredDocument,
} from '../core/documents.ts';
import { defineKeptIndex, type IndexPart } from '../core/index-kind.ts';
import { failureOf } from '../testing/failure-of.ts';
import { MemoryBlobs } from '../stores/blobs/memory.ts';
import { Company } from './company.ts';
import { KeptDocuments } from './kept-documents.ts';

const index = defineKeptIndex<string>({
  name: 'greeting',
  build: async () => undefined,
  merge: ([first = '']) => first,
  documents: (value, { of: key }, baseUrl) => [
    { variant: 'long', contentType: 'text/plain', body: [`${value} ${key} `, `at ${baseUrl}`] },
    { variant: 'short', contentType: 'text/x-short', body: [value] },
    { variant: 'words', contentType: 'text/plain', body: [value, WORDS] },
  ],
});

const pages = defineKeptIndex<string>({
  name: 'pages',
  build: async () => undefined,
  merge: ([first = '']) => first,
  documents: (value) => [{ variant: 'all', contentType: 'text/plain', body: [value, 'a'.repeat(20_000)] }],
});

/** Long enough to be worth compressing. */
const WORDS = ' and good morning'.repeat(20);

const idOf = ({ form, key, kind }: DocumentAddress): string => `${form} ${key} ${kind}`;

let source: string | undefined;
let without: readonly string[] | undefined;
let made: number;
let keeps: number;
let failures: unknown[];
let store: Map<string, StoredDocument>;
/** Bytes of those that are no blob, by their ids. */
let small: Map<string, Uint8Array<ArrayBuffer>>;
let asBlob: boolean;
/** Resolves when the next document is kept. */
let nextKept: PromiseWithResolvers<void>;
/** Resolves when one was to be made. */
let tried: PromiseWithResolvers<void>;
let full: boolean;
let unmade: Error | undefined;
let reader: DocumentReader;
let documents: KeptDocuments;
/** What another process, or the next one, has of the same. */
let elsewhere: KeptDocuments;
let readerElsewhere: DocumentReader;
beforeEach(() => {
  source = 'one';
  without = undefined;
  made = 0;
  keeps = 0;
  failures = [];
  full = false;
  unmade = undefined;
  store = new Map();
  small = new Map();
  asBlob = false;
  nextKept = Promise.withResolvers();
  tried = Promise.withResolvers();
  const blobs = new MemoryBlobs(() => 0);
  const tables: DocumentStore = {
    find: (at) => store.get(idOf(at)),
    keep: async (at, document, pieces) => {
      keeps += 1;
      if (full) throw new Error('the disk is full');
      const id = `${keeps}`;
      if (asBlob) {
        const writer = await blobs.begin();
        await writer.append(new Blob([...pieces]).stream());
        store.set(idOf(at), { ...document, id, blob: await writer.commit() });
      } else {
        small.set(id, new Uint8Array(Buffer.concat(pieces)));
        store.set(idOf(at), { ...document, id });
      }
      nextKept.resolve();
    },
    bytes: ({ id }) => small.get(id),
    drop: async () => undefined,
  };
  const repo = {
    index: async <T>() =>
      ({
        ...(source !== undefined && { source }),
        ...(without && { without }),
        value: async () => {
          made += 1;
          tried.resolve();
          if (unmade) throw unmade;
          return `hello ${source}`;
        },
        listing: async () => new Map(),
      }) as unknown as IndexPart<T>,
  };
  const start = () =>
    new KeptDocuments({
      company: new Company(),
      store: tables,
      bodies: blobs,
      now: () => 5_000,
      failed: (cause) => failures.push(cause),
    });
  documents = start();
  reader = documents.of(1, repo);
  elsewhere = start();
  readerElsewhere = elsewhere.of(1, repo);
});

afterEach(async () => {
  await documents[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

const ask = (variant: string, baseUrl = 'http://a', of = 'k'): Promise<OpenedDocument> =>
  reader.document(index, { of }, { variant, baseUrl });
/** Says that the index has changed, and waits for what is made of it. */
async function refreshed(): Promise<void> {
  nextKept = Promise.withResolvers();
  reader.refresh(index, { of: 'k' }, 'http://a');
  await nextKept.promise;
}
async function textOf(
  { bodies }: OpenedDocument,
  coding: 'identity' | 'gzip' | 'br' = 'identity',
): Promise<string> {
  const body = await bodies[coding]?.open();
  const bytes = new Uint8Array(await new Response(body ?? null).arrayBuffer());
  const plain = coding === 'gzip' ? gunzipSync(bytes) : coding === 'br' ? brotliDecompressSync(bytes) : bytes;
  return new TextDecoder().decode(plain);
}

describe('a kept document', () => {
  test.each(['on its way to where it is kept', 'kept'])(
    'is made in the variant that is asked for, and in every one when a second is while the first is %s',
    async (is) => {
      expect(await textOf(await ask('long'))).toBe('hello one k at http://a');
      if (is === 'kept') await documents[Symbol.asyncDispose]();
      expect(await textOf(await ask('short'))).toBe('hello one');
      expect(await textOf(await ask('words'))).toBe(`hello one${WORDS}`);
      expect(await textOf(await ask('long'))).toBe('hello one k at http://a');
      expect(made).toBe(2);

      await documents[Symbol.asyncDispose]();

      expect([...store.values()].map(({ layouts }) => layouts.map(({ variant }) => variant))).toEqual([
        ['long', 'short', 'words'],
      ]);
    },
  );

  test('that is to be made anyway is made once, in every variant', async () => {
    reader.refresh(index, { of: 'k' }, 'http://a');
    await ask('long');
    await ask('words');
    expect(made).toBe(1);
  });

  test('is in every coding once it was refreshed, and made no more', async () => {
    await refreshed();
    const opened = await ask('words');

    for (const coding of ['identity', 'gzip', 'br'] as const)
      expect(await textOf(opened, coding)).toBe(`hello one${WORDS}`);
    expect(opened).toMatchObject({ contentType: 'text/plain', modifiedAt: 5_000 });
    expect(made).toBe(1);
  });

  test.each([true, false])(
    'is answered before it is kept, and from where it is kept then (a blob: %p)',
    async (is) => {
      asBlob = is;
      expect(await textOf(await ask('words'))).toBe(`hello one${WORDS}`);
      const before = store.size;

      await documents[Symbol.asyncDispose]();

      expect([before, store.size]).toEqual([0, 1]);
      expect(await textOf(await ask('words'), 'br')).toBe(`hello one${WORDS}`);
      expect(made).toBe(1);
    },
  );

  test('is not compressed where that is not worth it', async () => {
    await refreshed();

    expect(Object.keys((await ask('short')).bodies)).toEqual(['identity']);
    expect(Object.keys((await ask('words')).bodies)).toEqual(['identity', 'gzip', 'br']);
  });

  test('whose bytes gave way to others after it was found is made again', async () => {
    await refreshed();
    await documents[Symbol.asyncDispose]();
    small.clear();

    expect(await textOf(await ask('short'))).toBe('hello one');
    expect(made).toBe(2);
  });

  test('is made once however often it is said to have changed', async () => {
    for (let change = 0; change < 20; change += 1) reader.refresh(index, { of: 'k' }, 'http://a');
    await nextKept.promise;

    expect({ made, keeps }).toEqual({ made: 1, keeps: 1 });
  });

  test('that nobody waits for is made behind the answer, and not when there is nothing to make it of', async () => {
    unmade = new Error('nothing is left of it');
    reader.refresh(index, { of: 'gone' }, 'http://a');
    await tried.promise;
    unmade = undefined;

    await refreshed();

    expect(failures).toEqual([]);
    expect(await textOf(await ask('words'), 'gzip')).toBe(`hello one${WORDS}`);
  });

  test('is made once for all who ask at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => ask('long')));

    expect(new Set(all.map(({ etag }) => etag)).size).toBe(1);
    expect(made).toBe(1);
  });

  test('is made anew when what it is made of is another', async () => {
    await ask('long');
    const before = await ask('long');
    source = 'two';

    const after = await ask('long');

    expect(await textOf(after)).toBe('hello two k at http://a');
    expect(after.etag).not.toBe(before.etag);
  });

  test('is kept as it was made last, however soon one followed the other', async () => {
    await ask('long');
    source = 'two';
    await ask('long');
    await documents[Symbol.asyncDispose]();

    expect(await textOf(await ask('long'))).toBe('hello two k at http://a');
    expect([...store.values()].map((kept) => kept.source)).toEqual(['two']);
    expect({ made, keeps }).toEqual({ made: 2, keeps: 1 });
  });

  test('is another for another address, and another key', async () => {
    await ask('long');

    expect(await textOf(await ask('long', 'http://b'))).toBe('hello one k at http://b');
    expect(await textOf(await ask('long', 'http://a', 'other'))).toBe('hello one other at http://a');
  });

  test('that is for one caller, or was made without a member, is never kept', async () => {
    source = undefined;
    expect(await textOf(await ask('long'))).toBe('hello undefined k at http://a');
    source = 'one';
    without = ['somebody'];

    const partial = await ask('long');

    expect(partial.without).toEqual(['somebody']);
    expect(store.size).toBe(0);
  });

  test('that cannot be made is told of to who asked, and not as one that could not be kept', async () => {
    unmade = new Error('nothing is left of it');
    expect(await failureOf(ask('long'))).toBe(unmade);
    await documents[Symbol.asyncDispose]();
    expect(failures).toEqual([]);

    unmade = undefined;
    expect(await textOf(await ask('long'))).toBe('hello one k at http://a');
  });

  test('that cannot be kept is still answered, and made again', async () => {
    full = true;
    await ask('long');
    await documents[Symbol.asyncDispose]();

    expect(await textOf(await ask('long'))).toBe('hello one k at http://a');
    expect(failures.length).toBeGreaterThan(0);
    expect(made).toBe(2);
  });
});

const readPages = async (from = reader): Promise<string> =>
  (await textOf(await from.document(pages, { of: 'k' }, { variant: 'all', baseUrl: 'http://a' }))).slice(
    0,
    9,
  );
const changePages = (to: string): void => {
  source = to;
  nextKept = Promise.withResolvers();
  reader.refresh(pages, { of: 'k' }, 'http://a');
};
const keptOf = (kind: string): string | undefined => store.get(`http://a k ${kind}`)?.source;
async function remakePages(to: string): Promise<void> {
  changePages(to);
  await nextKept.promise;
}

describe('a long document', () => {
  test('that nobody read is left as it is however often it changes, and made at once for who asks', async () => {
    await remakePages('one');
    for (const to of ['two', 'ten', 'six']) {
      changePages(to);
      await refreshed();
    }
    await documents[Symbol.asyncDispose]();
    expect([keptOf('pages'), keptOf('greeting')]).toEqual(['one', 'six']);

    expect(await readPages()).toBe('hello six');
  });

  test('that was read is made anew before it is asked for again, and then rests until it was read again', async () => {
    await remakePages('one');
    expect(await readPages()).toBe('hello one');

    await remakePages('two');
    const before = made;

    expect([keptOf('pages'), await readPages(), made - before]).toEqual(['two', 'hello two', 0]);
  });

  test('is read in another process as what was published last, made or not', async () => {
    await remakePages('one');
    expect(await readPages(readerElsewhere)).toBe('hello one');

    for (const to of ['two', 'ten']) {
      changePages(to);
      expect([await readPages(readerElsewhere), await readPages()]).toEqual([`hello ${to}`, `hello ${to}`]);
    }
  });

  test('that was to be made when the process ended is made for the first reader of the next', async () => {
    await remakePages('one');
    await readPages();
    changePages('two');
    await documents[Symbol.asyncDispose]();
    expect(keptOf('pages')).toBe('one');

    expect(await readPages(readerElsewhere)).toBe('hello two');
    await elsewhere[Symbol.asyncDispose]();
    expect(keptOf('pages')).toBe('two');
  });
});
