import { lastId, names } from '../../../contract/names.ts';
import type { Client, DockerImage, ListOptions, Named, Version } from '../../../contract/client.ts';
import { packageNameOf, shown, type ImagePath, type WithImage } from '../../docker/image-path.ts';
import { imagePathAt } from '../../docker/at-server.ts';
import { defineCommand, maybe, type Row } from '../../grammar/command.ts';
import { toggle } from '../../grammar/flags.ts';
import { noticeOf } from '../../resolve.ts';
import { listed } from '../paging.ts';

export const listImages = defineCommand({
  path: 'artifacts docker images list',
  summary: 'List the images of a repository, or the versions of one image.',
  examples: [
    {
      says: 'The newest five images of a repository, with their tags:',
      line:
        'entrepot artifacts docker images list localhost:8080/us-central1-docker/my-project/images ' +
        '--include-tags --sort-by=~createTime --limit=5',
    },
  ],
  positionals: {
    imagePath: maybe('Repository or image. Default: the repository of the flags and properties.'),
  },
  flags: { includeTags: toggle('Show the tags of each image.') },
  lists: true,
  serverOrders: ['createTime', 'updateTime'],
  format: `table(
    package:label=IMAGE,
    version:label=DIGEST,
    tags:optional,
    createTime.date(),
    updateTime.date(),
    metadata.imageSizeBytes.size():label=SIZE
  )`,
  async run(args, cli) {
    const path = await imagePathAt(cli, args.imagePath);
    const client = await cli.client();
    await cli.terminal.notice(noticeOf(path));
    const { image } = path;
    const tags = args.includeTags === true;
    if (image === undefined) return listed(cli, (options) => inRepository(client, path, tags, options));
    return listed(cli, (options) => ofImage(client, { ...path, image }, tags, options));
  },
});

/** One query for a whole repository: each answer names its image and its tags. */
async function* inRepository(
  client: Client,
  path: ImagePath,
  tags: boolean,
  options: ListOptions,
): AsyncGenerator<Row> {
  const parent = names.repository.format(path);
  for await (const image of client.dockerImages.list(parent, options)) yield imageRow(path, image, tags);
}

function imageRow({ prefix }: ImagePath, image: Named<DockerImage>, tags: boolean): Row {
  const [name = '', digest = ''] = lastId(image.name).split('@');
  const { imageSizeBytes, mediaType, artifactType, buildTime, uploadTime, updateTime } = image;
  return {
    package: `${prefix}/${name}`,
    version: digest,
    createTime: uploadTime,
    updateTime,
    metadata: { name: image.name, imageSizeBytes, mediaType, artifactType, buildTime },
    ...(tags ? { tags: image.tags ?? [] } : {}),
  };
}

async function* ofImage(
  client: Client,
  path: WithImage,
  tags: boolean,
  options: ListOptions,
): AsyncGenerator<Row> {
  const view = tags ? 'FULL' : 'BASIC';
  for await (const version of client.versions.list(packageNameOf(path), { ...options, view }))
    yield versionRow(shown(path), version, tags);
}

const versionRow = (
  image: string,
  { name, createTime, updateTime, metadata, relatedTags }: Named<Version>,
  tags: boolean,
): Row => ({
  package: image,
  version: lastId(name),
  createTime,
  updateTime,
  metadata,
  ...(tags ? { tags: (relatedTags ?? []).map((tag) => lastId(tag.name ?? '')) } : {}),
});
