import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError } from '../server/stores/backup/backup-error.ts';
import type { BackupTarget } from '../server/stores/backup/backup-target.ts';
import { backupTargetContract } from '../server/testing/contracts/backup-target.ts';
import { backupsContract } from '../server/testing/contracts/backups.ts';
import { readThrough } from '../server/stores/backup/copy-file.ts';
import { S3Target } from '../server/stores/backup/s3-target.ts';
import { S3Bucket } from '../server/stores/s3/s3-bucket.ts';
import { type S3Place, S3Requests } from '../server/stores/s3/s3-requests.ts';
import { TestServer } from '../server/testing/harness.ts';
import { freshImage } from '../server/testing/oci.ts';
import { entrepotFor } from '../server/testing/program.ts';
import { describeWith } from './harness/needs.ts';
import { scratch } from './harness/scratch.ts';
import { type S3Server, startS3, VERSITYGW } from './harness/s3-server.ts';

const MIB = 1024 * 1024;
const LOOK_EVERY = 16 * MIB;
const LIMIT_MS = 120_000;
const LEASE_MS = 3_000;

const bucketOf = (place: S3Place): S3Bucket =>
  new S3Bucket(
    new S3Requests(place, { now: Date.now, random: Math.random, pause: Bun.sleep, patienceMs: 10_000 }),
  );
const targetAt = (place: S3Place): S3Target =>
  new S3Target({
    bucket: bucketOf(place),
    address: `s3://${place.bucket}/some/where`,
    prefix: 'some/where/',
    newId: () => crypto.randomUUID(),
    lease: { leaseMs: LEASE_MS, pause: Bun.sleep },
  });

/** What listing a target fails with. */
const failure = async (target: BackupTarget): Promise<string> => {
  try {
    await Array.fromAsync(target.list());
  } catch (error) {
    expect(error).toBeInstanceOf(BackupError);
    return String(error);
  }
  throw new Error('it did not fail');
};

