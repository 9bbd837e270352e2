import { names } from '../../../contract/names.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { tagParts } from '../../resolve.ts';

export const deleteTag = defineCommand({
  path: 'artifacts tags delete',
  summary: 'Delete a tag. The version it points at stays.',
  positionals: { tag: one('Id or full name of the tag.') },
  flags: { package: text('PACKAGE', 'Package of the tag, unless TAG is a full name.') },
  format: 'none',
  async run(args, cli) {
    const name = names.tag.format(await tagParts(cli, args.tag, args.package));
    await cli.terminal.confirm(`You are about to delete tag [${args.tag}].`);
    const client = await cli.client();
    await client.tags.delete(name);
    await cli.terminal.notice(`Deleted tag [${args.tag}].`);
    return undefined;
  },
});
