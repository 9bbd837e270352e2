import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobWriter, CommittedBlob } from '../../core/blob.ts';
import { blobStoreContract } from '../../testing/contracts/blob-store.ts';
import { bodyOf, bytesOf, endlessBody, noise, pausedBody } from '../../testing/contracts/bodies.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { FilesystemBlobs, type FilesystemOptions } from './filesystem.ts';

/** In memory where that is possible: a store is 256 directories, which a disk takes its time to make and sync. */
const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const temporary = (): Promise<string> => mkdtemp(join(base, 'blobs-'));
const sha256 = (bytes: Uint8Array): string =>
  `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;

const mode = async (path: string): Promise<string> => ((await lstat(path)).mode & 0o7777).toString(8);
const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd').catch(() => [])).length;
async function commit(store: FilesystemBlobs, text: string): Promise<CommittedBlob> {
  const writer = await store.begin();
  await writer.append(bodyOf([text]));
  return writer.commit();
}

blobStoreContract('FilesystemBlobs', async () => {
  const root = await temporary();
  const store = await FilesystemBlobs.open({ root });
  return {
    store,
    async dispose() {
      await store[Symbol.asyncDispose]();
      await rm(root, { recursive: true });
    },
  };
});

describe('FilesystemBlobs', () => {
  let root: string;
  let opened: FilesystemBlobs[];
  beforeEach(async () => {
    root = await temporary();
    opened = [];
  });
  afterEach(async () => {
    for (const store of opened) await store[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });
  /** Another server process on the same directory, or the same one after a restart: nothing but the disk is shared. */
  const start = async (options: Partial<FilesystemOptions> = {}): Promise<FilesystemBlobs> => {
    const store = await FilesystemBlobs.open({ root, ...options });
    opened.push(store);
    return store;
  };
  const stages = () => readdir(join(root, 'uploads'));

  describe('on the disk', () => {
    test('lets nobody else in', async () => {
      await rm(root, { recursive: true });
      const store = await start();
      const writer = await store.begin();
      const { digest, generation } = await commit(store, 'secret');
      const hex = digest.slice(7);
      const shard = join(root, 'sha256', hex.slice(0, 2));
      for (const path of [root, join(root, 'uploads'), join(root, 'sha256'), shard])
        expect(await mode(path)).toBe('700');
      for (const path of [
        join(root, 'layout'),
        join(root, 'uploads', writer.id),
        join(shard, `${hex}.${generation}`),
      ])
        expect(await mode(path)).toBe('600');
    });

    test('gives uploads and objects names that nobody can guess', async () => {
      const store = await start();
      const names = [
        (await store.begin()).id,
        (await store.begin()).id,
        (await commit(store, '')).generation,
      ];
      for (const name of names) expect(name).toMatch(/^[0-9a-f]{32}$/);
      expect(new Set(names).size).toBe(3);
    });

    test('never replaces an object, whatever the dice say', async () => {
      let dice = 0;
      const store = await start({ random: (bytes) => new Uint8Array(bytes).fill(dice) });
      const uploadAs = async (id: number) => {
        dice = id;
        const writer = await store.begin();
        await writer.append(bodyOf(['same']));
        dice = 99;
        return writer.commit();
      };
      const first = await uploadAs(1);
      expect(await failureOf(uploadAs(2))).toMatchObject({ code: 'UNAVAILABLE' });
      expect(await store.has(first)).toBe(true);
      expect(await stages()).toEqual([]);
    });

    test('follows no symbolic link', async () => {
      const store = await start();
      const victim = join(root, 'victim');
      await writeFile(victim, 'safe');
      const id = 'a'.repeat(32);
      const blob = await commit(store, 'safe');
      await symlink(victim, join(root, 'uploads', id));
      expect(await failureOf(store.resume(id))).toMatchObject({ code: 'NOT_FOUND' });

      const writer = await store.begin();
      await writer.release();
      await rm(join(root, 'uploads', writer.id));
      await symlink(victim, join(root, 'uploads', writer.id));
      expect(await failureOf(store.follow(writer.id))).toMatchObject({ code: 'UNAVAILABLE' });
      expect(await failureOf(writer.append(bodyOf(['overwritten'])))).toMatchObject({ code: 'UNAVAILABLE' });

      const hex = blob.digest.slice(7);
      const object = join(root, 'sha256', hex.slice(0, 2), `${hex}.${blob.generation}`);
      await rm(object);
      await symlink(victim, object);
      expect(await failureOf(store.open(blob))).toMatchObject({ code: 'NOT_FOUND' });
      expect(await readFile(victim, 'utf8')).toBe('safe');
    });

    test('hands out the file itself', async () => {
      const store = await start();
      const blob = await commit(store, '0123456789');
      const [whole, part] = [await store.open(blob), await store.open(blob, { start: 2, end: 4 })];
      for (const body of [whole, part]) expect(body).toBeInstanceOf(Blob);
      expect([whole.size, part.size]).toEqual([10, 3]);
    });
  });

  describe('starting', () => {
    test('refuses a layout it does not know', async () => {
      await start();
      await writeFile(join(root, 'layout'), 'entrepot blobs 2\n');
      expect(await failureOf(start())).toMatchObject({ reason: 'STORAGE_LAYOUT' });
    });

    test('refuses a directory that holds something else', async () => {
      await writeFile(join(root, 'thesis.tex'), '');
      expect(await failureOf(start())).toMatchObject({ reason: 'STORAGE_LAYOUT' });
      expect(await readdir(root)).toEqual(['thesis.tex']);
    });

    test('refuses a store that has lost a directory', async () => {
      await start();
      await rm(join(root, 'sha256', '7f'), { recursive: true });
      expect(await failureOf(start())).toMatchObject({ reason: 'STORAGE_LAYOUT' });
    });

    test('finishes a start that was cut short', async () => {
      await mkdir(join(root, 'sha256', '00'), { recursive: true });
      await writeFile(join(root, `layout.${'0'.repeat(32)}`), 'entre');
      const store = await start();
      expect(await store.has(await commit(store, 'bytes'))).toBe(true);
    });

    test('may happen in several processes at once', async () => {
      await rm(root, { recursive: true });
      const stores = await Promise.all([start(), start(), start()]);
      const [blob] = await Promise.all(stores.map((store) => commit(store, 'bytes')));
      for (const store of stores) expect(blob && (await store.has(blob))).toBe(true);
    });

    test('keeps unfinished uploads', async () => {
      const { id } = await (await start()).begin();
      const found = await Array.fromAsync((await start()).uploads());
      expect(found.map((upload) => upload.id)).toEqual([id]);
    });
  });

  describe('several processes, or one restarted', () => {
    test.each(['restarted', 'running on'])(
      'continues at the offset that is really on the disk, %s',
      async (how) => {
        const bytes = noise(3_000_000);
        const first = await start();
        const before = await first.begin();
        await before.append(bodyOf([bytes]));
        // As after a crash that lost the last write.
        await truncate(join(root, 'uploads', before.id), 2_345_678);
        const after = await (how === 'restarted' ? await start() : first).resume(before.id);
        expect(after.offset).toBe(2_345_678);
        await after.append(bodyOf([bytes.slice(after.offset)]));
        expect(await after.commit({ size: bytes.length })).toMatchObject({ digest: sha256(bytes) });
      },
    );

    test('takes turns at one upload', async () => {
      const bytes = noise(1_000_000);
      const stores = [await start(), await start()];
      const { id } = await (await start()).begin();
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const writer = await stores[turn % 2]?.resume(id);
        expect(writer?.offset).toBe(at);
        at = (await writer?.append(bodyOf([bytes.slice(at, at + 150_000)]))) ?? Number.NaN;
      }
      const committed = await (await start()).resume(id).then((writer) => writer.commit());
      expect(committed.digest).toBe(`sha256:${sha256(bytes).slice(7)}`);
    });

    test('lets only one of them in at a time', async () => {
      const [one, two] = [await start(), await start()];
      const writer = await one.begin();
      const { body, waiting, finish } = pausedBody([noise(600_000)]);
      const appending = writer.append(body);
      await waiting;
      const intruder = await two.resume(writer.id);
      expect(await failureOf(intruder.append(bodyOf(['x'])))).toMatchObject({ code: 'ABORTED' });
      expect(await failureOf(intruder.commit())).toMatchObject({ code: 'ABORTED' });
      finish();
      expect(await appending).toBe(600_000);
      expect(await intruder.append(bodyOf(['x']))).toBe(600_001);
    });

    test('touches nothing of an upload that another one finished', async () => {
      const [one, two] = [await start(), await start()];
      const writer = await one.begin();
      await writer.append(bodyOf(['whole']));
      const blob = await (await two.resume(writer.id)).commit();
      expect(await failureOf(writer.append(bodyOf(['spoilt'])))).toMatchObject({
        reason: 'BLOB_UPLOAD_UNKNOWN',
      });
      expect(await (await one.open(blob)).text()).toBe('whole');
    });

    test('stops an append whose upload is aborted meanwhile', async () => {
      const writer = await (await start()).begin();
      const { body, cancelled, given } = endlessBody(noise(300_000));
      const appending = writer.append(body);
      while (given() === 0) await Bun.sleep(0);
      await writer.abort();
      expect(await failureOf(appending)).toMatchObject({ reason: 'BLOB_UPLOAD_UNKNOWN' });
      await cancelled;
      expect(await stages()).toEqual([]);
    });
  });

  test('keeps few descriptors open, however many uploads wait', async () => {
    const store = await start();
    const before = await descriptors();
    const writers: BlobWriter[] = [];
    for (let n = 0; n < 300; n += 1) {
      const writer = await store.begin();
      await writer.append(bodyOf([`upload ${n}`]));
      writers.push(writer);
    }
    expect((await descriptors()) - before).toBeLessThan(270);
    const committed = await Promise.all(writers.map((writer) => writer.commit()));
    expect(committed.map(({ digest }) => digest as string)).toEqual(
      writers.map((_, n) => sha256(bytesOf(`upload ${n}`))),
    );
    expect((await descriptors()) - before).toBeLessThan(10);
  });

  test('leaves the reserve alone', async () => {
    const store = await start({ reserveBytes: Number.MAX_SAFE_INTEGER });
    expect(await store.freeBytes()).toBe(0);
    const writer = await store.begin();
    expect(await failureOf(writer.append(bodyOf(['x'])))).toMatchObject({
      reason: 'STORAGE_FULL',
      status: 507,
    });
    expect(await stages()).toEqual([]);
  });

  test('reads a store that is not there as a failure, not as absence', async () => {
    const store = await start();
    const blob = await commit(store, 'bytes');
    const away = `${root}-away`;
    await rename(root, away);
    try {
      const unavailable = { code: 'UNAVAILABLE', status: 503 };
      expect(await failureOf(store.has(blob))).toMatchObject(unavailable);
      expect(await failureOf(store.open(blob))).toMatchObject(unavailable);
      expect(await failureOf(store.delete(blob))).toMatchObject(unavailable);
      expect(await failureOf(store.begin())).toMatchObject(unavailable);
      expect(await failureOf(Array.fromAsync(store.list()))).toMatchObject(unavailable);
      expect(await failureOf(Array.fromAsync(store.uploads()))).toMatchObject(unavailable);
    } finally {
      await rename(away, root);
    }
    expect(await store.has(blob)).toBe(true);
  });

  test('passes over what it did not write', async () => {
    const store = await start();
    const { digest, size, generation } = await commit(store, 'bytes');
    await writeFile(join(root, 'uploads', 'notes.txt'), '');
    await writeFile(join(root, 'sha256', '00', 'notes.txt'), '');
    await chmod(join(root, 'sha256', '00', 'notes.txt'), 0o644);
    expect(await Array.fromAsync(store.list())).toEqual([{ digest, size, generation }]);
    expect(await Array.fromAsync(store.uploads())).toEqual([]);
  });
});
