import { type Bytes, digestOf, type Digest, encodeJson, mediaTypes } from '../harness/oci.ts';
import { PASSWORD } from './program.ts';

/** Where repositories come into being by a push to them. */
export const PREFIX = 'gcr.io/my-project';
const LIMIT_MS = 60_000;

export interface Send {
  readonly body?: Bytes | ReadableStream<Bytes>;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A client that does no more than it is told: one request, one connection, no repetition. */
export class Registry {
  readonly url: string;
  readonly authorization: string;

  constructor(url: string, authorization = `Basic ${btoa(`admin:${PASSWORD}`)}`) {
    this.url = url;
    this.authorization = authorization;
  }

  /** The same with a token instead of the password, which costs the server much more to check. */
  static async login(url: string): Promise<Registry> {
    const form = { grant_type: 'password', username: 'admin', password: PASSWORD };
    const answer = await fetch(`${url}/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
      keepalive: false,
    });
    if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`);
    const { access_token: token } = (await answer.json()) as { readonly access_token: string };
    return new Registry(url, `Bearer ${token}`);
  }

  /** The same caller at another address, such as after a restart. */
  at(url: string): Registry {
    return new Registry(url, this.authorization);
  }

  send(method: string, path: string, { body, type, headers, signal }: Send = {}): Promise<Response> {
    return fetch(new URL(path, this.url), {
      method,
      keepalive: false,
      redirect: 'manual',
      signal: signal ?? AbortSignal.timeout(LIMIT_MS),
      headers: {
        authorization: this.authorization,
        connection: 'close',
        ...(type !== undefined && { 'content-type': type }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
  }

  /** Sends what must be answered with `status`. */
  async must(status: number, method: string, path: string, send?: Send): Promise<Response> {
    const answer = await this.send(method, path, send);
    if (answer.status === status) return answer;
    throw new Error(
      `${method} ${path} answered ${answer.status} instead of ${status}\n${await answer.text()}`,
    );
  }

  /** The body of what must be there. */
  async bytes(path: string): Promise<Bytes> {
    return new Uint8Array(await (await this.must(200, 'GET', path)).arrayBuffer());
  }

  async json<T>(path: string): Promise<T> {
    return (await this.must(200, 'GET', path)).json() as Promise<T>;
  }

  pushBlob(image: string, bytes: Bytes): Promise<Response> {
    return this.send('POST', `/v2/${PREFIX}/${image}/blobs/uploads/?digest=${digestOf(bytes)}`, {
      body: bytes,
      type: 'application/octet-stream',
    });
  }

  /** Begins an upload; answers its address. */
  async begin(image: string): Promise<string> {
    const answer = await this.must(202, 'POST', `/v2/${PREFIX}/${image}/blobs/uploads/`);
    return answer.headers.get('location') ?? '';
  }

  /** Bytes that an upload is known to have. */
  async offset(upload: string): Promise<number> {
    const range = (await this.must(204, 'GET', upload)).headers.get('range') ?? '';
    const last = Number(/^0-(\d+)$/.exec(range)?.[1]);
    return last === 0 ? 0 : last + 1;
  }

  append(upload: string, bytes: Bytes, from: number): Promise<Response> {
    return this.send('PATCH', upload, {
      body: bytes,
      type: 'application/octet-stream',
      headers: { 'content-range': `${from}-${from + bytes.byteLength - 1}` },
    });
  }

  finish(upload: string, digest: Digest, bytes?: Bytes): Promise<Response> {
    const path = `${upload}${upload.includes('?') ? '&' : '?'}digest=${digest}`;
    return this.send(
      'PUT',
      path,
      bytes === undefined ? {} : { body: bytes, type: 'application/octet-stream' },
    );
  }

  mount(image: string, digest: Digest, from: string): Promise<Response> {
    return this.send('POST', `/v2/${PREFIX}/${image}/blobs/uploads/?mount=${digest}&from=${PREFIX}/${from}`);
  }

  /** Puts a manifest under a reference and more tags. */
  putManifest(image: string, reference: string, { bytes, type }: Document, more: readonly string[] = []) {
    const query = more.map((tag) => `tag=${tag}`).join('&');
    return this.send('PUT', `${manifestPath(image, reference)}${query === '' ? '' : `?${query}`}`, {
      body: bytes,
      type,
    });
  }

  deleteManifest(image: string, reference: string): Promise<Response> {
    return this.send('DELETE', manifestPath(image, reference));
  }
}

export const manifestPath = (image: string, reference: string): string =>
  `/v2/${PREFIX}/${image}/manifests/${reference}`;
export const blobPath = (image: string, digest: string): string => `/v2/${PREFIX}/${image}/blobs/${digest}`;

/** A manifest as it is sent. */
export interface Document {
  readonly bytes: Bytes;
  readonly digest: Digest;
  readonly type: string;
}

const document = (type: string, value: object): Document => {
  const bytes = encodeJson({ schemaVersion: 2, mediaType: type, ...value });
  return { bytes, digest: digestOf(bytes), type };
};

interface ImageParts {
  readonly config: Bytes;
  readonly layers: readonly Bytes[];
  readonly subject?: Document;
}

const descriptor = (mediaType: string, bytes: Bytes) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
});

export const imageDocument = ({ config, layers, subject }: ImageParts): Document =>
  document(mediaTypes.manifest, {
    config: descriptor(mediaTypes.config, config),
    layers: layers.map((layer) => descriptor(mediaTypes.layer, layer)),
    ...(subject && { subject: descriptor(subject.type, subject.bytes) }),
  });

export const indexDocument = (children: readonly Document[]): Document =>
  document(mediaTypes.index, { manifests: children.map(({ type, bytes }) => descriptor(type, bytes)) });
