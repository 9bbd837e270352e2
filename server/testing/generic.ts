import type { Json } from './api.ts';
import type { Send, TestServer } from './harness.ts';

type Body = NonNullable<Send['body']>;

/** A client of a repository of files that does no more than it is told. */
export class GenericClient {
  readonly #server: TestServer;
  /** Where the repository is, without a slash at the end. */
  readonly path: string;

  constructor(server: TestServer, repository: string, project = 'my-project') {
    this.#server = server;
    this.path = `/us-central1-generic/${project}/${repository}`;
  }

  send(method: string, path: string, send: Send = {}): Promise<Response> {
    return this.#server.send(method, `${this.path}/${path}`, send);
  }

  put(path: string, body: Body, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.send('PUT', path, { body, headers });
  }

  /** Publishes a file that must be taken. */
  async publish(path: string, body: Body): Promise<void> {
    const answer = await this.put(path, body);
    if (!answer.ok) throw new Error(`${path} was not taken: ${await answer.text()}`);
  }

  async text(path: string, send: Send = {}): Promise<string> {
    const answer = await this.send('GET', path, send);
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.text();
  }

  async json(path: string, send: Send = {}): Promise<Json> {
    return JSON.parse(await this.text(path, send));
  }
}
