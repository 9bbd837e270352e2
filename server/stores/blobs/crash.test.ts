import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bodyOf, noise } from '../../testing/contracts/bodies.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { FilesystemBlobs } from './filesystem.ts';
import { PUBLISH_STEPS } from './publish.ts';

const BYTES = noise(3_000_000);
const DIGEST = `sha256:${new Bun.CryptoHasher('sha256').update(BYTES).digest('hex')}` as const;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'blobs-'));
});
afterEach(() => rm(root, { recursive: true }));

const child = (...args: readonly string[]) =>
  Bun.spawn(
    [process.execPath, fileURLToPath(import.meta.resolve('../../testing/blob-crash-child.ts')), ...args],
    {
      stdout: 'pipe',
      stderr: 'inherit',
      timeout: 120_000,
    },
  );

/** What the objects are called, after reading every one and finding that it is what it is called. */
async function soundObjects(store: FilesystemBlobs): Promise<readonly string[]> {
  const digests: string[] = [];
  for await (const blob of store.list()) {
    const bytes = await (await store.open(blob)).bytes();
    expect(`sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`).toBe(blob.digest);
    digests.push(blob.digest);
  }
  return digests;
}

test.each(PUBLISH_STEPS)(
  'a process killed when its blob is %s leaves nothing half done in sight',
  async (step) => {
    await using victim = child('publish', root, step);
    await victim.exited;
    expect(victim.signalCode).toBe('SIGKILL');

    await using store = await FilesystemBlobs.open({ root });
    const named = step === 'named' || step === 'unstaged' || step === 'directory-synced';
    expect(await soundObjects(store)).toEqual(named ? [DIGEST] : []);

    for await (const { id } of store.uploads()) {
      if (named) {
        expect(await failureOf(store.resume(id))).toMatchObject({ reason: 'BLOB_UPLOAD_UNKNOWN' });
      } else {
        const writer = await store.resume(id);
        expect(writer.offset).toBe(BYTES.length);
        expect(await writer.commit()).toMatchObject({ digest: DIGEST });
      }
    }
    expect(await soundObjects(store)).toEqual([DIGEST]);
    expect(await Array.fromAsync(store.uploads())).toEqual([]);
  },
);

test('a process killed during an append leaves its upload to the others at once', async () => {
  await using store = await FilesystemBlobs.open({ root });
  const writer = await store.begin();
  await using victim = child('append', root, writer.id);
  const { value } = await victim.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe('appending\n');
  expect(await failureOf(writer.append(bodyOf(['x'])))).toMatchObject({ code: 'ABORTED' });

  victim.kill('SIGKILL');
  await victim.exited;
  const resumed = await store.resume(writer.id);
  expect(resumed.offset).toBeGreaterThan(0);
  await resumed.append(bodyOf([BYTES.slice(resumed.offset)]));
  expect(await resumed.commit({ size: BYTES.length })).toMatchObject({ digest: DIGEST });
});
