import { Database } from 'bun:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  blobName,
  BLOBS,
  DATABASE,
  inSnapshot,
  MANIFEST,
  SIGNING_KEY,
} from '../../stores/backup/backup-names.ts';
import type { BackupTarget } from '../../stores/backup/backup-target.ts';
import { Backups } from '../../stores/backup/backups.ts';
import { readThrough } from '../../stores/backup/copy-file.ts';
import { UNWATCHED } from '../../stores/backup/progress.ts';
import { pruneBackups } from '../../stores/backup/prune-backups.ts';
import { restoreBackup } from '../../stores/backup/restore-backup.ts';
import { BACKUP_STEPS, takeBackup } from '../../stores/backup/take-backup.ts';
import { dataPaths } from '../../stores/data-directory.ts';
import { ApiCaller, IMAGES, type Json } from '../api.ts';
import { failureOf } from '../failure-of.ts';
import { temporary, TestServer } from '../harness.ts';
import { freshImage, ImageClient } from '../oci.ts';
import { blobsOf, complaints, pull, startOn } from '../restored-server.ts';

export interface PlaceOfBackups {
  open(): BackupTarget;
  /** How `entrepot backup` is told of it. */
  readonly argument: string;
  readonly env: Readonly<Record<string, string>>;
  dispose(): Promise<void>;
}

const LIMIT_MS = 60_000;

