import { lastId, names } from '../../../contract/names.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { tagParts, versionName } from '../../resolve.ts';
import { earlier } from './earlier.ts';

export const rollbackTag = defineCommand({
  path: 'artifacts tags rollback',
  summary: 'Point a tag at a version that it named before.',
  description:
    'Without flags, at the version that it named before its last move; doing it again undoes it. A tag that was ' +
    'removed comes back. "artifacts tags history" shows what there is to go back to.',
  examples: [
    {
      says: 'Take back the last move of a dist-tag:',
      line: 'entrepot artifacts tags rollback latest --package=@acme/tool --repository=npm',
    },
    {
      says: 'Have the version that it named on Monday morning:',
      line: 'entrepot artifacts tags rollback latest --package=@acme/tool --repository=npm --as-of=2026-03-02T08:00:00Z',
    },
  ],
  positionals: { tag: one('Id or full name of the tag.') },
  flags: {
    package: text('PACKAGE', 'Package of the tag, unless TAG is a full name.'),
    to: text('VERSION', 'The version to go back to, one that the tag named before.'),
    asOf: text('TIME', 'Go back to what the tag named then, such as 2026-03-02T08:00:00Z.'),
  },
  format: 'none',
  async run(args, cli) {
    const parts = await tagParts(cli, args.tag, args.package);
    const version =
      args.to === undefined ? undefined : await versionName(cli, args.to, names.package.format(parts));
    const to = earlier(version, args.asOf);
    const { tagHistory } = await cli.client();
    const rolled = await tagHistory.rollback(names.tag.format(parts), to);
    await cli.terminal.notice(`Tag [${args.tag}] is at [${lastId(rolled.version ?? '')}] again.`);
    return rolled;
  },
});
