import { createHash } from 'node:crypto';
import type { Content, FakeUpstream } from './fake-upstream.ts';
import type { Bytes } from './oci.ts';
import type { Asked } from './upstream-wire.ts';

type Json = Readonly<Record<string, unknown>>;

export interface NpmVersion {
  readonly name: string;
  readonly version: string;
  /** More of its package.json: dependencies, scripts, deprecated. */
  readonly manifest?: Json;
  /** More files, by their path below the package's folder. */
  readonly files?: Readonly<Record<string, string | Bytes>>;
  /** ISO 8601. */
  readonly published?: string;
  /** The tag that is to name it; `latest` where it is not said. */
  readonly tag?: string;
  /** What `dist` is to say instead of the truth. */
  readonly dist?: Json;
}

interface Kept {
  readonly manifest: Json;
  readonly published: string;
}

/** All that `npm install` needs (CouchDB's package metadata, docs/responses/package-metadata.md of npm's registry). */
const ABBREVIATED = new Set([
  'name',
  'version',
  'deprecated',
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'bundleDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'bin',
  'directories',
  'dist',
  'engines',
  'cpu',
  'os',
  'libc',
  'hasInstallScript',
]);
const INSTALL = 'application/vnd.npm.install-v1+json';
const LONG_AGO = '2020-01-01T00:00:00.000Z';

/** Packages of an upstream: packuments in full and abbreviated, as the public registry sends them, and tarballs. */
export class NpmShelf {
  readonly #upstream: FakeUpstream;
  readonly #base: string;
  readonly #packages = new Map<string, { readonly versions: Map<string, Kept>; readonly tags: Json }>();

  /** `base` is the path of the registry's root, such as `/npm`; nothing for the host's own. */
  constructor(upstream: FakeUpstream, base = '') {
    this.#upstream = upstream;
    this.#base = base;
    upstream.put(`${base}/-/ping`, { headers: { 'content-type': 'application/json' }, body: '{}' });
  }

  /** The registry's address, as clients are given it. */
  get url(): string {
    return `${this.#upstream.url}${this.#base}/`;
  }

  /** Path of a packument. */
  path(name: string): string {
    return `${this.#base}/${name}`;
  }

  tarballPath(name: string, version: string): string {
    return `${this.path(name)}/-/${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
  }

  /** Adds a version, or puts another in its place; answers its tarball. */
  async publish({
    name,
    version,
    published = LONG_AGO,
    tag = 'latest',
    ...more
  }: NpmVersion): Promise<Bytes> {
    const stated = { name, version, ...more.manifest };
    const files = {
      'package.json': JSON.stringify(stated),
      'index.js': `// ${name}@${version}\n`,
      ...more.files,
    };
    const entries = Object.entries(files).map(([path, content]) => [`package/${path}`, content]);
    const archive = new Bun.Archive(Object.fromEntries(entries), { compress: 'gzip' });
    const tarball = new Uint8Array(await archive.bytes());
    const hash = (algorithm: string, encoding: 'hex' | 'base64'): string =>
      createHash(algorithm).update(tarball).digest(encoding);
    const dist = {
      integrity: `sha512-${hash('sha512', 'base64')}`,
      shasum: hash('sha1', 'hex'),
      tarball: this.#upstream.url + this.tarballPath(name, version),
      fileCount: entries.length,
      ...more.dist,
    };
    const { versions, tags } = this.#packages.get(name) ?? { versions: new Map<string, Kept>(), tags: {} };
    versions.set(version, { manifest: { ...stated, _id: `${name}@${version}`, dist }, published });
    this.#packages.set(name, { versions, tags: { ...tags, [tag]: version } });
    this.#upstream.put(this.tarballPath(name, version), { body: tarball });
    this.#upstream.put(this.path(name), (asked) => this.#packument(name, asked));
    return tarball;
  }

  /** Takes back one version, or the whole package, as upstreams do that lost it. */
  unpublish(name: string, version?: string): void {
    const versions = this.#packages.get(name)?.versions ?? new Map<string, Kept>();
    for (const gone of version === undefined ? [...versions.keys()] : [version]) {
      versions.delete(gone);
      this.#upstream.remove(this.tarballPath(name, gone));
    }
    if (versions.size === 0) this.#upstream.remove(this.path(name));
  }

  #packument(name: string, { headers }: Asked): Content {
    const abbreviated = headers['accept']?.includes(INSTALL) ?? false;
    const text = JSON.stringify(this.#document(name, abbreviated));
    const type = {
      'content-type': abbreviated ? INSTALL : 'application/json',
      vary: 'accept-encoding, accept',
    };
    if (headers['accept-encoding']?.includes('gzip') !== true) return { headers: type, body: text };
    return { headers: { ...type, 'content-encoding': 'gzip' }, body: Bun.gzipSync(text) };
  }

  #document(name: string, abbreviated: boolean): Json {
    const { versions = new Map<string, Kept>(), tags = {} } = this.#packages.get(name) ?? {};
    const kept = [...versions];
    const modified = kept
      .map(([, { published }]) => published)
      .sort()
      .at(-1);
    const shown = (manifest: Json): Json =>
      abbreviated
        ? Object.fromEntries(Object.entries(manifest).filter(([key]) => ABBREVIATED.has(key)))
        : manifest;
    const common = {
      name,
      'dist-tags': Object.fromEntries(Object.entries(tags).filter(([, to]) => versions.has(String(to)))),
      versions: Object.fromEntries(kept.map(([version, { manifest }]) => [version, shown(manifest)])),
    };
    if (abbreviated) return { ...common, modified };
    const times = Object.fromEntries(kept.map(([version, { published }]) => [version, published]));
    return { _id: name, _rev: '1-a', ...common, time: { created: LONG_AGO, modified, ...times }, readme: '' };
  }
}
