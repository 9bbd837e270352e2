import { escapeId } from '../../contract/names.ts';
import type { ResourceName } from '../core/iam.ts';
import { ApiCaller, LOCATION } from './api.ts';
import type { TestServer } from './harness.ts';
import { ImageClient } from './oci.ts';

const fresh = (word: string): string => `${word}-${crypto.randomUUID().slice(0, 8)}`;

/** A repository with the admin's images in it, and people whose only right is conditional. */
export class NarrowRepository {
  readonly id: string = fresh('narrow');
  readonly on: ResourceName = `${LOCATION}/repositories/${this.id}`;
  readonly #server: TestServer;

  private constructor(server: TestServer) {
    this.#server = server;
  }

  static async make(server: TestServer): Promise<NarrowRepository> {
    const narrow = new NarrowRepository(server);
    await server.repository(narrow.id);
    return narrow;
  }

  image = (name: string): ImageClient =>
    new ImageClient(this.#server, `us-central1-docker/my-project/${this.id}/${name}`);
  package = (name: string): string => `${this.on}/packages/${escapeId(name)}`;
  version = (name: string, digest: string): string => `${this.package(name)}/versions/${digest}`;
  file = (path: string): string => `${this.on}/files/${escapeId(path)}`;

  /** The `Authorization` of someone who has a role of Artifact Registry where a condition holds. */
  async holder(role: string, condition: string, on: ResourceName = this.on): Promise<string> {
    const id = fresh('holder');
    await this.#server.grantIf(on, `roles/artifactregistry.${role}`, `user:${id}`, condition);
    return this.#server.account(id);
  }

  /** The same as a caller of the management API. */
  async caller(...grant: Parameters<NarrowRepository['holder']>): Promise<ApiCaller> {
    return new ApiCaller(this.#server, await this.holder(...grant));
  }
}
