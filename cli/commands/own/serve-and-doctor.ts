import { usage } from '../../exit.ts';
import { any, defineCommand, type Command } from '../../grammar/command.ts';

/** Listed so that help, completion and the reference know them; the executable runs them before it comes here. */
const own = (path: string, summary: string, description: string): Command =>
  defineCommand({
    path,
    summary,
    description,
    positionals: { flags: any(`See "entrepot ${path} --help".`) },
    format: 'none',
    run() {
      throw usage(`write "${path}" as the first word: entrepot ${path} ...`);
    },
  });

export const serve = own('serve', 'Run the server.', 'Settings come from flags, the environment and a file.');
export const doctor = own(
  'doctor',
  'Check the data directory and the settings of a server.',
  'Looks at the data directory, free space, the database, the clock and the public address.',
);
export const backup = own(
  'backup',
  'Back a server up into a directory or a bucket, while it runs.',
  'Makes one more backup, copying only what is new; lists, verifies and prunes those there are.',
);
export const restore = own(
  'restore',
  'Make a data directory out of a backup.',
  'Checks every byte, and leaves nothing behind when the backup is not whole.',
);
