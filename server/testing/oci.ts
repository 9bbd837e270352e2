import { expect } from 'bun:test';
import type { Send, TestServer } from './harness.ts';
import { OCI_ERROR_CODES } from './oci-error-codes.ts';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const CONFIG = 'application/vnd.oci.image.config.v1+json';
export const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const EMPTY = 'application/vnd.oci.empty.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const NOWHERE = `sha256:${'0'.repeat(64)}`;
/** The bytes `{}`. */
export const EMPTY_DIGEST = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

export interface Refused {
  readonly code: string;
  readonly message: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** Checks that an answer refuses in the specification's own words, with a sentence for a person; answers the error. */
export async function refusal(answer: Response, status: number, code: string): Promise<Refused> {
  const text = await answer.text();
  expect({ status: answer.status, text }).toEqual({ status, text: expect.stringContaining(`"${code}"`) });
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
  const body = JSON.parse(text) as { errors: [Refused] };
  expect(Object.keys(body)).toEqual(['errors']);
  // Clients print what a detail holds, and an empty one as `map[]`.
  for (const { detail } of body.errors) expect(detail).not.toEqual({});
  const [error] = body.errors;
  expect(error.code).toBe(code);
  expect([...OCI_ERROR_CODES]).toContain(error.code);
  // Three words at least, and nothing of ours that a client should not see.
  expect(error.message).toMatch(/^\S+( \S+){2,}$/s);
  expect(error.message).not.toMatch(/SQLITE|ENOENT|\/dev\/shm|\.ts\b|undefined|\[object/);
  return error;
}

export type Bytes = Uint8Array<ArrayBuffer>;

export const bytesOf = (content: Bytes | string): Bytes =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

export const digestOf = (content: Bytes | string, algorithm: 'sha256' | 'sha512' = 'sha256'): string =>
  `${algorithm}:${new Bun.CryptoHasher(algorithm).update(content).digest('hex')}`;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [key: string]: unknown;
}

export const descriptorOf = (mediaType: string, content: Bytes | string, more: object = {}): Descriptor => ({
  mediaType,
  digest: digestOf(content),
  size: bytesOf(content).byteLength,
  ...more,
});

/** What a client does with one image. Every request is the admin's unless it says otherwise. */
export class ImageClient {
  readonly server: TestServer;
  /** Address below `/v2/`. */
  readonly name: string;

  constructor(server: TestServer, name: string) {
    this.server = server;
    this.name = name;
  }

  send(method: string, path: string, send?: Send): Promise<Response> {
    return this.server.send(method, `/v2/${this.name}/${path}`, send);
  }

  /** Pushes a blob with one POST. */
  async blob(content: Bytes | string, mediaType = LAYER): Promise<Descriptor> {
    const descriptor = descriptorOf(mediaType, content);
    const answer = await this.send('POST', `blobs/uploads/?digest=${descriptor.digest}`, { body: content });
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 201, text: '' });
    return descriptor;
  }

  /** A manifest of a config and layers that are pushed with it, different for every `seed`. */
  async document(seed: string, more: object = {}): Promise<string> {
    const config = await this.blob(JSON.stringify({ seed, created: '2026-01-02T03:04:05Z' }), CONFIG);
    const layer = await this.blob(`layer of ${seed}`);
    return JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer], ...more });
  }

  put(
    reference: string,
    document: Bytes | string,
    contentType = MANIFEST,
    send: Send = {},
  ): Promise<Response> {
    const headers = { 'content-type': contentType, ...send.headers };
    return this.send('PUT', `manifests/${reference}`, { ...send, body: document, headers });
  }

  /** Puts a manifest that must be taken; answers its descriptor. */
  async push(reference: string, document: Bytes | string, contentType = MANIFEST): Promise<Descriptor> {
    const answer = await this.put(reference, document, contentType);
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 201, text: '' });
    return descriptorOf(contentType, document);
  }

  /** Pushes a whole image under a tag. */
  async image(tag: string, seed = tag, more: object = {}): Promise<Descriptor> {
    return this.push(tag, await this.document(seed, more));
  }

  /** Begins an upload session; answers its path. */
  async begin(): Promise<string> {
    const answer = await this.send('POST', 'blobs/uploads/');
    expect(answer.status).toBe(202);
    return answer.headers.get('location') ?? '';
  }
}

let images = 0;
/** An image nobody else has, in my-project/images. */
export const freshImage = (server: TestServer, repository = 'my-project/images'): ImageClient => {
  images += 1;
  return new ImageClient(server, `us-central1-docker/${repository}/image-${images}`);
};
