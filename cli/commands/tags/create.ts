import { names } from '../../../contract/names.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { required, text } from '../../grammar/flags.ts';
import { tagParts, versionName } from '../../resolve.ts';

export const createTag = defineCommand({
  path: 'artifacts tags create',
  summary: 'Create a tag.',
  positionals: { tag: one('Id or full name of the tag.') },
  flags: {
    package: text('PACKAGE', 'Package of the tag, unless TAG is a full name.'),
    version: required(text('VERSION', 'Version the tag will point at; for an image, its digest.')),
  },
  format: 'none',
  async run(args, cli) {
    const client = await cli.client();
    const parts = await tagParts(cli, args.tag, args.package);
    const pkg = names.package.format(parts);
    const version = await versionName(cli, args.version, pkg);
    const created = await client.tags.create(pkg, parts.tag, { name: names.tag.format(parts), version });
    await cli.terminal.notice(`Created tag [${args.tag}].`);
    return created;
  },
});
