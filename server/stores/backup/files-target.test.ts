import { expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backupTargetContract } from '../../testing/contracts/backup-target.ts';
import { backupsContract } from '../../testing/contracts/backups.ts';
import { temporary } from '../../testing/harness.ts';
import { FilesTarget } from './files-target.ts';

backupTargetContract('a directory', async () => {
  const root = await temporary();
  return {
    open: () => new FilesTarget(join(root, 'backups'), () => crypto.randomUUID()),
    dispose: () => rm(root, { recursive: true }),
  };
});

backupsContract('a directory', async () => {
  const root = await temporary();
  return {
    open: () => new FilesTarget(join(root, 'backups'), () => crypto.randomUUID()),
    argument: join(root, 'backups'),
    env: {},
    dispose: () => rm(root, { recursive: true }),
  };
});

test('a directory that is made for backups lasts, with those above it that were made', async () => {
  const root = await temporary();
  const synced: string[] = [];
  const at = join(root, 'disk', 'backups');
  const open = () =>
    new FilesTarget(
      at,
      () => crypto.randomUUID(),
      async (path) => void synced.push(path),
    );
  for (const _ of ['made', 'there already']) {
    await using held = await open().hold('write');
    await held.check();
    expect(synced).toEqual([join(root, 'disk'), root]);
  }
  await rm(root, { recursive: true });
});
