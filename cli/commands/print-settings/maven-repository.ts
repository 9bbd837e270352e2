import type { Cli } from '../../context.ts';
import { repositoryAddress } from './repository-address.ts';

/** Where clients find a Maven repository, and which versions it takes. */
export async function mavenRepository(cli: Cli) {
  const { url, repository } = await repositoryAddress(cli, 'MAVEN');
  const { versionPolicy } = repository.mavenConfig ?? {};
  return { url, releases: versionPolicy !== 'SNAPSHOT', snapshots: versionPolicy !== 'RELEASE' };
}
