import { expect } from 'bun:test';
import { OCI_ERROR_CODES } from '../../server/testing/oci-error-codes.ts';
import {
  type Bytes,
  type Descriptor,
  type Digest,
  describe as descriptorOf,
  digestOf,
  encodeJson,
  type Manifest,
  mediaTypes,
} from '../harness/oci.ts';
import type { Image } from '../harness/registry.ts';

const WARNING = /^299 - "(?:[^"\\]|\\.)*"(?:, 299 - "(?:[^"\\]|\\.)*")*$/;

export interface Answer {
  readonly method: string;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Bytes;
  /** Codes in the error body; none for other answers. */
  readonly codes: readonly string[];
}

export interface Send {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes | ReadableStream<Uint8Array>;
  readonly anonymous?: boolean;
}

export const textOf = ({ bytes }: Answer): string => new TextDecoder().decode(bytes);
export const jsonOf = (answer: Answer): unknown => JSON.parse(textOf(answer));
export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

/** A body whose length the client does not say: `Transfer-Encoding: chunked`. */
export function streamOf(...pieces: readonly Bytes[]): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

/** What the spec asks of every answer: the form of an error body, and of a Warning header. */
function checkForm(answer: Answer): readonly string[] {
  const warnings = answer.headers.get('warning');
  if (warnings !== null) {
    expect(warnings).toMatch(WARNING);
    expect(warnings.length).toBeLessThanOrEqual(4096);
  }
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
  if (answer.status < 400 || !isJson || answer.bytes.byteLength === 0) return [];
  const { errors } = jsonOf(answer) as {
    readonly errors: readonly { readonly code: string; message?: unknown }[];
  };
  expect(errors.length).toBeGreaterThan(0);
  for (const { code, message } of errors) {
    expect(OCI_ERROR_CODES).toContain(code);
    if (message !== undefined) expect(typeof message).toBe('string');
  }
  return errors.map(({ code }) => code);
}

interface ImageSpec {
  readonly layers?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One image name on a registry, spoken to request by request. */
export class Wire {
  readonly name: string;
  readonly #image: Image;

  constructor(image: Image) {
    this.name = image.name;
    this.#image = image;
  }

  /** `path` is below the image's name when it does not start with a slash or a scheme: a Location is used as it came. */
  async send(
    method: string,
    path: string,
    { headers = {}, body, anonymous = false }: Send = {},
  ): Promise<Answer> {
    const { host, username, password } = this.#image;
    const authorization = `Basic ${btoa(`${username}:${password}`)}`;
    const response = await fetch(new URL(path, `http://${host}/v2/${this.name}/`), {
      method,
      headers: { ...(anonymous ? {} : { authorization }), ...headers },
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
    const answer = {
      method,
      status: response.status,
      headers: response.headers,
      bytes: new Uint8Array(await response.arrayBuffer()),
    };
    return { ...answer, codes: checkForm({ ...answer, codes: [] }) };
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, { headers });
  }
  head(path: string): Promise<Answer> {
    return this.send('HEAD', path);
  }
  delete(path: string): Promise<Answer> {
    return this.send('DELETE', path);
  }

  /** Begins an upload; `query` starts with a question mark. Answers its Location. */
  async begin(query = ''): Promise<string> {
    const answer = await this.send('POST', `blobs/uploads/${query}`);
    expect(answer.status).toBe(202);
    return locationOf(answer);
  }

  patch(location: string, body: Bytes | ReadableStream<Uint8Array>, range?: string): Promise<Answer> {
    const headers = {
      'content-type': 'application/octet-stream',
      ...(range ? { 'content-range': range } : {}),
    };
    return this.send('PATCH', location, { headers, body });
  }

  finish(location: string, digest: string, body?: Bytes, range?: string): Promise<Answer> {
    const url = new URL(location, 'http://relative');
    url.searchParams.set('digest', digest);
    const target = url.host === 'relative' ? url.pathname + url.search : url.href;
    const headers = {
      'content-type': 'application/octet-stream',
      ...(range ? { 'content-range': range } : {}),
    };
    return this.send('PUT', target, { headers, ...(body === undefined ? {} : { body }) });
  }

  async pushBlob(bytes: Bytes, mediaType = 'application/octet-stream'): Promise<Descriptor> {
    const descriptor = descriptorOf(mediaType, bytes);
    expect((await this.finish(await this.begin(), descriptor.digest, bytes)).status).toBe(201);
    return descriptor;
  }

  put(reference: string, bytes: Bytes, mediaType: string): Promise<Answer> {
    return this.send('PUT', `manifests/${reference}`, {
      headers: { 'content-type': mediaType },
      body: bytes,
    });
  }

  /** Pushes a manifest that must be taken, by its digest or by `tag`. */
  async pushManifest(manifest: object, mediaType: string, tag?: string): Promise<Descriptor> {
    const bytes = encodeJson(manifest);
    const descriptor = descriptorOf(mediaType, bytes);
    const answer = await this.put(tag ?? descriptor.digest, bytes, mediaType);
    expect(`${answer.status} ${textOf(answer)}`).toStartWith('201');
    return descriptor;
  }

  /** An image manifest over blobs that are pushed on the way, not pushed itself. */
  async imageManifest({ layers, config, ...rest }: ImageSpec = {}): Promise<Manifest> {
    return {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config:
        config ?? (await this.pushBlob(utf8(`{"architecture":"${crypto.randomUUID()}"}`), mediaTypes.config)),
      layers: layers ?? [await this.pushBlob(utf8(crypto.randomUUID()), mediaTypes.plainLayer)],
      ...rest,
    };
  }

  /** Pushes a small image of its own, by digest or tag. */
  async pushImage(tag?: string, spec: ImageSpec = {}): Promise<Descriptor> {
    return this.pushManifest(await this.imageManifest(spec), mediaTypes.manifest, tag);
  }
}

export function locationOf({ headers }: Answer): string {
  const location = headers.get('location');
  if (location === null) throw new Error('the answer has no Location');
  return location;
}

/** The target of `Link: <target>; rel="next"` (RFC 8288), or undefined. */
export function nextOf({ headers }: Answer): string | undefined {
  const link = headers.get('link');
  if (link === null) return undefined;
  const target = /^<([^>]*)>\s*;\s*rel="?next"?$/.exec(link)?.[1];
  if (target === undefined) throw new Error(`not a Link header of RFC 8288 with rel next: ${link}`);
  return target;
}

export const ABSENT: Digest = digestOf('nobody ever pushed this');
