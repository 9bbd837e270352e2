import { beforeEach, describe, expect, test } from 'bun:test';
import type { BlobInfo, Body, ByteRange } from '../core/blob.ts';
import type { CatalogReader, FileRef, HostedRepo, StoredFile } from '../core/catalog.ts';
import { notFound, RegistryError } from '../core/error.ts';
import { defineIndex, type IndexKey } from '../core/index-kind.ts';
import { failureOf } from '../testing/failure-of.ts';
import { StandardRepo } from './standard.ts';

const blob: BlobInfo = { digest: `sha256:${'a'.repeat(64)}`, size: 5, generation: 'g1' };
const file: FileRef = { path: 'pkg/file', freshness: 'immutable', coordinates: { package: 'pkg' } };
const absent: FileRef = { ...file, path: 'pkg/absent' };

type Used = Pick<CatalogReader, 'file' | 'damaged' | 'hasPackage' | 'packageState'> &
  Pick<HostedRepo, 'renew'>;

let stored: StoredFile;
let renewed: StoredFile[];
let opened: { blob: BlobInfo; range: ByteRange | undefined }[];
let repo: StandardRepo;
beforeEach(() => {
  stored = { ...file, contentType: 'text/plain', coordinates: { package: 'pkg', version: '1' }, blob };
  renewed = [];
  opened = [];
  const catalog: Used = {
    file: async ({ path }) => (path === stored.path ? stored : undefined),
    damaged: async ({ path }) => path === 'pkg/damaged',
    hasPackage: async (name) => name === 'pkg',
    packageState: async () => undefined,
    renew: async (known) => void renewed.push(known),
  };
  const bodies = {
    open: async (of: BlobInfo, range?: ByteRange): Promise<Body> => {
      opened.push({ blob: of, range });
      return new Blob(['hello']);
    },
  };
  repo = new StandardRepo(
    'projects/p/locations/l/repositories/r',
    catalog as CatalogReader & HostedRepo,
    bodies,
  );
});

describe('a file of a standard repository', () => {
  test('is what the catalog says, and opens nothing until it is sent', async () => {
    const { blob: bytes, ...known } = stored;

    const answer = await repo.file(file);

    expect(answer).toMatchObject({ file: known, size: 5, digest: bytes.digest });
    expect(opened).toEqual([]);
    await answer.open({ start: 1, end: 2 });
    await answer.open();
    expect(opened).toEqual([
      { blob, range: { start: 1, end: 2 } },
      { blob, range: undefined },
    ]);
  });

  test('is another once the catalog knows another', async () => {
    const before = await repo.file(file);
    const changed: BlobInfo = { ...blob, digest: `sha256:${'b'.repeat(64)}` };
    stored = { ...stored, blob: changed };

    const after = await repo.file(file);

    expect([before.digest, after.digest]).toEqual([blob.digest, changed.digest]);
  });

  test('that is not there is NOT_FOUND', async () => {
    expect(await failureOf(repo.file(absent))).toMatchObject({
      code: 'NOT_FOUND',
      details: { path: 'pkg/absent' },
    });
  });

  test('whose content is damaged is not said to be absent', async () => {
    expect(await failureOf(repo.file({ ...file, path: 'pkg/damaged' }))).toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'CONTENT_DAMAGED',
      status: 503,
    });
  });

  test('has its lease renewed when a writer asks, and nothing happens for one that is not there', async () => {
    await repo.touch(file);
    await repo.touch(absent);

    expect(renewed).toEqual([stored]);
  });
});

const failing = (failure: unknown) => {
  const catalog = { file: async () => stored, renew: () => Promise.reject(failure) };
  const bodies = { open: async () => new Blob([]) };
  return new StandardRepo('r', catalog as unknown as CatalogReader & HostedRepo, bodies);
};

describe('a lease that cannot be renewed', () => {
  test('is no reason not to answer while nothing can be written', async () => {
    await failing(new RegistryError('UNAVAILABLE', 'STORAGE_READ_ONLY', 'no writes')).touch(file);
  });

  test('is one when its bytes are going, or nobody knows why', async () => {
    for (const failure of [notFound('BLOB'), new Error('unknown')])
      expect(await failureOf(failing(failure).touch(file))).toBe(failure);
  });
});

const key = (of: string): IndexKey => ({ of });

describe('an index of a standard repository', () => {
  const greeting = defineIndex<string>({
    name: 'greeting',
    build: async (catalog, { of }) => ((await catalog.hasPackage(of)) ? `hello ${of}` : undefined),
    merge: ([first = '']) => first,
    render: (body) => ({ contentType: 'text/plain', body }),
  });

  test('is built from the catalog', async () => {
    expect(await (await repo.index(greeting, key('pkg'))).value()).toBe('hello pkg');
  });

  test('is NOT_FOUND where there is nothing to build it from', async () => {
    expect(await failureOf(repo.index(greeting, key('other')))).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('that fails to be built fails with that, not with absence', async () => {
    const failure = new Error('the database is away');
    const broken = { ...greeting, build: () => Promise.reject(failure) };

    expect(await failureOf(repo.index(broken, key('pkg')))).toBe(failure);
  });
});