describeWith('backups in object storage', [VERSITYGW], () => {
  let storage: S3Server;
  let buckets = 0;
  beforeAll(async () => {
    storage = await startS3();
  }, LIMIT_MS);
  afterAll(() => storage[Symbol.asyncDispose](), LIMIT_MS);

  const freshBucket = (): Promise<S3Place> => storage.bucket(`bucket-${(buckets += 1)}`);

  backupTargetContract('a bucket', async () => {
    const place = await freshBucket();
    return { open: () => targetAt(place), dispose: () => Promise.resolve() };
  });

  backupsContract('a bucket', async () => {
    const place = await freshBucket();
    return {
      open: () => targetAt(place),
      argument: `s3://${place.bucket}/some/where`,
      env: {
        AWS_ENDPOINT_URL: place.endpoint.origin,
        AWS_ACCESS_KEY_ID: place.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: place.credentials.secretAccessKey,
      },
      dispose: () => Promise.resolve(),
    };
  });

  describe('a bucket', () => {
    test('that is not there, or not ours, is refused with what to do about it', async () => {
      const place = await freshBucket();
      const { accessKeyId, secretAccessKey } = place.credentials;
      expect(await failure(targetAt({ ...place, bucket: 'nowhere' }))).toContain(
        `there is no bucket nowhere at ${storage.endpoint}: make it first`,
      );
      const wrongSecret = { accessKeyId, secretAccessKey: 'wrong' };
      expect(await failure(targetAt({ ...place, credentials: wrongSecret }))).toContain(
        'does not accept the signature: check AWS_SECRET_ACCESS_KEY',
      );
      const unknown = { accessKeyId: 'nobody', secretAccessKey };
      expect(await failure(targetAt({ ...place, credentials: unknown }))).toContain(
        'does not know the access key: check AWS_ACCESS_KEY_ID',
      );
      expect(await failure(targetAt({ ...place, region: 'eu-north-7' }))).toContain('--s3-region');
    });

    test(
      'of thousands of objects is listed whole',
      async () => {
        const target = targetAt(await freshBucket());
        await using folder = await scratch('many');
        const path = join(folder.path, 'a');
        await writeFile(path, 'a');
        const held = await readThrough(path);
        const names = Array.from({ length: 1_005 }, (_, n) => `blobs/${String(n).padStart(4, '0')}`);
        for (let at = 0; at < names.length; at += 20)
          await Promise.all(names.slice(at, at + 20).map((name) => target.put(name, path, held)));
        expect((await Array.fromAsync(target.list('blobs/'))).map(({ name }) => name)).toEqual(names);
      },
      LIMIT_MS,
    );

    test('keeps no parts of what was interrupted once it is cleared', async () => {
      const place = await freshBucket();
      const bucket = bucketOf(place);
      const ours = `some/where/blobs/aa/${'a'.repeat(64)}`;
      const upload = await bucket.begin(ours);
      await bucket.putPart(ours, upload, 1, new Uint8Array(5 * 1024 * 1024));
      const others = ['another/blob', 'some/where/else'];
      for (const key of others) await bucket.begin(key);
      const begun = async () => (await Array.fromAsync(bucket.begun(''))).map(({ key }) => key).sort();
      expect(await begun()).toEqual([...others, ours].sort());
      await targetAt(place).clear();
      expect(await begun()).toEqual(others);
    });

    test(
      'that is away for a moment is waited for',
      async () => {
        const target = targetAt(await freshBucket());
        await using folder = await scratch('away');
        const path = join(folder.path, 'large');
        await writeFile(path, '');
        await truncate(path, 40 * 1024 * 1024);
        let restarted: Promise<void> | undefined;
        await target.put('large', path, await readThrough(path), () => {
          restarted ??= storage.stop().then(() => storage.start());
        });
        await restarted;
        expect(await target.read('large')).toEqual(await readThrough(path));
      },
      LIMIT_MS,
    );

    test(
      'gets and gives large files in little memory',
      async () => {
        const target = targetAt(await freshBucket());
        await using folder = await scratch('large');
        const path = join(folder.path, 'large');
        await writeFile(path, '');
        /** What a file takes while it goes there and back, once what is no longer needed is not counted. MiB. */
        const taken = async (size: number): Promise<number> => {
          await truncate(path, size);
          const held = await readThrough(path);
          const before = process.memoryUsage.rss();
          let [most, passed] = [0, 0];
          const look = (bytes: number): void => {
            passed += bytes;
            if (passed < LOOK_EVERY) return;
            passed = 0;
            // Else it is the engine's own time for it that is measured.
            Bun.gc(true);
            most = Math.max(most, process.memoryUsage.rss() - before);
          };
          await target.put('large', path, held, look);
          expect(await target.read('large', (piece) => look(piece.byteLength))).toEqual(held);
          return most / MIB;
        };
        // The first one has the engine take what it keeps for itself.
        await taken(64 * MIB);
        expect(await taken(256 * MIB)).toBeLessThan(128);
      },
      LIMIT_MS,
    );
  });

  describe('the program', () => {
    test(
      'backs up into a bucket, lists, verifies, prunes and restores',
      async () => {
        const { bucket } = await freshBucket();
        const at = `s3://${bucket}/registry`;
        await using server = await TestServer.start();
        server.directory.lock();
        await freshImage(server).image('a');
        await using folder = await scratch('restored');
        const data = join(folder.path, 'data');
        const entrepot = (...args: readonly string[]) =>
          entrepotFor(server.directory.root, args, {
            AWS_ENDPOINT_URL: storage.endpoint,
            AWS_ACCESS_KEY_ID: storage.credentials.accessKeyId,
            AWS_SECRET_ACCESS_KEY: storage.credentials.secretAccessKey,
          });

        expect(await entrepot('backup', 'list', at)).toMatchObject({
          code: 1,
          stderr: `entrepot: ${at} is not a directory of backups that entrepot made\n`,
        });
        const first = await entrepot('backup', at);
        expect(first).toMatchObject({ code: 0, stderr: '' });
        expect(first.stdout).toMatch(/^backup \S+Z: 3 blobs of 0\.0 MiB; 3 of 0\.0 MiB were new\n$/);
        const second = await entrepot('backup', `${at}/`, `--s3-endpoint=${storage.endpoint}`);
        expect(second.stdout).toContain('; 0 of 0.0 MiB were new');
        const [old, young] = [first, second].map(({ stdout }) => /^backup (\S+):/.exec(stdout)?.[1] ?? '');
        expect((await entrepot('backup', 'list', at)).stdout.match(/\S+Z(?= )/g)).toEqual([
          old ?? '',
          young ?? '',
        ]);
        expect(await entrepot('backup', 'verify', at, '--deep')).toEqual({
          code: 0,
          stdout: `${old}  whole\n${young}  whole\n`,
          stderr: '',
        });
        expect(await entrepot('backup', 'prune', at, '--keep=1')).toEqual({
          code: 0,
          stdout: `removed backup ${old}\nremoved 0 blobs that no backup needs\n`,
          stderr: '',
        });
        expect(await entrepot('restore', at, '--data', data)).toEqual({
          code: 0,
          stdout: `restored backup ${young} to ${data}: 3 blobs\n`,
          stderr: '',
        });
        expect(await entrepot('doctor', '--deep', `--data=${data}`)).toMatchObject({ code: 0 });
      },
      LIMIT_MS,
    );
  });
});
