import type { Client } from '../../../contract/client.ts';
import { lastId, names } from '../../../contract/names.ts';
import { imagePathAt } from '../../docker/at-server.ts';
import { packageNameOf, packageOf, shown, type ImagePath, type WithImage } from '../../docker/image-path.ts';
import { defineCommand, maybe, type Row } from '../../grammar/command.ts';
import { noticeOf } from '../../resolve.ts';
import { bySize } from '../paging.ts';

export const listImageTags = defineCommand({
  path: 'artifacts docker tags list',
  summary: 'List the tags of an image, or of all images of a repository.',
  positionals: {
    imagePath: maybe('Repository or image. Default: the repository of the flags and properties.'),
  },
  lists: true,
  format: 'table(tag.basename():label=TAG, image, version.basename():label=DIGEST)',
  async run(args, cli) {
    const path = await imagePathAt(cli, args.imagePath);
    const client = await cli.client();
    await cli.terminal.notice(noticeOf(path));
    const { image } = path;
    return image === undefined
      ? tagsInRepository(client, path, bySize(cli))
      : tagsOfImage(client, { ...path, image }, bySize(cli));
  },
});

interface Paging {
  readonly pageSize: number;
}

async function* tagsOfImage(client: Client, image: WithImage, paging: Paging): AsyncGenerator<Row> {
  for await (const { name, version } of client.tags.list(packageNameOf(image), paging))
    yield { tag: name, image: shown(image), version };
}

/** From the images, which name their tags: one query instead of one for each image. */
async function* tagsInRepository(client: Client, path: ImagePath, paging: Paging): AsyncGenerator<Row> {
  for await (const { name, tags = [] } of client.dockerImages.list(names.repository.format(path), paging)) {
    const [pkg = '', digest = ''] = lastId(name).split('@');
    const parts = packageOf({ ...path, image: pkg });
    for (const tag of tags)
      yield {
        tag: names.tag.format({ ...parts, tag }),
        image: `${path.prefix}/${pkg}`,
        version: names.version.format({ ...parts, version: digest }),
      };
  }
}
