import { names } from '../../../contract/names.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { required, text } from '../../grammar/flags.ts';
import { tagParts, versionName } from '../../resolve.ts';

export const updateTag = defineCommand({
  path: 'artifacts tags update',
  summary: 'Point a tag at another version.',
  positionals: { tag: one('Id or full name of the tag.') },
  flags: {
    package: text('PACKAGE', 'Package of the tag, unless TAG is a full name.'),
    version: required(text('VERSION', 'Version the tag will point at; for an image, its digest.')),
  },
  format: 'none',
  async run(args, cli) {
    const client = await cli.client();
    const parts = await tagParts(cli, args.tag, args.package);
    const name = names.tag.format(parts);
    const version = await versionName(cli, args.version, names.package.format(parts));
    const updated = await client.tags.patch(name, { name, version }, { updateMask: ['version'] });
    await cli.terminal.notice(`Updated tag [${args.tag}].`);
    return updated;
  },
});
