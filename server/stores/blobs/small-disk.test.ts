import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bodyOf, endlessBody, noise } from '../../testing/contracts/bodies.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { FilesystemBlobs } from './filesystem.ts';

const run = (...command: readonly string[]) =>
  Bun.spawnSync([...command], { stdout: 'ignore', stderr: 'pipe' });

const directory = await mkdtemp(join(tmpdir(), 'small-disk-'));
const mounted = run('mount', '-t', 'tmpfs', '-o', 'size=6m,mode=0700', 'entrepot-test', directory);
if (!mounted.success) {
  await rm(directory, { recursive: true });
  console.warn(`skipped, a small disk cannot be mounted: ${mounted.stderr.toString().trim()}`);
}

describe.skipIf(!mounted.success)('FilesystemBlobs on a disk of 6 MiB', () => {
  const root = join(directory, 'blobs');
  let store: FilesystemBlobs;
  beforeAll(async () => {
    store = await FilesystemBlobs.open({ root });
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    run('umount', directory);
    await rm(directory, { recursive: true });
  });
  const commit = async (bytes: Uint8Array<ArrayBuffer>) => {
    const writer = await store.begin();
    await writer.append(bodyOf([bytes]));
    return writer.commit();
  };

  test('answers 507 when the disk is full, keeps nothing of it and takes the next blob that fits', async () => {
    const small = await commit(noise(1_000_000));
    const writer = await store.begin();
    const { body, cancelled } = endlessBody(noise(200_000));
    expect(await failureOf(writer.append(body))).toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'STORAGE_FULL',
      status: 507,
    });
    await cancelled;
    expect(await readdir(join(root, 'uploads'))).toEqual([]);
    expect(await (await store.open(small)).bytes()).toEqual(noise(1_000_000));
    expect(await store.has(await commit(noise(3_000_000)))).toBe(true);
  });

  test('answers the same when the disk fills up under it', async () => {
    // No reserve is left to see coming: another program takes the space between our look and our write.
    const writer = await store.begin();
    await writer.append(bodyOf([noise(100_000)]));
    const free = await store.freeBytes();
    const appending = writer.append(
      new ReadableStream({
        async pull(body) {
          await Bun.write(join(directory, 'other'), noise(free));
          body.enqueue(noise(600_000));
          body.close();
        },
      }),
    );
    expect(await failureOf(appending)).toMatchObject({ reason: 'STORAGE_FULL' });
    await rm(join(directory, 'other'));
    expect(await readdir(join(root, 'uploads'))).toEqual([]);
  });

  test('reads on from a disk that turned read-only, and says so to writers', async () => {
    const blob = await commit(noise(1_000));
    expect(run('mount', '-o', 'remount,ro', directory).success).toBe(true);
    try {
      const readOnly = { code: 'UNAVAILABLE', reason: 'STORAGE_READ_ONLY', status: 503 };
      expect(await failureOf(store.begin())).toMatchObject(readOnly);
      expect(await failureOf(store.delete(blob))).toMatchObject(readOnly);
      expect(await (await store.open(blob)).bytes()).toEqual(noise(1_000));
    } finally {
      run('mount', '-o', 'remount,rw', directory);
    }
    expect(await store.has(await commit(noise(2_000)))).toBe(true);
  });

  test('does not start with its uploads on another disk', async () => {
    const other = join(directory, 'other-root');
    await FilesystemBlobs.open({ root: other });
    const uploads = join(other, 'uploads');
    await mkdir(uploads, { recursive: true });
    expect(run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'entrepot-test', uploads).success).toBe(true);
    try {
      expect(await failureOf(FilesystemBlobs.open({ root: other }))).toMatchObject({
        reason: 'STORAGE_LAYOUT',
      });
    } finally {
      run('umount', uploads);
    }
  });
});
