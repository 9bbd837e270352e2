import { lastId, names } from '../../contract/names.ts';
import type { Client } from '../../contract/client.ts';
import { CliError } from '../exit.ts';
import { packageOf, shown, type WithImage } from './image-path.ts';

/** The digest an image reference stands for: its own, else the one its tag (or `latest`) points at. */
export async function digestOf(client: Client, image: WithImage): Promise<string> {
  if (image.digest !== undefined) return image.digest;
  const { version } = await client.tags.get(
    names.tag.format({ ...packageOf(image), tag: image.tag ?? 'latest' }),
  );
  if (version) return lastId(version);
  throw new CliError('notFound', `the tag ${image.tag ?? 'latest'} of ${shown(image)} points at nothing`);
}
