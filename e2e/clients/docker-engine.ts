import { join } from 'node:path';
import type { ImageSubject } from '../fixtures/image.ts';
import { writeLayout } from '../harness/layout.ts';
import {
  type Bytes,
  type Descriptor,
  type Digest,
  describe,
  digestOf,
  encodeJson,
  isIndex,
  mediaTypes,
  parseManifest,
} from '../harness/oci.ts';
import type { Image } from '../harness/registry.ts';
import { UnexpectedAnswer } from '../harness/server.ts';
import type { Credentials } from './client.ts';

const ACCEPT = [
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/json',
  mediaTypes.dockerManifest,
  mediaTypes.dockerList,
  mediaTypes.index,
  mediaTypes.manifest,
].join(', ');
const USER_AGENT =
  'docker/28.2.2 go/go1.24.3 os/linux arch/amd64 UpstreamClient(Docker-Client/28.2.2 \\(linux\\))';
const PIECE = 32 * 1024;

interface Call {
  readonly method: string;
  readonly url: string;
  readonly expect: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes | ReadableStream<Uint8Array>;
}

/** A body of unknown length, which leaves as `Transfer-Encoding: chunked`. */
function pieces(bytes: Bytes): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.subarray(at, at + PIECE));
      at += PIECE;
    },
  });
}

/** `Bearer realm="R",service="S"` as a map; undefined for other schemes. */
function bearerChallenge(header: string | null): ReadonlyMap<string, string> | undefined {
  if (header === null || !/^bearer /i.test(header)) return undefined;
  return new Map(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value] as const),
  );
}

/**
 * What the Docker engine says on the wire when it pushes and pulls (moby `distribution/push_v2.go`, `pull_v2.go`):
 * ping, token for the scope, then per layer HEAD, POST, one chunked PATCH without Content-Range, empty PUT, HEAD,
 * and at the end the manifest by tag. Stands in for `docker push` and `docker pull`, which need a daemon.
 */
export class DockerEngine {
  readonly #image: Image;
  readonly #credentials: Credentials | undefined;
  #authorization: string | undefined;

  /** Without credentials it asks for tokens as nobody. */
  constructor(image: Image, credentials?: Credentials) {
    this.#image = image;
    this.#credentials = credentials;
  }

