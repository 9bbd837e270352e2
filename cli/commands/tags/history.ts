import { names } from '../../../contract/names.ts';
import { defineCommand, maybe } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { packageName, tagParts } from '../../resolve.ts';
import { usage } from '../../exit.ts';
import { bySize } from '../paging.ts';
import { eventsTable } from './earlier.ts';

export const tagHistory = defineCommand({
  path: 'artifacts tags history',
  summary: 'List what happened to a tag, or to all tags of a package, newest first.',
  description:
    'Tells when a tag was created, moved or removed, by whom, and which version it named since then; for a removal, ' +
    'the version that it named until then. Dist-tags of npm are tags.',
  examples: [
    {
      says: 'Who moved the tag that everybody installs from?',
      line: 'entrepot artifacts tags history latest --package=@acme/tool --repository=npm',
    },
  ],
  positionals: { tag: maybe('Id or full name of the tag; all of the package where none is given.') },
  flags: { package: text('PACKAGE', 'Package of the tags, unless TAG is a full name.') },
  lists: true,
  uri: 'tag',
  format: eventsTable('VERSION'),
  async run(args, cli) {
    const { tagHistory: history } = await cli.client();
    if (args.tag !== undefined)
      return history.ofTag(names.tag.format(await tagParts(cli, args.tag, args.package)), bySize(cli));
    if (args.package === undefined) throw usage('name a TAG or a --package');
    return history.ofPackage(await packageName(cli, args.package), bySize(cli));
  },
});
