import type { MavenRepository } from '../clients/mvn.ts';
import { Repositories } from './repositories.ts';
import type { Server } from './server.ts';

/** Maven repositories of a server. */
export class MavenRepositories extends Repositories<MavenRepository> {
  constructor(server: Server) {
    super(server, 'MAVEN', async (url) => ({
      url,
      username: 'oauth2accesstoken',
      password: await server.accessToken(),
    }));
  }

  /** A cache of the repository at `uri`, or of the public one. */
  remote(id: string, upstream: { readonly uri: string } | 'MAVEN_CENTRAL'): Promise<MavenRepository> {
    const mavenRepository =
      upstream === 'MAVEN_CENTRAL' ? { publicRepository: upstream } : { customRepository: upstream };
    return this.create(id, { mode: 'REMOTE_REPOSITORY', remoteRepositoryConfig: { mavenRepository } });
  }
}
