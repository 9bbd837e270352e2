import { Database } from 'bun:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { renameSync, rmSync } from 'node:fs';
import {
  chmod,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobInfo } from '../../core/blob.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { temporary, TestServer } from '../../testing/harness.ts';
import { freshImage } from '../../testing/oci.ts';
import { blobsOf, complaints } from '../../testing/restored-server.ts';
import { layout } from '../blobs/layout.ts';
import { DataDirectory, dataPaths } from '../data-directory.ts';
import { blobName, LAYOUT, MANIFEST, SNAPSHOTS } from './backup-names.ts';
import { Backups } from './backups.ts';
import { FilesTarget } from './files-target.ts';
import { encodeManifest, parseManifest } from './manifest.ts';
import { openSnapshot } from './opened-snapshot.ts';
import { UNWATCHED } from './progress.ts';
import { pruneBackups } from './prune-backups.ts';
import { restoreBackup } from './restore-backup.ts';
import { type BackupStep, takeBackup } from './take-backup.ts';
import { damagedBlobs } from './verify-snapshot.ts';

let root: string;
let to: string;
let data: string;
beforeEach(async () => {
  root = await temporary();
  to = join(root, 'backups');
  data = join(root, 'restored');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const target = (path: string) => new FilesTarget(path, () => crypto.randomUUID());
const back = (from: string, onStep: (step: BackupStep) => void = () => undefined, into = to) =>
  takeBackup({
    data: from,
    to: target(into),
    now: Date.now,
    progress: UNWATCHED,
    onStep,
  });
const restore = (more: { readonly snapshot?: string } = {}) =>
  restoreBackup({ from: target(to), data, progress: UNWATCHED, ...more });

const reason = async (promise: Promise<unknown>): Promise<string> => String(await failureOf(promise));

const first = (directory: string): BlobInfo => {
  const [blob] = blobsOf(directory);
  if (blob === undefined) throw new Error('no blob');
  return blob;
};
const object = (directory: string, blob: BlobInfo): string => layout(dataPaths(directory).blobs).object(blob);

/** Every name below a directory, with the permissions of what is called so. */
async function modes(directory: string): Promise<ReadonlySet<string>> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const found = await Promise.all(
    names.map(async (entry) => {
      const { mode } = await lstat(join(entry.parentPath, entry.name));
      return `${entry.isDirectory() ? 'folder' : 'file'} ${(mode & 0o777).toString(8)}`;
    }),
  );
  return new Set(found);
}

describe('a backup beside a server that takes pushes', () => {
  test('is for its owner alone, secrets included, and so is what is restored from it', async () => {
    await using server = await TestServer.start();
    await freshImage(server).image('a');
    await writeFile(server.directory.initialPassword, 'made up\n');
    const { id } = await back(server.directory.root);
    await restore();

    expect((await readdir(join(to, SNAPSHOTS, id))).sort()).toEqual([
      'entrepot.db',
      'initial-admin-password',
      'manifest.json',
      'signing-key',
    ]);
    expect(await modes(to)).toEqual(new Set(['folder 700', 'file 600']));
    expect(await modes(data)).toEqual(new Set(['folder 700', 'file 600']));
    expect(await readFile(dataPaths(data).signingKey)).toEqual(
      await readFile(dataPaths(server.directory.root).signingKey),
    );
  });

  test('begins anew when what its snapshot names is deleted before it is copied', async () => {
    await using server = await TestServer.start();
    const image = freshImage(server);
    await image.image('stays');
    const { digest } = await image.blob('nobody needs this');
    const loose = blobsOf(server.directory.root).find((blob) => blob.digest === digest);
    if (loose === undefined) throw new Error('no blob');

    const taken = await back(server.directory.root, (step) => {
      if (step !== 'snapshot taken') return;
      using database = new Database(server.directory.database);
      database.run('DELETE FROM file WHERE blob_digest = ?', [digest]);
      database.run('DELETE FROM blob WHERE digest = ?', [digest]);
      rmSync(object(server.directory.root, loose));
    });
    expect(taken.manifest).toMatchObject({ damaged: [], blobs: { count: 3 } });
    await restore();
    expect(await complaints(data)).toEqual([]);
    expect(blobsOf(data).map((blob) => blob.digest)).not.toContain(loose.digest);
  });

  test('takes the bytes of the generation that replaced the one in its snapshot', async () => {
    await using server = await TestServer.start();
    await freshImage(server).image('a');
    const old = first(server.directory.root);
    const young = { ...old, generation: 'f'.repeat(32) };
    const taken = await back(server.directory.root, (step) => {
      if (step !== 'snapshot taken') return;
      renameSync(object(server.directory.root, old), object(server.directory.root, young));
      using database = new Database(server.directory.database);
      database.run('UPDATE blob SET generation = ? WHERE digest = ?', [young.generation, old.digest]);
    });
    expect(taken.manifest).toMatchObject({ damaged: [], blobs: { count: 3 } });
    await restore();
    expect(await complaints(data)).toEqual([]);
  });
});

/** A stopped server's directory, and a backup of it, both copied for each test. */
let original: string;
beforeAll(async () => {
  original = await temporary();
  await using server = await TestServer.start();
  const image = freshImage(server);
  await image.image('a');
  await image.image('b');
  await cp(server.directory.root, join(original, 'data'), { recursive: true });
  await back(server.directory.root, undefined, join(original, 'backups'));
});
afterAll(() => rm(original, { recursive: true }));

const source = (): string => join(root, 'data');

describe('an installation', () => {
  beforeEach(() => cp(join(original, 'data'), source(), { recursive: true }));

  test.each([
    ['a flipped bit', (path: string) => flip(path)],
    ['an object that is lost', (path: string) => rm(path)],
    ['an object that is cut off', (path: string) => truncate(path, 1)],
  ])('with %s has it named as damaged, and the rest is whole', async (_, damage) => {
    const blob = first(source());
    await damage(object(source(), blob));
    const { manifest } = await back(source());
    expect(manifest.damaged).toEqual([blob.digest]);
    await restore();
    using database = new Database(dataPaths(data).database, { readonly: true });
    expect(database.query('SELECT digest FROM blob WHERE state = ?').values('corrupt')).toEqual([
      [blob.digest],
    ]);
  });

  test('whose damage came after a backup gets the sound bytes of that', async () => {
    await back(source());
    const blob = first(source());
    await flip(object(source(), blob));
    expect((await back(source())).manifest.damaged).toEqual([]);
  });

  test('whose contents are away is not taken for one that lost them', async () => {
    await rename(dataPaths(source()).blobs, join(root, 'unmounted'));
    expect(await reason(back(source()))).toMatch('could not be copied');
    await using backups = await Backups.open(target(to));
    expect(await backups.ids()).toEqual([]);
  });

  test('is not backed up into itself, nor over something else', async () => {
    expect(await reason(back(source(), undefined, join(source(), 'b')))).toMatch(
      'is inside the data directory',
    );
    await mkdir(to);
    await writeFile(join(to, 'thesis.txt'), 'mine');
    expect(await reason(back(source()))).toMatch('holds something else');
    expect(await reason(back(join(root, 'nothing')))).toMatch('holds no database');
  });

  test('is backed up by one at a time', async () => {
    await back(source());
    await using held = await Backups.open(target(to));
    expect(await reason(back(source()))).toMatch(`${held.target.address} is in use`);
  });

  test('keeps as many backups as asked for, and the contents they need', async () => {
    const old = await back(source());
    const { digest, size } = first(source());
    using database = new Database(dataPaths(source()).database);
    database.run('PRAGMA foreign_keys = OFF');
    database.run('DELETE FROM blob WHERE digest = ?', [digest]);
    const young = await back(source());

    await using backups = await Backups.openToWrite(target(to));
    expect(await pruneBackups(backups, 2)).toEqual({ snapshots: [], blobs: 0 });
    expect(await pruneBackups(backups, 1)).toEqual({ snapshots: [old.id], blobs: 1 });
    expect(await backups.ids()).toEqual([young.id]);
    expect(await readdir(join(to, SNAPSHOTS))).toEqual([young.id]);
    expect(size).toBeGreaterThan(0);
    await using opened = await openSnapshot(backups, await backups.snapshot(undefined));
    expect(await damagedBlobs(target(to), opened, { deep: true, progress: UNWATCHED })).toEqual([]);
  });
});

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

const someBlob = (): string => join(to, blobName(first(join(original, 'data')).digest));

describe('a backup', () => {
  let snapshot: string;
  beforeEach(async () => {
    await cp(join(original, 'backups'), to, { recursive: true });
    const snapshots = join(to, SNAPSHOTS);
    snapshot = join(snapshots, (await readdir(snapshots))[0] ?? '');
  });
  const manifestPath = (): string => join(snapshot, MANIFEST);
  const rewrite = async (change: object): Promise<void> => {
    const path = manifestPath();
    const manifest = parseManifest(await readFile(path, 'utf8'), 'this');
    await writeFile(path, encodeManifest({ ...manifest, ...change }));
  };

  test('that nothing happened to is restored', async () => {
    await restore();
    expect(await complaints(data)).toEqual([]);
  });

  const damages: readonly (readonly [what: string, damage: () => Promise<unknown>, says: RegExp])[] = [
    ['a truncated blob', () => truncate(someBlob(), 2), /is not whole: sha256:\w+ has 2 bytes instead of/],
    ['a blob with a flipped bit', () => flip(someBlob()), /is not whole: sha256:\w+ holds other bytes/],
    ['a missing blob', () => rm(someBlob()), /is not whole: sha256:\w+ is missing/],
    [
      'a truncated database',
      () => truncate(join(snapshot, 'entrepot.db'), 4096),
      /entrepot\.db of backup .* is truncated or damaged: 4096 bytes instead of/,
    ],
    ['a damaged database', () => flip(join(snapshot, 'entrepot.db')), /entrepot\.db of backup .* is damaged/],
    ['a missing database', () => rm(join(snapshot, 'entrepot.db')), /entrepot\.db of backup .* is missing/],
    ['a damaged key', () => flip(join(snapshot, 'signing-key')), /signing-key of backup .* is damaged/],
    ['a missing key', () => rm(join(snapshot, 'signing-key')), /signing-key of backup .* is missing/],
    ['a truncated manifest', () => truncate(manifestPath(), 40), /is truncated or damaged/],
    ['an empty manifest', () => truncate(manifestPath()), /is truncated or damaged/],
    ['a damaged manifest', () => flip(manifestPath()), /is truncated or damaged/],
    ['no manifest', () => rm(manifestPath()), /has no manifest: it is not a whole backup/],
    ['a manifest of something else', () => rewrite({ kind: 'other' }), /is not a backup of entrepot/],
    ['a later format', () => rewrite({ format: 2 }), /was made by a newer version of entrepot \(format 2\)/],
    [
      'a later database',
      () => rewrite({ migrations: ['001-schema', '077-later'] }),
      /newer version of entrepot, whose database this one does not know \(077-later\)/,
    ],
    [
      'a file of another version',
      async () => {
        await writeFile(join(snapshot, 'more'), '');
        const manifest = parseManifest(await readFile(manifestPath(), 'utf8'), 'this');
        const empty = { name: 'more', size: 0, sha256: new Bun.CryptoHasher('sha256').digest('hex') };
        await rewrite({ files: [...manifest.files, empty] });
      },
      /holds more, which this version does not know/,
    ],
    ['a later layout', () => writeFile(join(to, LAYOUT), 'entrepot backup 2\n'), /later one/],
    ['no marker', () => rm(join(to, LAYOUT)), /is not a directory of backups/],
  ];
  test.each(damages)('with %s is refused, and leaves nothing behind', async (_, damage, says) => {
    await damage();
    expect(await reason(restore())).toMatch(says);
    expect(await readdir(root)).toEqual(['backups']);
    // An empty directory that was there stays, and stays empty.
    await mkdir(data);
    expect(await reason(restore())).toMatch(says);
    expect(await readdir(data)).toEqual([]);
  });

  test('is restored only where nothing is', async () => {
    await mkdir(data);
    await writeFile(join(data, 'entrepot.db'), 'somebody’s');
    expect(await reason(restore())).toMatch('is not empty');
    expect(await readdir(data)).toEqual(['entrepot.db']);
    expect(await reason(restore({ snapshot: '2020-01-01T00-00-00.000Z' }))).toMatch('has no backup 2020');
  });

  test('that was restored halfway keeps a server from starting, and is restored by the next try', async () => {
    await mkdir(join(data, 'restoring', 'blobs'), { recursive: true });
    await writeFile(join(data, 'lock'), '');
    await mkdir(join(data, 'blobs'));
    {
      using directory = new DataDirectory(data);
      expect(() => directory.lock()).toThrow('was interrupted; run entrepot restore again');
    }
    await restore();
    expect(await complaints(data)).toEqual([]);
    expect((await readdir(data)).sort()).toEqual(['blobs', 'entrepot.db', 'keys', 'lock']);
  });

  test('that was copied as a bucket has it, without a lock, is restored', async () => {
    for (const name of ['lock', 'staging']) await rm(join(to, name), { recursive: true, force: true });
    await restore();
    expect(await complaints(data)).toEqual([]);
  });

  test('on a disk that only reads is restored all the same', async () => {
    await chmod(snapshot, 0o500);
    await restore();
    await chmod(snapshot, 0o700);
    expect((await readdir(snapshot)).sort()).toEqual(['entrepot.db', 'manifest.json', 'signing-key']);
    expect(dirname(snapshot)).toBe(join(to, SNAPSHOTS.slice(0, -1)));
  });
});
