import type { ScrubStatus } from '../../../contract/client.ts';
import { progressBar } from '../../download/progress-bar.ts';
import { CliError, usage } from '../../exit.ts';
import { defineCommand } from '../../grammar/command.ts';
import { toggle } from '../../grammar/flags.ts';

export const scrub = defineCommand({
  path: 'scrub',
  summary: 'Show whether what is stored is still what it was, or have all of it read now.',
  description: `The server reads everything it stores again and again, slowly, and holds it to its digest. What is damaged
or lost is not served, and listed here; push it again to repair it.

With --now a reading begins at once and at full speed; --wait waits for its end, and fails when anything is damaged.`,
  examples: [
    { says: 'How far it is, and what is damaged:', line: 'entrepot scrub' },
    { says: 'Read everything now, and say how it went:', line: 'entrepot scrub --now --wait' },
  ],
  flags: {
    now: toggle('Read everything, at once and at full speed.'),
    wait: toggle('Wait until that is done. Needs --now.'),
  },
  format: 'yaml',
  async run({ now = false, wait = false }, cli) {
    if (wait && !now) throw usage('--wait waits for what --now begins: give both');
    const client = await cli.client();
    if (!now) return client.scrub.get();
    const begun = await client.scrub.run();
    if (!wait) return begun;

    const bar = cli.terminal.showsProgress ? progressBar(cli.io, 'scrub') : undefined;
    const report = ({ pass, sizeBytes }: ScrubStatus): void =>
      bar?.show(Number(pass?.sizeBytes ?? 0), Number(sizeBytes ?? 0));
    const done = await client.scrub
      .wait(begun, { onPending: report, signal: cli.io.interrupt() })
      .finally(() => bar?.end());
    const [first] = done.damaged ?? [];
    if (first === undefined) return done;
    throw new CliError(
      'integrity',
      `${done.damagedBlobs} damaged or lost, ${first.digest} among them; "entrepot scrub" lists them, and pushing them again repairs them`,
    );
  },
});
