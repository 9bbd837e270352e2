import type { BlobInfo, Body } from '../../core/blob.ts';
import type { HostedRepo } from '../../core/catalog.ts';
import { invalid } from '../../core/error.ts';
import { storedArchive } from '../../lib/stored-archive.ts';
import { type RandomAccess, readZip, readZipEntry } from '../../lib/zip-archive.ts';
import { type CoreMetadata, parseCoreMetadata } from './core-metadata.ts';
import type { NamedFile } from './filenames.ts';
import { normalName } from './names.ts';
import { readSdist } from './sdist.ts';
import { sameVersion } from './versions.ts';

/** Bytes of a METADATA or PKG-INFO. */
export const LARGEST_METADATA = 16 * 1024 * 1024;

/** What a stored file says of itself. */
export interface Distribution {
  readonly metadata: CoreMetadata;
  /** METADATA of a wheel, as it is in it. */
  readonly sidecar?: Uint8Array<ArrayBuffer>;
}

/** Looks into a file that was stored. INVALID_ARGUMENT for what is not what its name says. */
export async function readDistribution(
  repo: Pick<HostedRepo, 'open'>,
  blob: BlobInfo,
  filename: string,
  named: NamedFile,
): Promise<Distribution> {
  if (named.kind === 'wheel') {
    const sidecar = await readWheel(accessTo(repo, blob), named);
    return { metadata: parseCoreMetadata(sidecar), sidecar };
  }
  const content = filename.endsWith('.zip')
    ? await readZippedSdist(accessTo(repo, blob))
    : await readSdist(streamOf(await repo.open(blob)), LARGEST_METADATA);
  return { metadata: parseCoreMetadata(content) };
}

/** METADATA of a wheel, which must have one `.dist-info` folder, of its name and version, with the files that installers need. */
async function readWheel(
  archive: RandomAccess,
  { name, version }: NamedFile,
): Promise<Uint8Array<ArrayBuffer>> {
  const entries = await readZip(archive);
  const folders = new Set(
    Array.from(entries.keys(), (path) => path.slice(0, Math.max(0, path.indexOf('/')))).filter((folder) =>
      folder.endsWith('.dist-info'),
    ),
  );
  const [folder = ''] = folders;
  const [, ofName = '', ofVersion = ''] = /^(.+)-([^-]+)\.dist-info$/.exec(folder) ?? [];
  if (folders.size !== 1 || normalName(ofName) !== normalName(name) || !sameVersion(ofVersion, version))
    throw invalid(
      'WHEEL_INVALID',
      `the wheel must have one .dist-info folder, ${name}-${version}.dist-info, and has ${
        folders.size === 0 ? 'none' : [...folders].slice(0, 3).join(', ')
      }`,
    );
  for (const needed of ['METADATA', 'WHEEL', 'RECORD'])
    if (!entries.has(`${folder}/${needed}`))
      throw invalid('WHEEL_INVALID', `the wheel has no ${folder}/${needed}`);
  const entry = entries.get(`${folder}/METADATA`);
  if (!entry) throw invalid('WHEEL_INVALID', `the wheel has no ${folder}/METADATA`);
  return readZipEntry(archive, entry, LARGEST_METADATA);
}

async function readZippedSdist(archive: RandomAccess): Promise<Uint8Array<ArrayBuffer>> {
  const entries = await readZip(archive);
  const found = [...entries.values()].filter(({ name }) => /^[^/]+\/PKG-INFO$/.test(name));
  const [entry] = found;
  if (!entry || found.length > 1)
    throw invalid('SDIST_INVALID', 'the source archive must have one PKG-INFO in its top folder');
  return readZipEntry(archive, entry, LARGEST_METADATA);
}

const accessTo = (repo: Pick<HostedRepo, 'open'>, blob: BlobInfo): RandomAccess =>
  storedArchive(blob.size, (range) => repo.open(blob, range));

const streamOf = (body: Body): ReadableStream<Uint8Array<ArrayBuffer>> => {
  if (body instanceof ReadableStream) return body;
  return (body instanceof Blob ? body : new Blob([body])).stream();
};
