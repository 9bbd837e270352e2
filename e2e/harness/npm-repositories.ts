import type { NpmRegistry } from '../clients/npm-client.ts';
import { Repositories } from './repositories.ts';
import type { Server } from './server.ts';

/** npm repositories of a server. */
export class NpmRepositories extends Repositories<NpmRegistry> {
  constructor(server: Server) {
    super(server, 'NPM', async (url) => ({ url, token: await server.accessToken() }));
  }

  /** A cache of the registry at `uri`, or of the public one; documents are asked for anew when they are so old. */
  remote(
    id: string,
    upstream: { readonly uri: string } | 'NPMJS',
    indexMaxAge = '300s',
  ): Promise<NpmRegistry> {
    const npmRepository =
      upstream === 'NPMJS' ? { publicRepository: upstream } : { customRepository: upstream };
    const remoteRepositoryConfig = { npmRepository, cacheConfig: { indexMaxAge } };
    return this.create(id, { mode: 'REMOTE_REPOSITORY', remoteRepositoryConfig });
  }
}
