import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { Image } from './registry.ts';
import { type Scratch, scratch } from './scratch.ts';

/** The answer to a request that had to succeed and did not, with everything needed to repeat it. */
export class UnexpectedAnswer extends Error {
  constructor(method: string, url: string, status: number, body: string) {
    super(`${method} ${url}\nanswered ${status}\n${body}`);
    this.name = 'UnexpectedAnswer';
  }
}

const root = join(import.meta.dir, '..', '..');
const PROJECT = 'my-project';
const LOCATION = 'us-central1';
const READY = /^entrepot listening on http:\/\/(\S+)$/m;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 60_000;

/** A running server with a data directory of its own. */
export interface Server extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** First part of an image's name in a repository: `us-central1-docker/my-project/REPOSITORY`. */
  repositoryPath(repository: string): string;
  /** An image in a repository, for the administrator. */
  image(repository: string, name: string): Image;
  accessToken(): Promise<string>;
  /** One request to the management API, which must succeed; answers the parsed body. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  createDockerRepository(id: string): Promise<void>;
  stop(): Promise<void>;
}

type Child = Bun.Subprocess<'ignore', 'pipe', Bun.BunFile>;

/** Reads standard output up to the line that names the address; keeps draining so that the server never blocks. */
async function addressOf(child: Child, log: string): Promise<string> {
  const found = Promise.withResolvers<string>();
  const drain = async (): Promise<void> => {
    let seen = '';
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      if (seen.length < 10_000) seen += chunk;
      const host = READY.exec(seen)?.[1];
      if (host !== undefined) found.resolve(host);
    }
    found.reject(new Error('the server ended before it listened'));
  };
  drain().catch(found.reject);
  const late = (): void => found.reject(new Error(`the server did not listen within ${START_LIMIT_MS} ms`));
  const timer = setTimeout(late, START_LIMIT_MS);
  try {
    return await found.promise;
  } catch (error) {
    throw new Error(await Bun.file(log).text(), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function end(child: Child): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  child.kill('SIGTERM');
  await child.exited;
  clearTimeout(timer);
}

class RunningServer implements Server {
  readonly host: string;
  readonly username = 'admin';
  readonly password: string;
  readonly #child: Child;
  readonly #scratch: Scratch;
  #token: string | undefined;

  constructor(host: string, password: string, child: Child, home: Scratch) {
    this.host = host;
    this.password = password;
    this.#child = child;
    this.#scratch = home;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  repositoryPath(repository: string): string {
    return `${LOCATION}-docker/${PROJECT}/${repository}`;
  }

  image(repository: string, name: string): Image {
    const { host, username, password } = this;
    return { host, name: `${this.repositoryPath(repository)}/${name}`, username, password };
  }

  async accessToken(): Promise<string> {
    this.#token ??= await this.#login();
    return this.#token;
  }

  async #login(): Promise<string> {
    const form = { grant_type: 'password', username: this.username, password: this.password };
    const answer = await fetch(`${this.url}/token`, { method: 'POST', body: new URLSearchParams(form) });
    const text = await answer.text();
    if (!answer.ok) throw new UnexpectedAnswer('POST', answer.url, answer.status, text);
    const { access_token: token } = JSON.parse(text) as { readonly access_token?: unknown };
    if (typeof token !== 'string') throw new UnexpectedAnswer('POST', answer.url, answer.status, text);
    return token;
  }

  async api(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = {
      authorization: `Bearer ${await this.accessToken()}`,
      'content-type': 'application/json',
    };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await fetch(`${this.url}/v1/${path}`, init);
    const text = await answer.text();
    if (!answer.ok) throw new UnexpectedAnswer(method, answer.url, answer.status, text);
    return JSON.parse(text);
  }

  async createDockerRepository(id: string): Promise<void> {
    await this.api('POST', `projects/${PROJECT}/locations/${LOCATION}/repositories?repositoryId=${id}`, {
      format: 'DOCKER',
      mode: 'STANDARD_REPOSITORY',
    });
  }

  async stop(): Promise<void> {
    await end(this.#child);
    await this.#scratch[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

interface ServerOptions {
  /** Processes on the one port; each is another server to whoever connects. */
  readonly workers?: number;
  /** More flags of `entrepot serve`. */
  readonly flags?: readonly string[];
}

/** Starts the real program on a free port with an empty data directory. */
export async function startServer({ workers = 1, flags = [] }: ServerOptions = {}): Promise<Server> {
  const home = await scratch('server');
  const password = `secret-${crypto.randomUUID()}`;
  const log = join(home.path, 'log');
  const listen = `127.0.0.1:${workers === 1 ? 0 : freePort()}`;
  const command = [process.execPath, join(root, 'bin', 'entrepot.ts'), 'serve', '--listen', listen];
  const settings = ['--workers', String(workers), '--data', join(home.path, 'data'), ...flags];
  const child = Bun.spawn([...command, ...settings], {
    env: { PATH: process.env['PATH'], HOME: home.path, ENTREPOT_ADMIN_PASSWORD: password },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: Bun.file(log),
  });
  try {
    return new RunningServer(await addressOf(child, log), password, child, home);
  } catch (error) {
    await end(child);
    await home[Symbol.asyncDispose]();
    throw error;
  }
}
