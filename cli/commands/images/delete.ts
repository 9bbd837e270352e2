import { lastId, names } from '../../../contract/names.ts';
import type { Client, Operation } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import { imageAt } from '../../docker/at-server.ts';
import { packageNameOf, packageOf, shown, type WithImage } from '../../docker/image-path.ts';
import { digestOf } from '../../docker/resolve-digest.ts';
import { CliError, usage } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { toggle } from '../../grammar/flags.ts';
import { asyncFlag, deleted } from '../long-running.ts';
import { cascade, type HowToDelete, permanently, showCascade } from '../versions/deletion.ts';

export const deleteImage = defineCommand({
  path: 'artifacts docker images delete',
  summary: 'Delete an image, or one version of it.',
  description:
    'With :TAG or @DIGEST that version is deleted; without either, the image with all its versions and tags. A version ' +
    'with other tags than the one given is only deleted with --delete-tags. What was deleted can be restored for some time ' +
    'with "artifacts versions undelete", unless it is deleted --permanently.',
  examples: [
    {
      says: 'One version with all its tags:',
      line:
        'entrepot artifacts docker images delete localhost:8080/us-central1-docker/my-project/images/app:1.0 ' +
        '--delete-tags',
    },
    {
      says: 'A multi-platform image with the images of its platforms and all signatures:',
      line:
        'entrepot artifacts docker images delete localhost:8080/us-central1-docker/my-project/images/app:1.0 ' +
        '--delete-tags --cascade',
    },
  ],
  positionals: { image: one('Image, with or without :TAG or @DIGEST.') },
  flags: {
    deleteTags: toggle('Delete all tags of the version too.'),
    cascade,
    permanently,
    async: asyncFlag,
  },
  format: 'none',
  async run(args, cli) {
    const image = await imageAt(cli, args.image);
    const client = await cli.client();
    const whole = image.tag === undefined && image.digest === undefined;
    const how = {
      force: args.deleteTags === true,
      cascade: args.cascade === true,
      permanently: args.permanently === true,
    };
    if (whole && how.cascade)
      throw usage(
        '--cascade is about one version; give :TAG or @DIGEST, or leave it out to delete all of them',
      );
    const operation = whole
      ? await deleteAll(cli, client, image, how)
      : await deleteOne(cli, client, image, how);
    return deleted(cli, operation, `image [${args.image}]`, args.async);
  },
});

async function deleteAll(
  cli: Cli,
  client: Client,
  image: WithImage,
  { permanently: isForGood }: HowToDelete,
): Promise<Operation> {
  await cli.terminal.confirm(
    `This operation will delete the image ${shown(image)} with all its versions and tags.`,
  );
  return client.packages.delete(packageNameOf(image), { permanently: isForGood });
}

async function deleteOne(cli: Cli, client: Client, image: WithImage, how: HowToDelete): Promise<Operation> {
  const digest = await digestOf(client, image);
  const name = names.version.format({ ...packageOf(image), version: digest });
  const tags = await tagsOf(client, packageNameOf(image), name);
  const others = tags.filter((tag) => tag !== image.tag);
  if (others.length > 0 && !how.force)
    throw new CliError(
      'conflict',
      `cannot delete ${shown(image)}@${digest}, because it is tagged: ${others.join(', ')}; ` +
        'give --delete-tags to delete the tags with it',
    );
  const forced = { ...how, force: tags.length > 0 };
  if (how.cascade) await showCascade(cli, client, name, forced);
  const lines = ['Digests:', `- ${shown(image)}@${digest}`];
  if (tags.length > 0) lines.push('', 'Tags:', ...tags.map((tag) => `- ${shown(image)}:${tag}`));
  if (!how.cascade) await cli.terminal.notice(lines.join('\n'));
  await cli.terminal.confirm('This operation will delete the above resources.');
  return client.versions.delete(name, forced);
}

async function tagsOf(client: Client, pkg: string, version: string): Promise<readonly string[]> {
  const tags = await Array.fromAsync(
    client.tags.list(pkg, { filter: `version="${version}"`, pageSize: 1000 }),
  );
  return tags.filter((tag) => tag.version === version).map(({ name }) => lastId(name));
}
