import type { Server } from './server.ts';

const PARENT = 'projects/my-project/locations/us-central1';

/** A member of a virtual repository: who has the lowest number is asked first. */
export interface Member {
  readonly repository: string;
  readonly priority: number;
}

/** Repositories of a format, made by the administrator through the management API. */
export class Repositories<Address> {
  readonly #server: Server;
  readonly #format: string;
  readonly #addressed: (url: string) => Promise<Address>;

  /** `addressed` is a repository's address as the administrator's client uses it. */
  constructor(server: Server, format: string, addressed: (url: string) => Promise<Address>) {
    this.#server = server;
    this.#format = format;
    this.#addressed = addressed;
  }

  /** Ends in a slash. */
  url(repository: string): string {
    return `${this.#server.url}/us-central1-${this.#format.toLowerCase()}/my-project/${repository}/`;
  }

  standard(id: string): Promise<Address> {
    return this.create(id, { mode: 'STANDARD_REPOSITORY' });
  }

  /** Several behind one address; `writes` is the member that takes what is published there. */
  virtual(id: string, members: readonly Member[], writes?: string): Promise<Address> {
    const upstreamPolicies = members.map(({ repository, priority }) => ({
      id: repository,
      repository: `${PARENT}/repositories/${repository}`,
      priority,
    }));
    const writing = writes === undefined ? {} : { writeRepository: `${PARENT}/repositories/${writes}` };
    return this.create(id, {
      mode: 'VIRTUAL_REPOSITORY',
      virtualRepositoryConfig: { upstreamPolicies, ...writing },
    });
  }

  /** `repository` is what the management API is told beside the format. */
  async create(id: string, repository: object): Promise<Address> {
    await this.#server.api('POST', `${PARENT}/repositories?repositoryId=${id}`, {
      format: this.#format,
      ...repository,
    });
    return this.#addressed(this.url(id));
  }
}