  get #base(): string {
    return `http://${this.#image.host}/v2/${this.#image.name}`;
  }

  async #call({ method, url, expect, headers = {}, body }: Call): Promise<Response> {
    const answer = await fetch(new URL(url, this.#base), {
      method,
      headers: {
        'user-agent': USER_AGENT,
        ...(this.#authorization !== undefined && { authorization: this.#authorization }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    if (!expect.includes(answer.status))
      throw new UnexpectedAnswer(method, answer.url, answer.status, await answer.text());
    return answer;
  }

  async #authorize(actions: string): Promise<void> {
    const ping = await fetch(`http://${this.#image.host}/v2/`, { headers: { 'user-agent': USER_AGENT } });
    const { username, password } = this.#credentials ?? {};
    if (ping.status !== 401) throw new Error(`the ping answered ${ping.status}, so nobody would ever log in`);
    this.#authorization = username === undefined ? undefined : `Basic ${btoa(`${username}:${password}`)}`;
    const challenge = bearerChallenge(ping.headers.get('www-authenticate'));
    if (challenge === undefined) return;
    const url = new URL(challenge.get('realm') ?? '');
    if (username !== undefined) url.searchParams.set('account', username);
    url.searchParams.set('scope', `repository:${this.#image.name}:${actions}`);
    url.searchParams.set('service', challenge.get('service') ?? '');
    const answer = await this.#call({ method: 'GET', url: url.href, expect: [200] });
    const { token } = (await answer.json()) as { readonly token: string };
    this.#authorization = `Bearer ${token}`;
  }

  async #pushBlob(bytes: Bytes): Promise<void> {
    const digest = digestOf(bytes);
    const blob = `${this.#base}/blobs/${digest}`;
    const known = await this.#call({ method: 'HEAD', url: blob, expect: [200, 404] });
    if (known.status === 200) return;
    const begun = await this.#call({ method: 'POST', url: `${this.#base}/blobs/uploads/`, expect: [202] });
    const headers = { 'content-type': 'application/octet-stream' };
    const sent = await this.#call({
      method: 'PATCH',
      url: begun.headers.get('location') ?? '',
      expect: [202],
      headers,
      body: pieces(bytes),
    });
    if (sent.headers.get('range') !== `0-${bytes.byteLength - 1}` || !sent.headers.has('docker-upload-uuid'))
      throw new Error(`the engine reads Range and Docker-Upload-UUID: ${JSON.stringify([...sent.headers])}`);
    const end = new URL(sent.headers.get('location') ?? '', this.#base);
    end.searchParams.set('digest', digest);
    await this.#call({ method: 'PUT', url: end.href, expect: [201], headers: { 'content-length': '0' } });
    await this.#call({ method: 'HEAD', url: blob, expect: [200] });
  }

  /** Pushes the image as the engine's own storage would write it, a Docker schema 2 manifest. Answers its digest. */
  async push(subject: Pick<ImageSubject, 'root' | 'contents'>, tag: string): Promise<Digest> {
    await this.#authorize('pull,push');
    const bytesOf = ({ digest }: Descriptor): Bytes => subject.contents.get(digest) ?? new Uint8Array();
    const { config, layers = [] } = parseManifest(bytesOf(subject.root));
    if (config === undefined) throw new Error('the engine pushes images only');
    await Promise.all(layers.map((layer) => this.#pushBlob(bytesOf(layer))));
    await this.#pushBlob(bytesOf(config));
    const manifest = encodeJson({
      schemaVersion: 2,
      mediaType: mediaTypes.dockerManifest,
      config: describe(mediaTypes.dockerConfig, bytesOf(config)),
      layers: layers.map((layer) => describe(mediaTypes.dockerLayer, bytesOf(layer))),
    });
    await this.#call({
      method: 'PUT',
      url: `${this.#base}/manifests/${tag}`,
      expect: [201],
      headers: { 'content-type': mediaTypes.dockerManifest },
      body: manifest,
    });
    return digestOf(manifest);
  }

  async #manifest(digest: Digest): Promise<{ readonly mediaType: string; readonly bytes: Bytes }> {
    const headers = { accept: ACCEPT };
    const answer = await this.#call({
      method: 'GET',
      url: `${this.#base}/manifests/${digest}`,
      expect: [200],
      headers,
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (digestOf(bytes) !== digest) throw new Error(`manifest verification failed for ${digest}`);
    return { mediaType: answer.headers.get('content-type') ?? '', bytes };
  }

  /** Fetches the second half of every larger blob with a Range request, as after a broken connection. */
  async #blob({ digest, size }: Descriptor): Promise<Bytes> {
    const url = `${this.#base}/blobs/${digest}`;
    const whole = size < 2 * PIECE;
    const first = await this.#call({ method: 'GET', url, expect: [200] });
    if (whole) return new Uint8Array(await first.arrayBuffer());
    const half = Math.floor(size / 2);
    const bytes = new Uint8Array(size);
    let at = 0;
    for await (const chunk of first.body ?? []) {
      const wanted = chunk.subarray(0, half - at);
      bytes.set(wanted, at);
      at += wanted.byteLength;
      if (at >= half) break;
    }
    const headers = { range: `bytes=${half}-${size - 1}` };
    const rest = await this.#call({ method: 'GET', url, expect: [206], headers });
    bytes.set(new Uint8Array(await rest.arrayBuffer()), half);
    return bytes;
  }

  /** Pulls the image for linux/`architecture` into an OCI image layout and answers the digest of its config. */
  async pull(
    tag: string,
    architecture: string,
    directory: string,
  ): Promise<{ path: string; config: Digest }> {
    await this.#authorize('pull');
    const url = `${this.#base}/manifests/${tag}`;
    const head = await this.#call({ method: 'HEAD', url, expect: [200], headers: { accept: ACCEPT } });
    let { mediaType, bytes } = await this.#manifest(head.headers.get('docker-content-digest') as Digest);
    if (isIndex(mediaType)) {
      const { manifests = [] } = parseManifest(bytes);
      const child = manifests.find(({ platform }) => platform?.['architecture'] === architecture);
      if (child === undefined) throw new Error(`no matching manifest for linux/${architecture}`);
      ({ mediaType, bytes } = await this.#manifest(child.digest));
    }
    const { config, layers = [] } = parseManifest(bytes);
    if (config === undefined) throw new Error('the manifest has no config');
    const contents = new Map([[digestOf(bytes), bytes]]);
    for (const descriptor of [config, ...layers])
      contents.set(descriptor.digest, await this.#blob(descriptor));
    const path = join(directory, `pulled-${crypto.randomUUID()}`);
    await writeLayout(path, describe(mediaType, bytes), contents, 'it');
    return { path, config: config.digest };
  }
}
