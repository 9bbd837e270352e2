import type { NpmRegistry } from '../clients/npm-client.ts';
import type { Server } from './server.ts';

const PARENT = 'projects/my-project/locations/us-central1';

/** A member of a virtual repository: who has the lowest number is asked first. */
export interface Member {
  readonly repository: string;
  readonly priority: number;
}

/** npm repositories of a server, made by the administrator through the management API. */
export class NpmRepositories {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** A repository's address, as the administrator uses it. */
  async registry(repository: string): Promise<NpmRegistry> {
    return { url: this.url(repository), token: await this.#server.accessToken() };
  }

  url(repository: string): string {
    return `${this.#server.url}/us-central1-npm/my-project/${repository}/`;
  }

  async standard(id: string): Promise<NpmRegistry> {
    return this.#create(id, { mode: 'STANDARD_REPOSITORY' });
  }

  /** A cache of the registry at `uri`, or of the public one; documents are asked for anew when they are so old. */
  async remote(
    id: string,
    upstream: { readonly uri: string } | 'NPMJS',
    indexMaxAge = '300s',
  ): Promise<NpmRegistry> {
    const npmRepository =
      upstream === 'NPMJS' ? { publicRepository: upstream } : { customRepository: upstream };
    const remoteRepositoryConfig = { npmRepository, cacheConfig: { indexMaxAge } };
    return this.#create(id, { mode: 'REMOTE_REPOSITORY', remoteRepositoryConfig });
  }

  /** Several behind one address; `writes` is the member that takes what is published there. */
  async virtual(id: string, members: readonly Member[], writes?: string): Promise<NpmRegistry> {
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

  async #create(id: string, repository: object): Promise<NpmRegistry> {
    await this.#server.api('POST', `${PARENT}/repositories?repositoryId=${id}`, {
      format: 'NPM',
      ...repository,
    });
    return this.registry(id);
  }
}
