import { names } from '../../../contract/names.ts';
import type { Repository } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import { usage } from '../../exit.ts';
import { repositoryParts } from '../../resolve.ts';

export interface RepositoryAddress {
  /** Scheme and host of the server, and the path of the repository on it, without a slash at the end. */
  readonly url: string;
  /** The same without the scheme, as the server writes it. */
  readonly uri: string;
  /** As the server shows it. */
  readonly repository: Repository;
}

/** Where clients of a format find the repository of the flags and properties. */
export async function repositoryAddress(cli: Cli, format: string): Promise<RepositoryAddress> {
  const name = names.repository.format(await repositoryParts(cli));
  const client = await cli.client();
  const repository = await client.repositories.get(name);
  const { registryUri: uri = '', format: actual = '' } = repository;
  if (actual !== format)
    throw usage(
      `[${name}] holds ${actual.toLowerCase()}, not ${format.toLowerCase()}; give another --repository`,
    );
  return { repository, uri, url: `${new URL(await cli.server()).protocol}//${uri}` };
}
