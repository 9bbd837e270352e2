import { usage } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { toggle } from '../../grammar/flags.ts';

const DELETES = `The server deletes by itself what nobody needs: uploaded files that no version came to use, and contents that
nothing names any more. Versions without tags stay until they are deleted, or a cleanup policy does it.`;

export const runGarbageCollection = defineCommand({
  path: 'storage gc run',
  summary: 'Delete what nobody needs and is due, without waiting for the next time.',
  description: `${DELETES}

What is not due yet is left alone, also now: the settings --gc-lease, --gc-grace and --gc-sweep-delay of the server say
how long things wait.`,
  examples: [
    { says: 'What would be deleted?', line: 'entrepot storage gc run --dry-run' },
    { says: 'Delete it, and say what was:', line: 'entrepot storage gc run --wait' },
  ],
  flags: {
    dryRun: toggle('Say what would be done, and do nothing.'),
    wait: toggle('Wait until it is done.'),
    force: toggle('Also delete an implausible share of everything, and do not wait after the clock was set.'),
  },
  format: 'yaml',
  async run({ dryRun = false, wait = false, force = false }, cli) {
    if (dryRun && (wait || force)) throw usage('--dry-run goes with neither --wait nor --force');
    const client = await cli.client();
    const run = await client.garbage.run(dryRun ? { dryRun } : { force });
    if (dryRun) return run;
    if (wait) return client.garbage.wait(run, { signal: cli.io.interrupt() });
    await cli.terminal.notice('See "entrepot storage gc describe" for what it does.');
    return run;
  },
});

export const describeGarbageCollection = defineCommand({
  path: 'storage gc describe',
  summary: 'Show what waits to be deleted, and what was.',
  description: DELETES,
  format: 'yaml',
  run: async (_, cli) => (await cli.client()).garbage.get(),
});

export const explainBlob = defineCommand({
  path: 'storage explain',
  summary: 'Show who needs some contents, or when they were deleted.',
  examples: [
    {
      says: 'Why is this layer still there?',
      line: 'entrepot storage explain sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    },
  ],
  positionals: { digest: one('The digest, sha256: and 64 hex digits.') },
  format: 'yaml',
  run: async ({ digest }, cli) => (await cli.client()).garbage.explain(digest),
});
