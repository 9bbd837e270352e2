import { names } from '../../../contract/names.ts';
import { imageAt } from '../../docker/at-server.ts';
import { packageNameOf, packageOf, shown } from '../../docker/image-path.ts';
import { usage } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { bySize } from '../paging.ts';
import { eventsTable } from '../tags/earlier.ts';

export const imageTagHistory = defineCommand({
  path: 'artifacts docker tags history',
  summary: 'List what happened to a tag, or to all tags of an image, newest first.',
  description:
    'Tells when a tag was created, moved or removed, by whom, and which image it named since then; for a removal, ' +
    'the image that it named until then.',
  examples: [
    {
      says: 'Who moved the tag of what is in production:',
      line: 'entrepot artifacts docker tags history localhost:8080/us-central1-docker/my-project/images/app:production',
    },
  ],
  positionals: { image: one('Image, with or without :TAG.') },
  lists: true,
  uri: 'tag',
  format: eventsTable('DIGEST'),
  async run(args, cli) {
    const image = await imageAt(cli, args.image);
    if (image.digest !== undefined)
      throw usage(`[${args.image}] is one image, and images do not change; write ${shown(image)}:TAG`);
    const { tagHistory } = await cli.client();
    return image.tag === undefined
      ? tagHistory.ofPackage(packageNameOf(image), bySize(cli))
      : tagHistory.ofTag(names.tag.format({ ...packageOf(image), tag: image.tag }), bySize(cli));
  },
});
