import type { PythonIndex } from '../clients/python-client.ts';
import type { Member } from './npm-repositories.ts';
import type { Server } from './server.ts';

const PARENT = 'projects/my-project/locations/us-central1';

/** Python repositories of a server, made by the administrator through the management API. */
export class PythonRepositories {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** A repository's address, as the administrator uses it. */
  async index(repository: string): Promise<PythonIndex> {
    return {
      url: `${this.#server.url}/us-central1-python/my-project/${repository}/`,
      username: 'oauth2accesstoken',
      password: await this.#server.accessToken(),
    };
  }

  standard(id: string): Promise<PythonIndex> {
    return this.#create(id, { mode: 'STANDARD_REPOSITORY' });
  }

  /** A cache of the index at `uri`, or of the public one. */
  remote(id: string, upstream: { readonly uri: string } | 'PYPI'): Promise<PythonIndex> {
    const pythonRepository =
      upstream === 'PYPI' ? { publicRepository: upstream } : { customRepository: upstream };
    return this.#create(id, { mode: 'REMOTE_REPOSITORY', remoteRepositoryConfig: { pythonRepository } });
  }

  /** Several behind one address; `writes` is the member that takes what is published there. */
  virtual(id: string, members: readonly Member[], writes?: string): Promise<PythonIndex> {
    const upstreamPolicies = members.map(({ repository, priority }) => ({
      id: repository,
      repository: `${PARENT}/repositories/${repository}`,
      priority,
    }));
    const writing = writes === undefined ? {} : { writeRepository: `${PARENT}/repositories/${writes}` };
    return this.#create(id, {
      mode: 'VIRTUAL_REPOSITORY',
      virtualRepositoryConfig: { upstreamPolicies, ...writing },
    });
  }

  async #create(id: string, repository: object): Promise<PythonIndex> {
    await this.#server.api('POST', `${PARENT}/repositories?repositoryId=${id}`, {
      format: 'PYTHON',
      ...repository,
    });
    return this.index(id);
  }
}
