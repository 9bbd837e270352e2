import { createHash } from 'node:crypto';
import type { Send, TestServer } from './harness.ts';
import { type ZipFile, zipped } from './zip.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

/** What is published. */
export interface Artifact {
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  /** Of a snapshot: `yyyyMMdd.HHmmss-N`. Without it, its files say `-SNAPSHOT`. */
  readonly build?: string;
  /** More elements of its POM. */
  readonly pom?: string;
}

const bytesOf = (text: string): Bytes => new TextEncoder().encode(text);

export const hexOf = (bytes: Uint8Array | string, algorithm: string): string =>
  createHash(algorithm).update(bytes).digest('hex');

export const folder = ({ group = 'com.acme', name }: Artifact): string =>
  `${group.replaceAll('.', '/')}/${name}`;

/** The path of one of its files. */
export function pathOf(artifact: Artifact, ending = '.jar'): string {
  const { name, version = '1.0', build } = artifact;
  const said = build === undefined ? version : version.replace('SNAPSHOT', build);
  return `${folder(artifact)}/${version}/${name}-${said}${ending}`;
}

export const pomOf = ({ group = 'com.acme', name, version = '1.0', pom = '' }: Artifact): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>${group}</groupId>
  <artifactId>${name}</artifactId>
  <version>${version}</version>
  ${pom}
</project>
`;

export const jarOf = (files: readonly ZipFile[] = []): Bytes =>
  zipped([{ name: 'META-INF/MANIFEST.MF', content: 'Manifest-Version: 1.0\n' }, ...files]);

/** What a jar has in it that is a plugin. */
export const descriptorOf = ({ group = 'com.acme', name }: Artifact, prefix: string): ZipFile => ({
  name: 'META-INF/maven/plugin.xml',
  content: `<plugin><name>The ${prefix} plugin</name><groupId>${group}</groupId><artifactId>${name}</artifactId><goalPrefix>${prefix}</goalPrefix></plugin>`,
});

/** A client of a repository of Maven's that does no more than it is told. */
export class MavenClient {
  readonly #server: TestServer;
  /** Where the repository is, without a slash at the end. */
  readonly path: string;

  constructor(server: TestServer, repository: string, project = 'my-project') {
    this.#server = server;
    this.path = `/us-central1-maven/${project}/${repository}`;
  }

  send(method: string, path: string, send: Send = {}): Promise<Response> {
    return this.#server.send(method, `${this.path}/${path}`, send);
  }

  put(path: string, body: Bytes | string, send: Send = {}): Promise<Response> {
    return this.send('PUT', path, { ...send, body: typeof body === 'string' ? bytesOf(body) : body });
  }

  /** Sends files that must be taken. */
  async take(files: Readonly<Record<string, Bytes | string>>): Promise<void> {
    for (const [path, body] of Object.entries(files)) {
      const answer = await this.put(path, body);
      if (answer.status !== 201)
        throw new Error(`${path} was not taken: ${answer.status} ${await answer.text()}`);
    }
  }

  /** Publishes a jar and its POM. */
  async publish(artifact: Artifact, jar: Bytes = jarOf()): Promise<void> {
    await this.take({ [pathOf(artifact)]: jar, [pathOf(artifact, '.pom')]: pomOf(artifact) });
  }

  async text(path: string, send: Send = {}): Promise<string> {
    const answer = await this.send('GET', path, send);
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.text();
  }

  async versions(artifact: Artifact): Promise<readonly string[]> {
    const text = await this.text(`${folder(artifact)}/maven-metadata.xml`);
    return Array.from(text.matchAll(/<version>([^<]*)<\/version>/g), ([, version = '']) => version);
  }
}
