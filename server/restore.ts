import { parseBackupArguments } from './backup-arguments.ts';
import { backupProgram, type Watch } from './backup-program.ts';
import { backupTarget, S3_FLAGS } from './backup-targets.ts';
import { ConfigError } from './config.ts';
import { BackupError } from './stores/backup/backup-error.ts';
import { restoreBackup } from './stores/backup/restore-backup.ts';

const HELP = `Usage: entrepot restore TARGET --data NEWDATA [--snapshot ID] [--quiet]

Makes a data directory out of a backup that entrepot backup made in TARGET: a directory, or s3://BUCKET/PREFIX.

NEWDATA must be empty or not there yet; nothing is ever restored over an installation. Everything is checked first or
while it is copied, byte for byte. A backup that is truncated, damaged, of something else or of a newer version is
refused and leaves nothing behind. Afterwards start the server on NEWDATA.

What was done after the backup is not there: pushes are gone, and tokens and rights that were withdrawn since then are
good again. Look through them before letting people in.

Flags:
  --data NEWDATA       Where the restored server keeps its data
  --snapshot ID        Which backup, as entrepot backup list shows it [default: the newest]
  --quiet              No progress, and no words when all went well
  --s3-endpoint URL    The storage that has the bucket [env: AWS_ENDPOINT_URL; default: Amazon's of the region]
  --s3-region REGION   The bucket's region [env: AWS_REGION; default: us-east-1]

AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where there is one, are the credentials for S3.

The exit code is 1 when something failed or was damaged already in the backup, and 2 when the arguments are not understood.

Examples:
  entrepot restore /mnt/backups/registry --data=/var/lib/entrepot-restored
  entrepot restore s3://backups/registry --data=/var/lib/entrepot-restored --s3-endpoint=https://s3.example.com
  entrepot doctor --deep --data=/var/lib/entrepot-restored
`;

/** `entrepot restore`: answers the exit code. */
export const main = (argv: readonly string[]): Promise<number> => backupProgram(argv, HELP, run);

async function run(argv: readonly string[], watch: Watch): Promise<number> {
  const { words, flags, data, dataGiven } = parseBackupArguments(argv, {
    plain: ['quiet'],
    valued: ['snapshot', ...S3_FLAGS],
  });
  const [named, ...rest] = words;
  if (named === undefined || rest.length > 0)
    throw new ConfigError('give the one directory of backups, or s3://BUCKET/PREFIX, to restore from');
  if (!dataGiven)
    throw new ConfigError('--data says where to restore to: a directory that is empty or not there yet');
  const snapshot = flags.get('snapshot');
  const { id, manifest } = await restoreBackup({
    from: backupTarget(named, flags, process.env),
    data,
    ...(snapshot !== undefined && { snapshot }),
    progress: watch.progress('restoring'),
  });
  watch.say(`restored backup ${id} to ${data}: ${manifest.blobs.count} blobs\n`);
  if (manifest.damaged.length === 0) return 0;
  throw new BackupError(
    `restored, but ${manifest.damaged.length} blobs were damaged when the backup was made and are not in it: ${manifest.damaged.slice(0, 3).join(', ')}; push them again`,
  );
}
