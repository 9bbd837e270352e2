import { names } from '../../../contract/names.ts';
import { imageAt } from '../../docker/at-server.ts';
import { packageOf, shown } from '../../docker/image-path.ts';
import { digestOf } from '../../docker/resolve-digest.ts';
import { defineCommand, one } from '../../grammar/command.ts';

export const describeImage = defineCommand({
  path: 'artifacts docker images describe',
  summary: 'Show an image: digest, size, tags and platforms.',
  positionals: { image: one('Image with :TAG or @DIGEST; without either, the tag latest.') },
  format: 'yaml',
  async run(args, cli) {
    const image = await imageAt(cli, args.image);
    const client = await cli.client();
    const digest = await digestOf(client, image);
    const { project, location, repository, package: pkg } = packageOf(image);
    const dockerImage = `${pkg}@${digest}`;
    const found = await client.dockerImages.get(
      names.dockerImage.format({ project, location, repository, dockerImage }),
    );
    return {
      image_summary: {
        digest,
        fully_qualified_digest: `${shown(image)}@${digest}`,
        registry: image.prefix.split('/')[0],
        repository,
        tags: found.tags ?? [],
        media_type: found.mediaType,
        artifact_type: found.artifactType,
        image_size_bytes: found.imageSizeBytes,
        upload_time: found.uploadTime,
        build_time: found.buildTime,
        platforms: found.imageManifests,
      },
    };
  },
});
