import { defineCommand } from '../../grammar/command.ts';

export const recountUsage = defineCommand({
  path: 'storage recount',
  summary: 'Count anew what is stored where, and put right what was counted wrong.',
  description: `What packages, repositories and projects hold is counted with every change. Should that ever be wrong, which
"entrepot doctor --deep" finds out, this counts everything again. Where it was wrong, nothing can be published for as long as
that takes: some seconds for a million files.`,
  format: 'yaml',
  async run(_, cli) {
    const client = await cli.client();
    const { corrections = [] } = await client.usage.recount();
    await cli.terminal.notice(
      corrections.length === 0 ? 'Everything was counted right.' : `Corrected: [${corrections.length}].`,
    );
    return corrections.length === 0 ? undefined : corrections;
  },
});
