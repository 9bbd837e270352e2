import { makePackage, publish } from '../load/npm-package.ts';
import { call, imageManifest, MANIFEST_TYPE, pushBlob, sha256, succeed } from '../load/oci-client.ts';
import { type Entrepot, inRepository, LOCATION, PROJECT } from '../servers/entrepot.ts';
import { GO_REPOSITORY, goAt, uploadModule } from '../servers/go.ts';
import { deploy, MAVEN_REPOSITORY, mavenAt } from '../servers/maven.ts';
import { npmAddress } from '../servers/npm.ts';
import { madeWheel, PYTHON_REPOSITORY, pythonAt } from '../servers/python.ts';

/** How something is published in a format, beginning with a repository that is empty. */
export interface PublishingKind {
  readonly key: string;
  readonly format: string;
  readonly repository: string;
  /** What a package called so is called in this format. */
  readonly name: (word: string) => string;
  /** Makes everything ready; what it answers is what is timed. */
  prepare(server: Entrepot, name: string, version: string): Promise<() => Promise<void>>;
  /** What the catalog calls the package, where that is another name. */
  readonly stored?: (name: string) => string;
  /** What the catalog calls the version, where that is another name. */
  readonly copied?: (name: string, version: string) => string;
}

/** What is copied; nothing else has these digits. */
export const FIRST = '7.77.777';

const CONFIG = new TextEncoder().encode('{"architecture":"amd64","os":"linux"}');
const LAYER = new TextEncoder().encode('a layer that all have');
const described = (mediaType: string, bytes: Uint8Array) => ({
  mediaType,
  digest: sha256(bytes),
  size: bytes.byteLength,
});
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';

const manifestOf = (name: string, version: string): string =>
  JSON.stringify({
    ...(JSON.parse(imageManifest(described(CONFIG_TYPE, CONFIG), [described(LAYER_TYPE, LAYER)])) as object),
    annotations: { name, version },
  });

const docker: PublishingKind = {
  key: 'Docker',
  format: 'DOCKER',
  repository: 'docker',
  name: (word) => word,
  copied: (name, version) => sha256(manifestOf(name, version)),
  async prepare(server, name, version) {
    const registry = inRepository(server, 'docker');
    await pushBlob(registry, name, CONFIG_TYPE, CONFIG);
    await pushBlob(registry, name, LAYER_TYPE, LAYER);
    const body = manifestOf(name, version);
    const headers = { 'content-type': MANIFEST_TYPE };
    return async () => {
      await call(registry, name, `manifests/${version}`, { method: 'PUT', headers, body });
    };
  },
};

const npm: PublishingKind = {
  key: 'npm',
  format: 'NPM',
  repository: 'npm',
  name: (word) => word,
  async prepare({ url, accessToken }, name, version) {
    const made = await makePackage({ name, version, manifestSize: 1500, payload: 1000 });
    const headers = { authorization: `Bearer ${accessToken}` };
    return () => publish({ registry: npmAddress(url, 'npm'), headers }, name, made);
  },
};

const python: PublishingKind = {
  key: 'Python',
  format: 'PYTHON',
  repository: PYTHON_REPOSITORY,
  name: (word) => word,
  async prepare(server, name, version) {
    const release = { name, version };
    const { filename, bytes } = madeWheel(release);
    const index = await pythonAt(server);
    return () => index.upload(filename, bytes, release);
  },
};

/** Of one major version, as all of a module are. */
const goVersion = (version: string): string => `v0.${version.replace('.', '')}`;

const go: PublishingKind = {
  key: 'Go',
  format: 'GO',
  repository: GO_REPOSITORY,
  name: (word) => `example.com/${word}`,
  copied: (_, version) => goVersion(version),
  prepare: async (server, module, version) => () =>
    uploadModule(goAt(server), { module, version: goVersion(version) }),
};

const generic: PublishingKind = {
  key: 'Generic',
  format: 'GENERIC',
  repository: 'generic',
  name: (word) => word,
  prepare:
    async ({ url, accessToken }, name, version) =>
    async () => {
      const path = `/${LOCATION}-generic/${PROJECT}/generic/${name}/${version}/file`;
      const headers = { authorization: `Bearer ${accessToken}` };
      await succeed(new URL(path, url), { method: 'PUT', headers, body: LAYER });
    },
};

const maven: PublishingKind = {
  key: 'Maven',
  format: 'MAVEN',
  repository: MAVEN_REPOSITORY,
  name: (word) => word,
  stored: (name) => `com.acme:${name}`,
  prepare: async (server, name, version) => () => deploy(mavenAt(server), { name, version }),
};

/** One for each format that has versions. */
export const publishingKinds: readonly PublishingKind[] = [docker, npm, python, maven, go, generic];
