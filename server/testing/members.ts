import type { RepositoryAddress } from '../core/repository.ts';
import { ApiCaller, type Json, LOCATION } from './api.ts';
import type { TestServer } from './harness.ts';
import { ImageClient } from './oci.ts';

/** Repositories of a format in my-project, in every mode, made by the admin through the management API. */
export class Members {
  readonly #server: TestServer;
  readonly #admin: ApiCaller;
  readonly #format: string;

  constructor(server: TestServer, format = 'DOCKER') {
    this.#server = server;
    this.#format = format;
    this.#admin = new ApiCaller(server);
  }

  static named = (id: string): `projects/${string}` => `${LOCATION}/repositories/${id}`;

  static address = (repository: string): RepositoryAddress => ({
    project: 'my-project',
    location: 'us-central1',
    repository,
  });

  /** Of a repository `word-…` that nobody else has. */
  standard(word: string, more: Json = {}): Promise<string> {
    return this.#create(word, more);
  }

  remote(word: string, uri: string, more: Json = {}): Promise<string> {
    return this.#create(word, {
      mode: 'REMOTE_REPOSITORY',
      remoteRepositoryConfig: { disableUpstreamValidation: true, commonRepository: { uri }, ...more },
    });
  }

  /** Asked in the order in which the members are given. */
  virtual(word: string, members: readonly string[], more: Json = {}): Promise<string> {
    const upstreamPolicies = members.map((id, at) => ({
      id,
      repository: Members.named(id),
      priority: at + 1,
    }));
    return this.#create(word, {
      mode: 'VIRTUAL_REPOSITORY',
      virtualRepositoryConfig: { upstreamPolicies, ...more },
    });
  }

  image(repository: string, name = 'app'): ImageClient {
    return new ImageClient(this.#server, `us-central1-docker/my-project/${repository}/${name}`);
  }

  async #create(word: string, body: Json): Promise<string> {
    const id = `${word}-${crypto.randomUUID().slice(0, 8)}`;
    await this.#admin.ok('POST', `${LOCATION}/repositories?repositoryId=${id}`, {
      format: this.#format,
      ...body,
    });
    return id;
  }
}
