import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { DocumentAddress, DocumentLayout } from '../../core/documents.ts';
import { GarbageLab } from '../../testing/garbage-lab.ts';
import { CopyTables } from './copy-tables.ts';
import { DocumentTables } from './document-tables.ts';
import { purgeInSteps } from './purge-copies.ts';

const LAYOUTS: readonly DocumentLayout[] = [
  { variant: 'full', contentType: 'application/json', etag: 'e', bodies: { identity: [0, 2], gzip: [2, 3] } },
];
const bytes = (text: string): Uint8Array<ArrayBuffer>[] => [new TextEncoder().encode(text)];
/** More than is kept in a row. */
const large = (text: string): Uint8Array<ArrayBuffer>[] => bytes(text.padEnd(200_000));

let lab: GarbageLab;
let documents: DocumentTables;
const at: DocumentAddress = { repositoryId: 1, kind: 'packument', key: 'a', form: 'http://here' };
beforeEach(async () => {
  lab = await GarbageLab.open();
  await lab.repo();
  documents = new DocumentTables(lab.database, lab.blobs, lab.now);
});
afterEach(() => lab[Symbol.asyncDispose]());

const objects = async (): Promise<number> => (await lab.objects()).length;

describe('a kept document', () => {
  test('is found with what it was made of and where its bodies are', async () => {
    await documents.keep(at, { source: '7', layouts: LAYOUTS, madeAt: lab.now() }, large('hello'));

    const found = documents.find(at);

    expect(found).toMatchObject({ source: '7', layouts: LAYOUTS, blob: { size: 200_000 } });
    expect(documents.find({ ...at, form: 'http://there' })).toBeUndefined();
    expect(documents.find({ ...at, key: 'b' })).toBeUndefined();
  });

  test('that is small is no blob, and its bytes are there until another takes its place', async () => {
    await documents.keep(at, { source: '7', layouts: LAYOUTS, madeAt: lab.now() }, bytes('hello'));

    const [found] = [documents.find(at)].filter((each) => each !== undefined);
    if (!found) throw new Error('it is not there');
    expect(found).toMatchObject({ source: '7', layouts: LAYOUTS });
    expect(found.blob).toBeUndefined();
    expect(documents.bytes(found)).toEqual(new Uint8Array(Buffer.from('hello')));
    await documents.keep(at, { source: '8', layouts: LAYOUTS, madeAt: lab.now() }, bytes('world'));
    expect(documents.bytes(found)).toBeUndefined();
    expect(documents.find(at)?.id).not.toBe(found.id);
    expect(await objects()).toBe(0);
  });

  test.each([
    ['a large', large('world'), 1],
    ['a small', bytes('world'), 0],
  ])('outlives the collector, and what %s one replaced does not', async (_, next, left) => {
    await documents.keep(at, { source: '7', layouts: LAYOUTS, madeAt: lab.now() }, large('hello'));
    await documents.keep(at, { source: '8', layouts: LAYOUTS, madeAt: lab.now() }, next);
    expect(await objects()).toBe(1 + left);

    await lab.settle();

    expect(await objects()).toBe(left);
    expect(documents.find(at)).toMatchObject({ source: '8' });
  });

  test.each([
    ['was asked for later', { validatedAt: 6 }, false],
    ['was asked for before', { validatedAt: 4 }, true],
    ['was asked for by a clock that was put back', { validatedAt: 10 ** 15 }, true],
    ['was purged meanwhile', 'purged', false],
  ] as const)('of an upstream that %s is kept, or not', async (_, before, isKept) => {
    const copies = new CopyTables(lab.database);
    if (before === 'purged') await purgeInSteps(lab.database, { repositoryId: 1, now: 5, id: 'x' });
    else await copies.validated(1, 'index a', before);
    const note = { what: 'index a', state: { validatedAt: 5, etag: 'e' }, purges: '' };
    await documents.keepCopy(at, { source: '7', layouts: LAYOUTS }, large('hello'), note);
    expect(documents.find(at) !== undefined).toBe(isKept);
    expect(copies.state(1, 'index a')?.etag === 'e').toBe(isKept);
    expect(await objects()).toBe(isKept ? 1 : 0);
  });

  test('goes with what is dropped: of one key, or all of a repository', async () => {
    await documents.keep(at, { source: '1', layouts: LAYOUTS, madeAt: lab.now() }, large('a'));
    await documents.keep(
      { ...at, key: 'b' },
      { source: '1', layouts: LAYOUTS, madeAt: lab.now() },
      bytes('b'),
    );

    await documents.drop(1, 'a');
    await lab.settle();

    expect(documents.find(at)).toBeUndefined();
    expect(documents.find({ ...at, key: 'b' })).toBeDefined();
    await documents.drop(1);
    await lab.settle();
    expect(await objects()).toBe(0);
  });

  test('is kept for a few addresses only, the last that were made', async () => {
    for (let host = 1; host <= 6; host += 1) {
      lab.advance(1_000);
      await documents.keep(
        { ...at, form: `http://host-${host}` },
        { source: '1', layouts: LAYOUTS, madeAt: lab.now() },
        bytes(`host ${host}`),
      );
    }

    const kept = [1, 2, 3, 4, 5, 6].filter((host) => documents.find({ ...at, form: `http://host-${host}` }));

    expect(kept).toEqual([3, 4, 5, 6]);
  });
});
