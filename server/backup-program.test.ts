import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { meterLine, ProgressMeter } from './progress-meter.ts';
import { temporary, TestServer } from './testing/harness.ts';
import { freshImage } from './testing/oci.ts';
import { entrepotFor } from './testing/program.ts';

let server: TestServer;
let root: string;
beforeAll(async () => {
  server = await TestServer.start();
  server.directory.lock();
  await freshImage(server).image('a');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});
beforeEach(async () => {
  if (root !== undefined) await rm(root, { recursive: true });
  root = await temporary();
});

const entrepot = (...args: readonly string[]) => entrepotFor(server.directory.root, args);

describe('the program', () => {
  test('backs up beside a server, lists, verifies, prunes and restores', async () => {
    const to = join(root, 'backups');
    const first = await entrepot('backup', to);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^backup \S+Z: 3 blobs of 0\.0 MiB; 3 of 0\.0 MiB were new\n$/);
    expect(await entrepot('backup', to, '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });

    const listed = await entrepot('backup', 'list', to);
    const ids = listed.stdout
      .split('\n')
      .flatMap((line) => /^(\S+) {2}3 blobs of 0\.0 MiB$/.exec(line)?.[1] ?? []);
    expect(ids).toHaveLength(2);
    expect(await entrepot('backup', 'verify', to, '--deep')).toEqual({
      code: 0,
      stdout: `${ids[0]}  whole\n${ids[1]}  whole\n`,
      stderr: '',
    });
    expect(await entrepot('backup', 'prune', to, '--keep=1')).toEqual({
      code: 0,
      stdout: `removed backup ${ids[0]}\nremoved 0 blobs that no backup needs\n`,
      stderr: '',
    });

    const data = join(root, 'restored');
    expect(await entrepot('restore', to, '--data', data)).toEqual({
      code: 0,
      stdout: `restored backup ${ids[1]} to ${data}: 3 blobs\n`,
      stderr: '',
    });
    expect(await entrepot('doctor', '--deep', `--data=${data}`)).toMatchObject({ code: 0 });
  });

  test('says what is damaged, and restores nothing of it', async () => {
    const to = join(root, 'backups');
    await entrepot('backup', to);
    const [name] = [...new Bun.Glob('blobs/*/*').scanSync(to)];
    await truncate(join(to, name ?? ''), 1);

    const verified = await entrepot('backup', 'verify', to);
    expect(verified).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('delete what is damaged below blobs/'),
    });
    expect(verified.stdout).toMatch(/^\S+Z {2}sha256:[0-9a-f]{64} has 1 bytes instead of \d+\n$/);
    const restored = await entrepot('restore', to, `--data=${join(root, 'restored')}`);
    expect(restored).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('is not whole: sha256:'),
    });
  });

  const misunderstood: readonly (readonly [args: readonly string[], says: string])[] = [
    [['backup', 's3://bucket/path'], 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say who asks'],
    [['restore', 's3://bucket', '--data=x'], 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say who asks'],
    [['backup', 's3://B/path'], 's3://B/path is not understood: write s3://BUCKET/PREFIX'],
    [['backup', 's3://bucket/a/../b'], 'is not understood'],
    [['backup', 'gs://bucket/a'], 'gs://bucket/a is neither a directory nor s3://BUCKET/PREFIX'],
    [['backup', 's3://bucket', '--s3-endpoint=https://me:secret@host'], 'the endpoint of S3 is https://HOST'],
    [['backup', 's3://bucket', '--s3-region=a/b'], 'a/b is not a region'],
    [['backup', 'a', '--s3-region=b'], '--s3-region is for s3://BUCKET/PREFIX, not for a'],
    [['backup', 'a', 'b'], 'give one directory'],
    [['backup', 'list'], 'give one directory'],
    [['backup', 'a', '--deep'], '--deep is not for this command'],
    [['backup', 'a', '--frobnicate'], '--frobnicate is not a flag of this command'],
    [['backup', 'a', '--data'], '--data needs a value'],
    [['backup', 'prune', 'a', '--keep=0'], '--keep says how many backups stay'],
    [['backup', 'prune', 'a'], '--keep says how many backups stay'],
    [['restore', 'a'], '--data says where to restore to'],
    [['restore', '--data=b'], 'give the one directory of backups'],
  ];
  test.each(misunderstood)('%p is not understood', async (args, says) => {
    expect(await entrepot(...args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(says),
    });
  });

  test('names its secrets and shows examples when asked for help', async () => {
    const [backup, restore] = await Promise.all([
      entrepot('backup', '--help'),
      entrepot('restore', '--help'),
    ]);
    expect(backup).toMatchObject({ code: 0, stdout: expect.stringContaining('the key that signs tokens') });
    expect(restore).toMatchObject({ code: 0, stdout: expect.stringContaining('Examples:') });
  });

  test('says that there is no backup where there is none', async () => {
    const nowhere = join(root, 'typo');
    expect(await entrepot('backup', 'prune', nowhere, '--keep=1')).toMatchObject({
      code: 1,
      stderr: `entrepot: ${nowhere} is not a directory of backups that entrepot made\n`,
    });
    expect(await readdir(root)).toEqual([]);
    expect(await entrepot('restore', root, `--data=${join(root, 'x')}`)).toMatchObject({
      code: 1,
      stderr: `entrepot: ${root} is not a directory of backups that entrepot made\n`,
    });
  });
});

describe('progress', () => {
  test.each([
    [0, 0, 0, 'copying  100%  0.0 of 0.0 MiB  0.0 MiB/s'],
    [3 * 2 ** 20, 12 * 2 ** 20, 2_000, 'copying   25%  3.0 of 12.0 MiB  1.5 MiB/s  0:06 left'],
    [2 ** 20, 2 ** 33, 1_000, 'copying    0%  1.0 of 8192.0 MiB  1.0 MiB/s  2:16:31 left'],
  ])('of %d of %d bytes after %d ms', (done, total, milliseconds, line) => {
    expect(meterLine('copying', done, total, milliseconds)).toBe(line);
  });

  test('is drawn seldom, and taken away at the end', () => {
    let at = 0;
    const drawn: string[] = [];
    const meter = new ProgressMeter({ label: 'copying', now: () => at, write: (text) => drawn.push(text) });
    meter.total(4);
    for (at of [1, 2, 3, 300]) meter.done(1);
    meter.clear();
    expect(drawn.map((text) => text.slice(0, 14))).toEqual([
      '\rcopying   25%',
      '\rcopying  100%',
      '\r\u001b[K',
    ]);
  });
});
