import { createHash } from 'node:crypto';
import { packed, publication } from '../../server/testing/npm.ts';
import { encoded, fieldsOf, form, JSON_INDEX, wheel, wheelName } from '../../server/testing/python.ts';
import type { Bytes } from '../harness/oci.ts';
import type { Registry } from './registry.ts';

/** A version as it is published: its file, and where that is found below the repository. */
export interface Made {
  readonly version: string;
  readonly file: string;
  readonly bytes: Bytes;
  send(registry: Registry): Promise<Response>;
}

/** How a format's versions get into a repository, and what its index says of them. */
export interface Publishing {
  readonly format: string;
  make(repository: string, name: string, version: string): Promise<Made>;
  /** Files that the index of a package names, by version; nothing of a package that is not there. */
  listed(registry: Registry, repository: string, name: string): Promise<ReadonlyMap<string, Listed>>;
}

export interface Listed {
  /** Below the repository. */
  readonly file: string;
  /** As the index has it, in hexadecimal. */
  readonly checksum: string;
  readonly algorithm: 'sha256' | 'sha512';
}

export const checksumOf = (bytes: Uint8Array, algorithm: Listed['algorithm']): string =>
  createHash(algorithm).update(bytes).digest('hex');

const after = (url: string, part: string): string => url.slice(url.indexOf(part) + part.length);

const npm: Publishing = {
  format: 'NPM',
  async make(repository, name, version) {
    const bytes = await packed({ name, version, description: crypto.randomUUID() });
    return {
      version,
      bytes,
      file: `${name}/-/${name}-${version}.tgz`,
      send: (registry) =>
        registry.send('PUT', `${pathOf('npm', repository)}/${name}`, {
          type: 'application/json',
          body: new TextEncoder().encode(JSON.stringify(publication({ name, version }, bytes))),
        }),
    };
  },
  async listed(registry, repository, name) {
    const answer = await registry.send('GET', `${pathOf('npm', repository)}/${name}`);
    if (answer.status === 404) return new Map();
    const { versions } = (await answer.json()) as {
      readonly versions: Readonly<Record<string, { dist: { tarball: string; integrity: string } }>>;
    };
    return new Map(
      Object.entries(versions).map(([version, { dist }]) => [
        version,
        {
          file: after(dist.tarball, `${pathOf('npm', repository)}/`),
          checksum: Buffer.from(dist.integrity.replace('sha512-', ''), 'base64').toString('hex'),
          algorithm: 'sha512',
        },
      ]),
    );
  },
};

const python: Publishing = {
  format: 'PYTHON',
  async make(repository, name, version) {
    const release = { name, version, module: `text = ${JSON.stringify(crypto.randomUUID())}\n` };
    const bytes = wheel(release);
    return {
      version,
      bytes,
      file: `${name}/${wheelName(release)}`,
      async send(registry) {
        const { body, headers } = await encoded(form(wheelName(release), bytes, fieldsOf(release, bytes)));
        return registry.send('POST', `${pathOf('python', repository)}/`, { body, headers });
      },
    };
  },
  async listed(registry, repository, name) {
    const at = `${pathOf('python', repository)}/simple/${name}/`;
    const answer = await registry.send('GET', at, { headers: { accept: JSON_INDEX } });
    if (answer.status === 404) return new Map();
    const { files } = (await answer.json()) as {
      readonly files: readonly { filename: string; url: string; hashes: { sha256: string } }[];
    };
    return new Map(
      files.map(({ filename, url, hashes }) => [
        filename.split('-')[1] ?? '',
        {
          file: after(new URL(url, new URL(at, registry.url)).pathname, `${pathOf('python', repository)}/`),
          checksum: hashes.sha256,
          algorithm: 'sha256',
        },
      ]),
    );
  },
};

export const PUBLISHING: readonly Publishing[] = [npm, python];

const pathOf = (label: string, repository: string): string =>
  `/us-central1-${label}/my-project/${repository}`;

/** Where a file of a repository is. */
export const filePath = ({ format }: Publishing, repository: string, file: string): string =>
  `${pathOf(format.toLowerCase(), repository)}/${file}`;
