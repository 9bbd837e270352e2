import { type BackupArguments, parseBackupArguments } from './backup-arguments.ts';
import { backupProgram, print, type Watch } from './backup-program.ts';
import { backupTarget, S3_FLAGS } from './backup-targets.ts';
import { ConfigError } from './config.ts';
import { BackupError } from './stores/backup/backup-error.ts';
import type { BackupTarget } from './stores/backup/backup-target.ts';
import { Backups, type Snapshot } from './stores/backup/backups.ts';
import { openSnapshot } from './stores/backup/opened-snapshot.ts';
import { pruneBackups } from './stores/backup/prune-backups.ts';
import { takeBackup } from './stores/backup/take-backup.ts';
import { damagedBlobs } from './stores/backup/verify-snapshot.ts';

const HELP = `Usage: entrepot backup TARGET [--data DATA] [--quiet]
       entrepot backup list TARGET
       entrepot backup verify TARGET [--snapshot ID] [--deep] [--quiet]
       entrepot backup prune TARGET --keep N

Backs an installation up, while its server runs; nothing stops or waits for it. TARGET is a directory, or
s3://BUCKET/PREFIX for object storage that speaks S3.

Each run makes one more backup there, named after its time. Backups share the contents they have in common, so a run
copies only what is new, and each of them can be restored by itself. A backup that was interrupted is not listed and
not restored; the next run goes on with what it had copied.

Backups hold secrets: the key that signs tokens, password hashes and, until it is changed, the initial password. In a
directory they are for their owner alone, and they should stay so wherever copies of them go. Unfinished uploads are not
backed up.

  list      Shows the backups there are, oldest first
  verify    Checks that every backup, or the one named, is whole; with --deep reads every byte of its contents
  prune     Removes all backups but the newest N, and the contents that only they had

Flags:
  --data DATA          The data directory of the server; its other settings, --config among them, name it too
  --snapshot ID        A backup, as list shows it
  --deep               Reads every byte
  --keep N             How many backups stay, at least 1
  --quiet              No progress, and no words when all went well
  --s3-endpoint URL    The storage that has the bucket [env: AWS_ENDPOINT_URL; default: Amazon's of the region]
  --s3-region REGION   The bucket's region [env: AWS_REGION; default: us-east-1]

AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where there is one, are the credentials for S3.

The exit code is 1 when something failed or is damaged, and 2 when the arguments are not understood.

Examples:
  entrepot backup /mnt/backups/registry --data=/var/lib/entrepot
  entrepot backup s3://backups/registry --data=/var/lib/entrepot --s3-endpoint=https://s3.example.com
  entrepot backup verify s3://backups/registry --deep
  entrepot backup prune /mnt/backups/registry --keep=14
`;

/** `entrepot backup`: answers the exit code. */
export const main = (argv: readonly string[]): Promise<number> => backupProgram(argv, HELP, run);

async function run(argv: readonly string[], watch: Watch): Promise<number> {
  const given = parseBackupArguments(argv, {
    plain: ['quiet', 'deep'],
    valued: ['snapshot', 'keep', ...S3_FLAGS],
  });
  const [first, second, ...rest] = given.words;
  const verb = COMMANDS[first ?? ''];
  const named = verb === undefined ? first : second;
  if (named === undefined || rest.length > 0 || (verb === undefined && second !== undefined))
    throw new ConfigError('give one directory, or s3://BUCKET/PREFIX; entrepot backup --help shows how');
  for (const flag of given.flags.keys())
    if (!ALWAYS.includes(flag) && !(verb?.flags ?? []).includes(flag))
      throw new ConfigError(`--${flag} is not for this command; entrepot backup --help says more`);
  const target = backupTarget(named, given.flags, process.env);
  return (verb?.run ?? take)(target, given, watch);
}

const ALWAYS: readonly string[] = ['quiet', ...S3_FLAGS];

interface Verb {
  readonly flags: readonly string[];
  readonly run: (target: BackupTarget, given: BackupArguments, watch: Watch) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, Verb>> = {
  list: { flags: [], run: list },
  verify: { flags: ['snapshot', 'deep'], run: verify },
  prune: { flags: ['keep'], run: prune },
};

async function take(to: BackupTarget, { data }: BackupArguments, watch: Watch): Promise<number> {
  const { id, manifest, copied } = await takeBackup({
    data,
    to,
    now: Date.now,
    progress: watch.progress('copying'),
  });
  watch.say(`backup ${id}: ${contents(manifest)}; ${copied.count} of ${mib(copied.bytes)} were new\n`);
  if (manifest.damaged.length === 0) return 0;
  throw new BackupError(
    `${manifest.damaged.length} damaged in the installation and not in the backup, which is otherwise whole: ${manifest.damaged.slice(0, 3).join(', ')}; entrepot doctor --deep says more, and pushing them again repairs them`,
  );
}

async function list(target: BackupTarget): Promise<number> {
  await using backups = await Backups.open(target);
  for (const { id, manifest } of await backups.snapshots())
    print(
      `${id}  ${contents(manifest)}${manifest.damaged.length > 0 ? `, ${manifest.damaged.length} damaged` : ''}\n`,
    );
  return 0;
}

async function verify(target: BackupTarget, { flags }: BackupArguments, watch: Watch): Promise<number> {
  await using backups = await Backups.open(target);
  const wanted = flags.get('snapshot');
  const ids = wanted === undefined ? await backups.ids() : [wanted];
  if (ids.length === 0) throw new BackupError(`${target.address} holds no whole backup`);
  let sound = true;
  for (const id of ids) {
    const wrong = await whatIsWrong(backups, id, flags.has('deep'), watch);
    if (wrong.length === 0) watch.say(`${id}  whole\n`);
    for (const says of wrong) print(`${id}  ${says}\n`);
    sound &&= wrong.length === 0;
  }
  if (sound) return 0;
  throw new BackupError(
    'what is damaged cannot be restored; delete what is damaged below blobs/ and run the backup again, which copies what the installation still has',
  );
}

async function whatIsWrong(
  backups: Backups,
  id: string,
  deep: boolean,
  watch: Watch,
): Promise<readonly string[]> {
  try {
    const snapshot = await backups.snapshot(id);
    await using opened = await openSnapshot(backups, snapshot);
    const progress = watch.progress(`reading ${id}`);
    if (deep) progress.total(snapshot.manifest.blobs.bytes);
    return await damagedBlobs(backups.target, opened, { deep, progress });
  } catch (error) {
    if (error instanceof BackupError) return [error.message];
    throw error;
  }
}

async function prune(target: BackupTarget, { flags }: BackupArguments, watch: Watch): Promise<number> {
  const keep = /^[1-9]\d{0,5}$/.test(flags.get('keep') ?? '') ? Number(flags.get('keep')) : undefined;
  if (keep === undefined) throw new ConfigError('--keep says how many backups stay: a number from 1');
  await using backups = await Backups.openToWrite(target, { begin: false });
  const { snapshots, blobs } = await pruneBackups(backups, keep);
  for (const id of snapshots) watch.say(`removed backup ${id}\n`);
  watch.say(`removed ${blobs} blobs that no backup needs\n`);
  return 0;
}

const contents = ({ blobs }: Snapshot['manifest']): string =>
  `${blobs.count} ${blobs.count === 1 ? 'blob' : 'blobs'} of ${mib(blobs.bytes)}`;
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