/** What backups are, wherever they are kept. */
export function backupsContract(where: string, make: () => Promise<PlaceOfBackups>): void {
  describe(`backups in ${where}`, () => {
    let place: PlaceOfBackups;
    let root: string;
    let data: string;
    beforeEach(async () => {
      place = await make();
      root = await temporary();
      data = join(root, 'restored');
    });
    afterEach(async () => {
      await place.dispose();
      await rm(root, { recursive: true });
    });

    const back = (from: string) =>
      takeBackup({ data: from, to: place.open(), now: Date.now, progress: UNWATCHED });
    const restore = (more: { readonly snapshot?: string } = {}) =>
      restoreBackup({ from: place.open(), data, progress: UNWATCHED, ...more });

    test(
      'of a server that takes pushes have all that was acknowledged before they began, byte for byte',
      async () => {
        await using server = await TestServer.start();
        const image = freshImage(server);
        for (let n = 0; n < 12; n += 1) await image.image(`before-${n}`);
        const expected = await Promise.all(Array.from({ length: 12 }, (_, n) => pull(image, `before-${n}`)));

        const over = new AbortController();
        const pushing = (async () => {
          for (let n = 0; !over.signal.aborted; n += 1) await image.image(`during-${n}`);
        })();
        const taken = await back(server.directory.root);
        over.abort();
        await pushing;

        expect(taken.manifest.damaged).toEqual([]);
        expect(await restore()).toMatchObject({ id: taken.id });
        expect(await complaints(data)).toEqual([]);
        await using restored = await startOn(data);
        const there = new ImageClient(restored, image.name);
        expect(await Promise.all(expected.map((_, n) => pull(there, `before-${n}`)))).toEqual(expected);
        await there.image('after');
      },
      LIMIT_MS,
    );

    test(
      'have the trash: what was deleted before one is restored after it was restored',
      async () => {
        await using server = await TestServer.start(['--trash-retention', '7d']);
        const image = freshImage(server);
        const { digest } = await image.image('released');
        const expected = await pull(image, 'released');
        expect((await image.send('DELETE', `manifests/${digest}`)).status).toBe(202);
        await back(server.directory.root);
        await restore();

        await using restored = await startOn(data);
        const there = new ImageClient(restored, image.name);
        expect((await there.send('GET', 'manifests/released')).status).toBe(404);
        const admin = new ApiCaller(restored);
        const { deletedVersions } = await admin.get(`${IMAGES}/deletedVersions`);
        const entry = deletedVersions.find((each: Json) => JSON.stringify(each).includes(digest));
        await admin.ok('POST', `${entry.name}:undelete`, {});
        expect(await pull(there, 'released')).toEqual(expected);
        expect(await complaints(data)).toEqual([]);
      },
      LIMIT_MS,
    );

    test(
      'share what they have in common, each is whole by itself, and what only an old one had goes with it',
      async () => {
        await using server = await TestServer.start();
        const image = freshImage(server);
        const { digest } = await image.image('a');
        const one = await back(server.directory.root);
        await image.image('b');
        const two = await back(server.directory.root);
        expect([one.copied.count, two.copied.count, two.manifest.blobs.count]).toEqual([3, 3, 6]);

        await restore({ snapshot: one.id });
        expect(blobsOf(data)).toHaveLength(3);
        await rm(data, { recursive: true });
        await restore({ snapshot: two.id });
        expect(blobsOf(data)).toHaveLength(6);
        await rm(data, { recursive: true });

        forget(server.directory.root, digest);
        const three = await back(server.directory.root);
        {
          await using backups = await Backups.openToWrite(place.open());
          expect(await backups.ids()).toEqual([one.id, two.id, three.id]);
          const { snapshots, blobs } = await pruneBackups(backups, 1);
          expect(snapshots).toEqual([one.id, two.id]);
          expect([blobs, three.manifest.blobs.count]).toEqual([1, 5]);
        }
        expect(await Array.fromAsync(place.open().list(BLOBS))).toHaveLength(5);
        expect(await restore()).toMatchObject({ id: three.id });
      },
      LIMIT_MS,
    );

    describe('of a stopped server', () => {
      let original: string;
      beforeAll(async () => {
        original = await temporary();
        await using server = await TestServer.start();
        const image = freshImage(server);
        for (const tag of ['a', 'b']) await image.image(tag);
        await cp(server.directory.root, join(original, 'data'), { recursive: true });
      });
      afterAll(() => rm(original, { recursive: true }));
      const source = (): string => join(original, 'data');

      test.each(BACKUP_STEPS)(
        'are none when one is killed at its %s, and the next goes on with what it stored',
        async (step) => {
          const child = fileURLToPath(import.meta.resolve('../backup-crash-child.ts'));
          await using victim = Bun.spawn([process.execPath, child, source(), place.argument, step], {
            env: { PATH: process.env['PATH'], TMPDIR: root, ...place.env },
            stderr: 'inherit',
          });
          await victim.exited;
          expect(victim.signalCode).toBe('SIGKILL');
          const there = await Array.fromAsync(place.open().list(BLOBS));
          expect(await reason(restore())).toMatch('holds no whole backup');

          const { copied, manifest } = await back(source());
          // What was on its way to a storage may have come after that.
          expect(copied.count).toBeLessThanOrEqual(manifest.blobs.count - there.length);
          const names = await Array.fromAsync(place.open().list('snapshots/'));
          expect(names).toHaveLength(manifest.files.length + 1);
          await restore();
          expect(await complaints(data)).toEqual([]);
        },
        LIMIT_MS,
      );

      const blob = (): string => {
        const [first] = blobsOf(source());
        if (first === undefined) throw new Error('no blob');
        return blobName(first.digest);
      };

      const damages: readonly (readonly [
        what: string,
        damage: (id: string) => Promise<void>,
        says: RegExp,
      ])[] = [
        [
          'a blob that is cut off',
          () => replace(place.open(), blob(), cut),
          /is not whole: sha256:\w+ has \d+ bytes instead of/,
        ],
        [
          'a blob with other bytes',
          () => replace(place.open(), blob(), flip),
          /is not whole: sha256:\w+ holds other bytes/,
        ],
        ['a blob too few', () => place.open().remove(blob()), /is not whole: sha256:\w+ is missing/],
        [
          'half a database',
          (id) => replace(place.open(), inSnapshot(id, DATABASE), cut),
          /entrepot\.db of backup .* truncated/,
        ],
        [
          'another database',
          (id) => replace(place.open(), inSnapshot(id, DATABASE), flip),
          /entrepot\.db of backup .* damaged/,
        ],
        [
          'another key',
          (id) => replace(place.open(), inSnapshot(id, SIGNING_KEY), flip),
          /signing-key of backup .* is damaged/,
        ],
        [
          'no key',
          (id) => place.open().remove(inSnapshot(id, SIGNING_KEY)),
          /signing-key of backup .* missing/,
        ],
        [
          'half a manifest',
          (id) => replace(place.open(), inSnapshot(id, MANIFEST), cut),
          /is truncated or damaged/,
        ],
        [
          'another manifest',
          (id) => replace(place.open(), inSnapshot(id, MANIFEST), flip),
          /is truncated or damaged/,
        ],
        ['no manifest', (id) => place.open().remove(inSnapshot(id, MANIFEST)), /has no manifest/],
      ];
      test.each(damages)(
        'with %s are refused, and nothing is written',
        async (_, damage, says) => {
          const { id } = await back(source());
          await damage(id);
          expect(await reason(restore())).toMatch(says);
          expect((await readdir(root)).filter((each) => each !== 'backups')).toEqual([]);
          await mkdir(data);
          expect(await reason(restore())).toMatch(says);
          expect(await readdir(data)).toEqual([]);
        },
        LIMIT_MS,
      );

      test('are asked for by name', async () => {
        expect(await reason(restore())).toMatch('is not a directory of backups that entrepot made');
        await back(source());
        expect(await reason(restore({ snapshot: '2020-01-01T00-00-00.000Z' }))).toMatch('has no backup 2020');
      });

      test('are not pruned where there are none, and none are begun by that', async () => {
        const failure = await failureOf(Backups.openToWrite(place.open(), { begin: false }));
        expect(String(failure)).toMatch('is not a directory of backups that entrepot made');
        expect(await Array.fromAsync(place.open().list())).toEqual([]);
      });

      test('are not put beside something else', async () => {
        await writeFile(join(root, 'mine'), 'mine');
        await place.open().put('thesis.txt', join(root, 'mine'), await readThrough(join(root, 'mine')));
        expect(await reason(back(source()))).toMatch('holds something else');
      });
    });
  });
}

/** As the collector does in the end. */
function forget(directory: string, digest: string): void {
  using database = new Database(dataPaths(directory).database);
  database.run('PRAGMA foreign_keys = OFF');
  database.run('DELETE FROM blob WHERE digest = ?', [digest]);
}

const reason = async (promise: Promise<unknown>): Promise<string> => String(await failureOf(promise));

/** Puts another object where one was. */
async function replace(target: BackupTarget, name: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  const pieces: Buffer[] = [];
  await target.read(name, (piece) => void pieces.push(Buffer.from(piece)));
  await using folder = await target.scratch();
  const path = join(folder.path, 'changed');
  await writeFile(path, change(Buffer.concat(pieces)));
  await target.put(name, path, await readThrough(path));
}

const flip = (bytes: Buffer): Buffer => {
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes;
};
const cut = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.byteLength / 2);
