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
