import { names } from '../../contract/names.ts';
import type { Cli } from '../context.ts';
import { usage } from '../exit.ts';
import { repositoryParts } from '../resolve.ts';
import { isLoopback } from '../settings/server.ts';
import { parseImage, parseImagePath, type ImagePath, type WithImage } from './image-path.ts';

/** The image a person wrote, once it is sure that it is the server's own. */
export async function imageAt(cli: Cli, written: string): Promise<WithImage> {
  return checked(cli, parseImage(written), written);
}

/** The repository or image a person wrote; without words, the repository of the flags and settings. */
export async function imagePathAt(cli: Cli, written: string | undefined): Promise<ImagePath> {
  if (written !== undefined) return checked(cli, parseImagePath(written), written);
  const parts = await repositoryParts(cli);
  const client = await cli.client();
  const { registryUri = '' } = await client.repositories.get(names.repository.format(parts));
  return { ...parts, prefix: registryUri };
}

/** Refuses a path that names another host than the server: a command must not act on the wrong installation. */
async function checked<P extends ImagePath>(cli: Cli, path: P, written: string): Promise<P> {
  const server = await cli.server();
  if (path.host === undefined || isSameHost(path.host, new URL(server))) return path;
  throw usage(`[${written}] is at ${path.host}, but the server is ${server}; choose it with --server`);
}

function isSameHost(host: string, server: URL): boolean {
  const other = URL.parse(`${server.protocol}//${host}`);
  if (other === null) return false;
  return (
    other.host === server.host || (isLoopback(other) && isLoopback(server) && other.port === server.port)
  );
}
