import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError } from '../../stores/backup/backup-error.ts';
import { type BackupTarget, type Contents, OtherBytes } from '../../stores/backup/backup-target.ts';
import { failureOf } from '../failure-of.ts';
import { temporary } from '../harness.ts';

export interface TargetUnderTest {
  /** The same place each time, as another process sees it. */
  open(): BackupTarget;
  dispose(): Promise<void>;
}

const MIB = 1024 * 1024;

const contentsOf = (bytes: Uint8Array | string): Contents => ({
  size: Buffer.byteLength(bytes),
  sha256: new Bun.CryptoHasher('sha256').update(bytes).digest('hex'),
});

/** The promises every BackupTarget makes. */
export function backupTargetContract(name: string, make: () => Promise<TargetUnderTest>): void {
  describe(`${name} is a BackupTarget`, () => {
    let subject: TargetUnderTest;
    let target: BackupTarget;
    let folder: string;
    beforeEach(async () => {
      subject = await make();
      target = subject.open();
      folder = await temporary();
    });
    afterEach(async () => {
      await subject.dispose();
      await rm(folder, { recursive: true });
    });

    const file = async (bytes: Uint8Array | string): Promise<string> => {
      const path = join(folder, crypto.randomUUID());
      await writeFile(path, bytes);
      return path;
    };
    const put = async (called: string, bytes: Uint8Array | string): Promise<void> =>
      target.put(called, await file(bytes), contentsOf(bytes));
    const names = async (below?: string) => Array.fromAsync(subject.open().list(below));

    test('has nothing at first', async () => {
      expect(await names()).toEqual([]);
      expect(await names('blobs/')).toEqual([]);
      expect(await target.has('layout')).toBe(false);
      const failure = await failureOf(target.read('layout'));
      expect(failure).toBeInstanceOf(BackupError);
      expect(String(failure)).toContain(`${target.address} has no layout`);
      await target.remove('layout');
    });

    test.each([
      ['no bytes', new Uint8Array()],
      ['a few', new Uint8Array(1_000).fill(7)],
      ['those of several parts', new Uint8Array(17 * MIB + 5).map((_, at) => at * 31)],
    ])('keeps a file of %s', async (_, bytes) => {
      let sent = 0;
      await target.put('blobs/ab/c', await file(bytes), contentsOf(bytes), (more) => {
        sent += more;
      });
      await target.settle();
      expect(sent).toBe(bytes.byteLength);
      expect(await names()).toEqual([{ name: 'blobs/ab/c', size: bytes.byteLength }]);
      expect(await subject.open().has('blobs/ab/c')).toBe(true);
      expect(await target.has('blobs/ab')).toBe(false);

      const pieces: Buffer[] = [];
      const read = await subject.open().read('blobs/ab/c', (piece) => void pieces.push(Buffer.from(piece)));
      expect(read).toEqual(contentsOf(bytes));
      expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
      await using copy = await target.localCopy('blobs/ab/c');
      expect((await readFile(copy.path)).equals(bytes)).toBe(true);
    });

    const large = new Uint8Array(9 * MIB);
    test.each([
      ['others', 'bytes', { ...contentsOf('other') }],
      ['fewer', 'byte', { ...contentsOf('bytes') }],
      ['more', 'bytes and bytes', { ...contentsOf('bytes') }],
      ['others, in parts', large, { size: large.byteLength, sha256: contentsOf('other').sha256 }],
      ['fewer, in parts', large, contentsOf(new Uint8Array(10 * MIB))],
      ['more, in parts', new Uint8Array(26 * MIB), contentsOf(large)],
    ])('keeps nothing of a file with %s than were meant', async (_, bytes, meant) => {
      expect(await failureOf(target.put('a', await file(bytes), meant))).toBeInstanceOf(OtherBytes);
      expect(await names()).toEqual([]);
      await put('a', 'before');
      expect(await failureOf(target.put('a', await file(bytes), meant))).toBeInstanceOf(OtherBytes);
      expect(await target.read('a')).toEqual(contentsOf('before'));
    });

    test('says that a file of this machine is absent as the system does', async () => {
      const missing = target.put('a', join(folder, 'nowhere'), contentsOf('a'));
      expect(await failureOf(missing)).toMatchObject({ code: 'ENOENT' });
      expect(await names()).toEqual([]);
    });

    test('replaces, removes, and lists folders in the order of names', async () => {
      for (const called of ['b/2', 'b-2', 'b/10/x', 'b/1', 'a', 'b.1', 'c/3']) await put(called, called);
      await put('a', 'again');
      await target.remove('c/3');
      await target.settle();
      expect((await names()).map(({ name: called }) => called)).toEqual([
        'a',
        'b-2',
        'b.1',
        'b/1',
        'b/10/x',
        'b/2',
      ]);
      expect(await names('b/')).toEqual([
        { name: 'b/1', size: 3 },
        { name: 'b/10/x', size: 6 },
        { name: 'b/2', size: 3 },
      ]);
      expect(await target.read('a')).toEqual(contentsOf('again'));
    });

    test('is held by one who writes', async () => {
      const held = await target.hold('write');
      const failure = await failureOf(subject.open().hold('write'));
      expect(failure).toBeInstanceOf(BackupError);
      expect(String(failure)).toContain(`${target.address} is in use by another backup`);
      await held.check();
      expect(await names()).toEqual([]);
      await held[Symbol.asyncDispose]();
      await using next = await subject.open().hold('write');
      await next.check();
    });

    test('keeps what is stored when what was begun is cleared away', async () => {
      await put('a', 'kept');
      await using held = await target.hold('write');
      await target.clear();
      await held.check();
      expect(await names()).toEqual([{ name: 'a', size: 4 }]);
    });

    test('lends a directory that goes with its lender', async () => {
      const lent = await target.scratch();
      await writeFile(join(lent.path, 'a'), 'a');
      expect(await names()).toEqual([]);
      await lent[Symbol.asyncDispose]();
      expect(await failureOf(readFile(join(lent.path, 'a')))).toMatchObject({ code: 'ENOENT' });
    });
  });
}
