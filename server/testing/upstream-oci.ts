import type { Answers, Content, FakeUpstream } from './fake-upstream.ts';
import { type Bytes, bytesOf, CONFIG, type Descriptor, descriptorOf, INDEX, LAYER, MANIFEST } from './oci.ts';
import type { Asked } from './upstream-wire.ts';

interface ImagePlan {
  /** One layer each; a single one with the image's name where nothing is said. */
  readonly layers?: readonly (Bytes | string)[];
  /** More of the manifest: `subject`, `artifactType`, `annotations`. */
  readonly more?: object;
  readonly config?: object;
}

interface Pushed extends Descriptor {
  readonly layers: readonly Descriptor[];
  readonly config: Descriptor;
}

/** Images of an upstream, as its pull side shows them (distribution-spec). Names are below `/v2/`. */
export class ImageShelf {
  readonly #upstream: FakeUpstream;
  readonly #tokens: TokenHost | undefined;
  readonly #tags = new Map<string, Set<string>>();
  readonly #referrers = new Map<string, readonly Descriptor[]>();

  /** With a token host, whoever shows none of its tokens is sent there. */
  constructor(upstream: FakeUpstream, tokens?: TokenHost) {
    this.#upstream = upstream;
    this.#tokens = tokens;
    this.#put('/v2/', '', () => ({ headers: JSON_TYPE, body: '{}' }));
  }

  /** An image of its layers and a config, under a tag. */
  push(name: string, tag: string, { layers = [`layer of ${name}`], config, more }: ImagePlan = {}): Pushed {
    const about = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, ...config };
    const described = {
      config: this.blob(name, JSON.stringify(about), CONFIG),
      layers: layers.map((layer) => this.blob(name, layer, LAYER)),
    };
    const document = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, ...described, ...more });
    return { ...this.manifest(name, document, MANIFEST, tag), ...described };
  }

  /** An index of manifests that are there. */
  index(name: string, tag: string, manifests: readonly Descriptor[]): Descriptor {
    const document = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
    return this.manifest(name, document, INDEX, tag);
  }

  /** Any manifest, by its digest and under a tag. */
  manifest(name: string, document: string, mediaType: string, tag?: string): Descriptor {
    const descriptor = descriptorOf(mediaType, document);
    const { digest } = descriptor;
    const headers = { 'content-type': mediaType, 'docker-content-digest': digest, etag: `"${digest}"` };
    for (const reference of tag === undefined ? [digest] : [digest, tag])
      this.#put(this.manifestPath(name, reference), name, () => ({ headers, body: document }));
    const tags = this.#tags.get(name) ?? new Set();
    this.#tags.set(name, tag === undefined ? tags : tags.add(tag));
    this.#put(`/v2/${name}/tags/list`, name, () => ({
      headers: JSON_TYPE,
      body: JSON.stringify({ name, tags: [...tags].sort() }),
    }));
    this.#refer(name, document, descriptor);
    return descriptor;
  }

  blob(name: string, content: Bytes | string, mediaType = LAYER): Descriptor {
    const descriptor = descriptorOf(mediaType, content);
    const headers = { 'docker-content-digest': descriptor.digest };
    this.#put(this.blobPath(name, descriptor.digest), name, () => ({ headers, body: bytesOf(content) }));
    return descriptor;
  }

  manifestPath(name: string, reference: string): string {
    return `/v2/${name}/manifests/${reference}`;
  }

  blobPath(name: string, digest: string): string {
    return `/v2/${name}/blobs/${digest}`;
  }

  /** Lists a manifest with a subject among that one's referrers. */
  #refer(name: string, document: string, descriptor: Descriptor): void {
    const { subject, artifactType, annotations } = JSON.parse(document) as {
      readonly subject?: Descriptor;
      readonly artifactType?: string;
      readonly annotations?: object;
    };
    if (!subject) return;
    const path = `/v2/${name}/referrers/${subject.digest}`;
    const manifests = [...(this.#referrers.get(path) ?? []), { ...descriptor, artifactType, annotations }];
    this.#referrers.set(path, manifests);
    const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
    this.#put(path, name, () => ({ headers: { 'content-type': INDEX }, body }));
  }

  #put(path: string, name: string, answers: Answers): void {
    this.#upstream.put(path, (asked) => this.#tokens?.challenge(asked, name) ?? answers(asked));
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };

interface Login {
  readonly username: string;
  readonly password: string;
}

/** Gives out the tokens that an ImageShelf wants, on a server of its own or on the same (docs/spec/auth/token.md of distribution). */
export class TokenHost {
  readonly #host: FakeUpstream;
  readonly #login: Login | undefined;
  /** What each token that is good may read. */
  readonly #good = new Map<string, string>();

  /** With a login, only whoever shows it gets a token; without, anybody. */
  constructor(host: FakeUpstream, login?: Login) {
    this.#host = host;
    this.#login = login;
    host.put('/token', (asked) => this.#issue(asked));
  }

  /** Every token that was given is good no more. */
  expire(): void {
    this.#good.clear();
  }

  /** The 401 for whoever shows no token that is good for an image; undefined for who does. */
  challenge({ headers }: Asked, name: string): Content | undefined {
    const scope = name === '' ? '' : `repository:${name}:pull`;
    const granted = this.#good.get(/^Bearer (.+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? '');
    if (granted !== undefined && (scope === '' || granted.split(' ').includes(scope))) return undefined;
    const asks = scope === '' ? '' : `,scope="${scope}"`;
    const challenge = `Bearer realm="${this.#host.url}/token",service="fake"${asks}`;
    const body = '{"errors":[{"code":"UNAUTHORIZED","message":"a token is needed"}]}';
    return { status: 401, headers: { ...JSON_TYPE, 'www-authenticate': challenge }, body };
  }

  #issue({ target, headers }: Asked): Content {
    const basic = this.#login && `Basic ${btoa(`${this.#login.username}:${this.#login.password}`)}`;
    if (basic !== undefined && headers['authorization'] !== basic)
      return { status: 401, headers: JSON_TYPE, body: '{"details":"incorrect username or password"}' };
    const token = `token-${crypto.randomUUID()}`;
    const scopes = new URL(target, this.#host.url).searchParams.getAll('scope');
    this.#good.set(token, scopes.join(' '));
    return { headers: JSON_TYPE, body: JSON.stringify({ token, expires_in: 300 }) };
  }
}
