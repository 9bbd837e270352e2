import type { Cli } from '../../context.ts';
import { usage } from '../../exit.ts';
import { toggle } from '../../grammar/flags.ts';

/** Never a flag: whoever lists processes, or the shell's history, would read it. */
export const passwordFlags = {
  passwordStdin: toggle('Read the password from standard input.'),
} as const;

const INSTEAD = 'give --password-stdin';

/** A new password, typed twice on a terminal. */
export async function askNewPassword(cli: Cli, user: string): Promise<string> {
  const asked = { hidden: true, instead: INSTEAD };
  const password = await cli.terminal.ask(`New password of ${user}: `, asked);
  if ((await cli.terminal.ask('Once more: ', asked)) === password) return password;
  throw usage('the two passwords differ; nothing was changed');
}

export const askCurrentPassword = (cli: Cli, user: string): Promise<string> =>
  cli.terminal.ask(`Current password of ${user}: `, { hidden: true, instead: INSTEAD });

/** So many lines of standard input, which may end in one more line break. */
export async function linesOfStdin(cli: Cli, what: readonly string[]): Promise<readonly string[]> {
  const lines = (await cli.io.stdin.text()).replace(/\r?\n$/, '').split(/\r?\n/);
  if (lines.length === what.length && lines.every((line) => line !== '')) return lines;
  throw usage(
    `standard input must have ${what.length === 1 ? 'one line' : `${what.length} lines`}: ${what.join(', ')}`,
  );
}
