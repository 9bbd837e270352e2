import { createHash } from 'node:crypto';
import type { NpmServer } from '../servers/npm.ts';
import { randomBytes, succeed } from './oci-client.ts';

export interface NpmPlan {
  readonly name: string;
  readonly version: string;
  /** Bytes of JSON that package.json is to have, about. */
  readonly manifestSize?: number;
  /** Bytes that nothing can compress. */
  readonly payload?: number;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A package as `npm publish` sends it. */
export interface MadePackage {
  /** What a packument has of it. */
  readonly manifest: Readonly<Record<string, unknown>> & { readonly version: string };
  readonly tarball: Uint8Array<ArrayBuffer>;
  /** Body of the PUT. */
  readonly document: string;
}

export async function makePackage(plan: NpmPlan): Promise<MadePackage> {
  const { name, version } = plan;
  const manifest = manifestOf(plan);
  const files = {
    'package/package.json': JSON.stringify(manifest),
    'package/index.js': 'module.exports = 1;\n',
    'package/data.bin': randomBytes(plan.payload ?? 1000),
  };
  const tarball = new Uint8Array(await new Bun.Archive(files, { compress: 'gzip' }).bytes());
  const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
  const dist = {
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
    tarball: `http://127.0.0.1/${name}/-/${file}`,
  };
  const described = { ...manifest, _id: `${name}@${version}`, dist };
  const document = JSON.stringify({
    _id: name,
    name,
    'dist-tags': { latest: version },
    versions: { [version]: described },
    access: null,
    _attachments: {
      [`${name}-${version}.tgz`]: {
        content_type: 'application/octet-stream',
        data: tarball.toBase64(),
        length: tarball.byteLength,
      },
    },
  });
  return { manifest: described, tarball, document };
}

/** What grown packages say of themselves: many scripts and what these need, so that much of it repeats between versions. */
function manifestOf({ name, version, manifestSize = 0, dependencies = {} }: NpmPlan) {
  const base = {
    name,
    version,
    description: `${name}, made for a measurement`,
    license: 'Apache-2.0',
    main: 'index.js',
    repository: { type: 'git', url: `git+https://git.example.com/bench/${name}.git` },
    author: { name: 'Somebody', email: 'somebody@example.com' },
    maintainers: [{ name: 'somebody', email: 'somebody@example.com' }],
    engines: { node: '>=20' },
    dependencies,
  };
  const room = Math.max(0, manifestSize - JSON.stringify(base).length);
  // A dependency takes 34 bytes, a script 66; an abbreviated packument has the one and not the other.
  const count = Math.floor(room / 100);
  const each = Array.from({ length: count }, (_, at) => at);
  const minor = Number(version.split('.')[1] ?? 0);
  return {
    ...base,
    devDependencies: Object.fromEntries(
      each.map((at) => [`@bench/dependency-${at}`, `^${1 + (at % 9)}.${(minor + at) % 50}.0`]),
    ),
    scripts: Object.fromEntries(
      each.map((at) => [`task-${at}`, `run-task --number ${at} --for ${version} --strict`]),
    ),
  };
}

export async function publish(
  { registry, headers }: Pick<NpmServer, 'registry' | 'headers'>,
  name: string,
  { document }: Pick<MadePackage, 'document'>,
): Promise<void> {
  const answer = await succeed(new URL(registry + name.replace('/', '%2f')), {
    method: 'PUT',
    headers: { 'content-type': 'application/json', ...headers },
    body: document,
  });
  await answer.text();
}
