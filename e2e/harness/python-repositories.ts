import type { PythonIndex } from '../clients/python-client.ts';
import { Repositories } from './repositories.ts';
import type { Server } from './server.ts';

/** Python repositories of a server. */
export class PythonRepositories extends Repositories<PythonIndex> {
  constructor(server: Server) {
    super(server, 'PYTHON', async (url) => ({
      url,
      username: 'oauth2accesstoken',
      password: await server.accessToken(),
    }));
  }

  /** A cache of the index at `uri`, or of the public one. */
  remote(id: string, upstream: { readonly uri: string } | 'PYPI'): Promise<PythonIndex> {
    const pythonRepository =
      upstream === 'PYPI' ? { publicRepository: upstream } : { customRepository: upstream };
    return this.create(id, { mode: 'REMOTE_REPOSITORY', remoteRepositoryConfig: { pythonRepository } });
  }
}
