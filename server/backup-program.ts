import { writeSync } from 'node:fs';
import { ConfigError } from './config.ts';
import { ProgressMeter } from './progress-meter.ts';
import { BackupError } from './stores/backup/backup-error.ts';
import { type Progress, UNWATCHED } from './stores/backup/progress.ts';

/** What a run tells whoever looks on. */
export interface Watch {
  /** On a terminal; nowhere else, and not with --quiet. */
  progress(label: string): Progress;
  /** A line about something that went well. */
  say(text: string): void;
}

type Run = (argv: readonly string[], watch: Watch) => Promise<number>;

/** Runs one of the programs around backups: answers the exit code, and says in one sentence what went wrong. */
export async function backupProgram(argv: readonly string[], help: string, run: Run): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h') || argv.length === 0) {
    print(help);
    return argv.length === 0 ? 2 : 0;
  }
  const quiet = argv.includes('--quiet');
  let meter: ProgressMeter | undefined;
  const watch: Watch = {
    progress: (label) => {
      if (quiet || !process.stderr.isTTY) return UNWATCHED;
      meter = new ProgressMeter({ label, now: Date.now });
      return meter;
    },
    say: (text) => {
      meter?.clear();
      if (!quiet) print(text);
    },
  };
  try {
    return await run(argv, watch);
  } catch (error) {
    meter?.clear();
    complain(explained(error));
    return error instanceof ConfigError ? 2 : 1;
  }
}

function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, message } = error;
  if (error instanceof BackupError || error instanceof ConfigError)
    return cause === undefined ? message : `${message}: ${explained(cause)}`;
  return `the backup could not be worked on: ${message}`;
}

const complain = (text: string): void => void writeSync(2, `entrepot: ${text}\n`);

/** Nobody needs to hear the end: `entrepot backup list | head` closes the pipe. */
export function print(text: string): void {
  try {
    writeSync(1, text);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}
