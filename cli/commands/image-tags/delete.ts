import { names } from '../../../contract/names.ts';
import { imageAt } from '../../docker/at-server.ts';
import { packageOf, shown } from '../../docker/image-path.ts';
import { usage } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';

export const deleteImageTag = defineCommand({
  path: 'artifacts docker tags delete',
  summary: 'Remove a tag from an image. The image stays.',
  positionals: { tag: one('Image with :TAG.') },
  format: 'none',
  async run(args, cli) {
    const image = await imageAt(cli, args.tag);
    if (image.tag === undefined || image.digest !== undefined)
      throw usage(`[${args.tag}] names no tag; write ${shown(image)}:TAG`);
    await cli.terminal.confirm(`You are about to delete tag [${args.tag}].`);
    const client = await cli.client();
    await client.tags.delete(names.tag.format({ ...packageOf(image), tag: image.tag }));
    await cli.terminal.notice(`Deleted tag [${args.tag}].`);
    return undefined;
  },
});
