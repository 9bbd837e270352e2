/** The process that the contract of backups stops: `backup-crash-child.ts <data> <backups> <step>`. */
import { backupTarget } from '../backup-targets.ts';
import { UNWATCHED } from '../stores/backup/progress.ts';
import { takeBackup } from '../stores/backup/take-backup.ts';

// Nobody stops it when the test itself is stopped.
setTimeout(() => process.exit(1), 120_000);

const [data = '', to = '', subject = ''] = process.argv.slice(2);
await takeBackup({
  data,
  to: backupTarget(to, new Map(), process.env),
  now: Date.now,
  progress: UNWATCHED,
  onStep: (step) => {
    if (step === subject) process.kill(process.pid, 'SIGKILL');
  },
});
process.exit();
