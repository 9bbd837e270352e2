import { ApiError } from '../../../contract/api-error.ts';
import type { Client } from '../../../contract/client.ts';
import { names } from '../../../contract/names.ts';
import { imageAt } from '../../docker/at-server.ts';
import { packageNameOf, packageOf, shown } from '../../docker/image-path.ts';
import { digestOf } from '../../docker/resolve-digest.ts';
import { usage } from '../../exit.ts';
import { defineCommand, one, type Row } from '../../grammar/command.ts';

export const addImageTag = defineCommand({
  path: 'artifacts docker tags add',
  summary: 'Give an image another tag. A tag that exists moves.',
  description: 'No bytes are copied: promoting a tested image is adding a tag to its digest.',
  examples: [
    {
      says: 'Promote what was tested:',
      line:
        'entrepot artifacts docker tags add localhost:8080/us-central1-docker/my-project/images/app:tested ' +
        'localhost:8080/us-central1-docker/my-project/images/app:production',
    },
  ],
  positionals: {
    source: one('Image with :TAG or @DIGEST.'),
    target: one('The same image with the new :TAG.'),
  },
  format: 'none',
  async run(args, cli) {
    const source = await imageAt(cli, args.source);
    const target = await imageAt(cli, args.target);
    if (target.tag === undefined || target.digest !== undefined)
      throw usage(`[${args.target}] names no tag; write ${shown(target)}:TAG`);
    if (packageNameOf(source) !== packageNameOf(target))
      throw usage(`[${args.source}] and [${args.target}] are different images; a tag stays within one image`);
    const client = await cli.client();
    const version = names.version.format({ ...packageOf(source), version: await digestOf(client, source) });
    const added = await pointTag(client, packageNameOf(target), target.tag, version);
    await cli.terminal.notice(`Added tag [${args.target}] to image [${args.source}].`);
    return added;
  },
});

/** Creates the tag or moves it in one step, so that it always points at something. */
async function pointTag(client: Client, pkg: string, tag: string, version: string): Promise<Row> {
  const name = `${pkg}/tags/${tag}`;
  try {
    return await client.tags.create(pkg, tag, { name, version });
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.code !== 'ALREADY_EXISTS') throw thrown;
    return client.tags.patch(name, { name, version }, { updateMask: ['version'] });
  }
}
