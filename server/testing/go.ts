import type { Json } from './api.ts';
import type { Send, TestServer } from './harness.ts';
import { type ZipFile, zipped } from './zip.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

export interface GoVersion {
  readonly module: string;
  readonly version: string;
  /** More files, by their path in the module; an empty `go.mod` leaves it out. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What is in a module's zip. */
export function moduleFiles({ module, version, files = {} }: GoVersion): ZipFile[] {
  const name = module.split('/').findLast((part) => !/^v\d+$/.test(part)) ?? '';
  const all: Readonly<Record<string, string>> = {
    'go.mod': `module ${module}\n\ngo 1.21\n`,
    'lib.go': `package ${name.toLowerCase().replaceAll(/\W/g, '')}\n\nconst Version = ${JSON.stringify(version)}\n`,
    ...files,
  };
  return Object.entries(all)
    .filter(([path, content]) => path !== 'go.mod' || content !== '')
    .map(([path, content]) => ({ name: `${module}@${version}/${path}`, content }));
}

export const moduleZip = (version: GoVersion): Bytes => zipped(moduleFiles(version));

/** As the go command writes it. */
export const escaped = (text: string): string =>
  text.replaceAll(/[A-Z]/g, (letter) => `%21${letter.toLowerCase()}`);

export const fileOf = ({ module, version }: GoVersion, kind: 'info' | 'mod' | 'zip'): string =>
  `${escaped(module)}/@v/${escaped(version)}.${kind}`;

/** A client of a repository of Go's that does no more than it is told. */
export class GoClient {
  readonly #server: TestServer;
  /** Where the repository is, without a slash at the end. */
  readonly path: string;

  constructor(server: TestServer, repository: string, project = 'my-project') {
    this.#server = server;
    this.path = `/us-central1-go/${project}/${repository}`;
  }

  send(method: string, path: string, send: Send = {}): Promise<Response> {
    return this.#server.send(method, `${this.path}/${path}`, send);
  }

  /** Uploads a zip that says itself what it is. */
  upload(body: Bytes, send: Send = {}): Promise<Response> {
    return this.send('PUT', 'upload', { ...send, body });
  }

  /** Publishes a version that must be taken; answers its zip. */
  async publish(version: GoVersion): Promise<Bytes> {
    const zip = moduleZip(version);
    const answer = await this.upload(zip);
    if (!answer.ok) throw new Error(`${version.module} was not taken: ${await answer.text()}`);
    return zip;
  }

  /** Has a tag name a version. */
  async tag({ module, version }: GoVersion, tag: string): Promise<void> {
    const [, , project = '', repository = ''] = this.path.split('/');
    const at = `projects/${project}/locations/us-central1/repositories/${repository}/packages/${encodeURIComponent(module)}`;
    const answer = await this.#server.send('POST', `/v1/${at}/tags?tagId=${tag}`, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ version: `${at}/versions/${version}` }),
    });
    if (!answer.ok) throw new Error(`${tag} was not taken: ${await answer.text()}`);
  }

  async text(path: string, send: Send = {}): Promise<string> {
    const answer = await this.send('GET', path, send);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${text}`);
    return text;
  }

  async list(module: string): Promise<readonly string[]> {
    return (await this.text(`${escaped(module)}/@v/list`)).split('\n').filter((line) => line !== '');
  }

  async json(path: string): Promise<Json> {
    return JSON.parse(await this.text(path));
  }
}
