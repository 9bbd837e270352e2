import { createHash } from 'node:crypto';
import type { Json } from './api.ts';
import type { Send, TestServer } from './harness.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

export interface Published {
  readonly name: string;
  readonly version?: string;
  readonly tag?: string | null;
  /** More of its package.json. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** More files, by their path below the package's folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether a statement of how it was built comes with it. */
  readonly provenance?: boolean;
}

export const SLSA = 'https://slsa.dev/provenance/v1';

/** A Sigstore bundle with a statement about a tarball, unsigned. */
export function bundleOf(tarball: Bytes, predicateType: string = SLSA): Json {
  const subject = [{ name: 'pkg:npm/a@1.0.0', digest: { sha512: hashed(tarball, 'sha512', 'hex') } }];
  const statement = { _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate: {} };
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    dsseEnvelope: {
      payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
      payloadType: 'application/vnd.in-toto+json',
      signatures: [{ sig: '' }],
    },
  };
}

/** A tarball with this package.json in it. */
export async function packed(
  packageJson: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
): Promise<Bytes> {
  const all = { 'package.json': JSON.stringify(packageJson), ...files };
  const entries = Object.entries(all).map(([path, content]) => [`package/${path}`, content]);
  const archive = new Bun.Archive(Object.fromEntries(entries), { compress: 'gzip' });
  return new Uint8Array(await archive.bytes());
}

export const hashed = (bytes: Uint8Array, algorithm: string, encoding: 'hex' | 'base64'): string =>
  createHash(algorithm).update(bytes).digest(encoding);

/** What clients send to publish a tarball. */
export function publication(manifest: Json, tarball: Bytes, tag: string | null = 'latest'): Json {
  const { name, version } = manifest;
  const file = `${name}-${version}.tgz`;
  const dist = {
    integrity: `sha512-${hashed(tarball, 'sha512', 'base64')}`,
    shasum: hashed(tarball, 'sha1', 'hex'),
    tarball: `http://elsewhere.example/${name}/-/${file}`,
  };
  return {
    _id: name,
    name,
    'dist-tags': tag === null ? {} : { [tag]: version },
    versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
    access: 'public',
    _attachments: {
      [file]: {
        content_type: 'application/octet-stream',
        data: Buffer.from(tarball).toString('base64'),
        length: tarball.byteLength,
      },
    },
  };
}

/** A bundle as an attachment of a publication. */
export function attached(bundle: Json): Json {
  const data = JSON.stringify(bundle);
  return { content_type: bundle.mediaType, data, length: data.length };
}

/** An npm client of a repository that does no more than it is told. */
export class NpmClient {
  readonly #server: TestServer;
  /** Where the repository is, without a slash at the end. */
  readonly path: string;

  constructor(server: TestServer, repository: string, project = 'my-project') {
    this.#server = server;
    this.path = `/us-central1-npm/${project}/${repository}`;
  }

  send(method: string, path: string, send: Send = {}): Promise<Response> {
    return this.#server.send(method, `${this.path}/${path}`, send);
  }

  async json(path: string, send?: Send): Promise<Json> {
    const answer = await this.send('GET', path, send);
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  put(path: string, body: unknown, send: Send = {}): Promise<Response> {
    return this.send('PUT', path, {
      ...send,
      headers: { 'content-type': 'application/json', ...send.headers },
      body: JSON.stringify(body),
    });
  }

  /** Publishes a version that must be taken; answers its tarball. */
  async publish({ name, version = '1.0.0', tag = 'latest', more = {}, ...rest }: Published): Promise<Bytes> {
    const manifest = { name, version, ...more };
    const tarball = await packed(manifest, rest.files);
    const sent = publication(manifest, tarball, tag);
    if (rest.provenance === true)
      sent['_attachments'][`${name}-${version}.sigstore`] = attached(bundleOf(tarball));
    const answer = await this.put(name.replace('/', '%2f'), sent);
    if (answer.status !== 201) throw new Error(`${name} ${version} was not taken: ${await answer.text()}`);
    return tarball;
  }

  /** What `_rev` says of a package now. */
  async revision(name: string): Promise<string> {
    const packument = await this.json(`${name.replace('/', '%2f')}?write=true`);
    return packument['_rev'];
  }
}
