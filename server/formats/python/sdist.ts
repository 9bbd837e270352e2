import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type tar from 'tar-stream';
import type { ByteStream } from '../../core/blob.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import { type ArchiveLimits, excess } from '../../lib/archive-limits.ts';
import { readTar, wrongHeaders } from '../../lib/tar-archive.ts';

const MIB = 1024 * 1024;
const LIMITS: ArchiveLimits = {
  entries: 200_000,
  inflated: 4 * 1024 * MIB,
  ratio: 200,
  ratioAbove: 32 * MIB,
};

/**
 * PKG-INFO of a source archive: a gzipped tar with one top folder and nothing that leads out of it
 * (packaging.python.org/specifications/source-distribution-format). INVALID_ARGUMENT (SDIST_INVALID, SIZE_LIMIT) for any other.
 */
export async function readSdist(
  archive: ByteStream,
  largest: number,
  limits: ArchiveLimits = LIMITS,
): Promise<Uint8Array<ArrayBuffer>> {
  const extract = readTar();
  let [packed, inflated] = [0, 0];
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const bytes of archive) {
      packed += bytes.byteLength;
      yield bytes;
    }
  }
  async function* bounded(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const bytes of source) {
      inflated += bytes.byteLength;
      const why = excess(inflated, packed, limits);
      if (why !== undefined) throw tooLarge(why);
      yield bytes;
      const wrong = wrongHeaders(extract);
      if (wrong !== undefined) throw tooLarge(wrong);
    }
  }
  const source = Readable.from(counted());
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  source.once('error', (error) => gunzip.destroy(error));
  const unpacked = Readable.from(bounded(source.pipe(gunzip) as AsyncIterable<Uint8Array>));
  unpacked.once('error', (error) => extract.destroy(error));
  try {
    return await pkgInfoIn(unpacked.pipe(extract), largest, limits.entries);
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw refuse(
      `it is not a gzipped tar archive (${error instanceof Error ? error.message : 'unreadable'})`,
    );
  } finally {
    source.destroy();
    gunzip.destroy();
    unpacked.destroy();
    extract.destroy();
  }
}

async function pkgInfoIn(
  archive: tar.Extract,
  largest: number,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let found: Uint8Array<ArrayBuffer> | undefined;
  let top: string | undefined;
  let count = 0;
  for await (const entry of archive) {
    const { name, type, linkname } = entry.header;
    const parts = partsOf(name);
    count += 1;
    if (count > most) throw tooLarge(`it has more than ${most} entries`);
    top ??= parts[0];
    if (parts[0] !== top)
      throw refuse(`it has more than one top folder: ${shown(name)} is not in ${shown(top ?? '')}`);
    requireInside(parts, type ?? 'file', linkname ?? '');
    if (parts.length !== 2 || parts[1] !== 'PKG-INFO') {
      entry.resume();
      continue;
    }
    if (found || type !== 'file') throw refuse('it must have one file PKG-INFO in its top folder');
    if ((entry.header.size ?? 0) > largest) throw tooLarge(`its PKG-INFO is larger than ${largest} bytes`);
    const pieces: Uint8Array[] = [];
    for await (const bytes of entry as AsyncIterable<Uint8Array>) pieces.push(bytes.slice());
    found = new Uint8Array(Buffer.concat(pieces));
  }
  if (!found) throw refuse('it has no PKG-INFO in its top folder');
  return found;
}

function partsOf(name: string): readonly string[] {
  const parts = (name.endsWith('/') ? name.slice(0, -1) : name).split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..') || /[\\\0]/.test(name))
    throw refuse(`${shown(name)} is not a path below a top folder`);
  return parts;
}

const PLAIN: ReadonlySet<string> = new Set(['file', 'contiguous-file', 'directory']);

/** Links may lead to other places of the same top folder (PEP 721). */
function requireInside(parts: readonly string[], type: string, target: string): void {
  if (PLAIN.has(type)) return;
  const name = parts.join('/');
  if (type !== 'symlink' && type !== 'link') throw refuse(`${shown(name)} is a ${type}`);
  const at = type === 'link' ? [] : parts.slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') at.pop();
    else if (part !== '.' && part !== '') at.push(part);
    if (at.length === 0 && part === '..') throw refuse(`${shown(name)} leads out of it`);
  }
  if (target.startsWith('/') || at[0] !== parts[0]) throw refuse(`${shown(name)} leads out of it`);
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 200));
const refuse = (why: string): RegistryError =>
  invalid('SDIST_INVALID', `the source archive is not taken: ${why}`);
const tooLarge = (why: string): RegistryError =>
  new RegistryError('INVALID_ARGUMENT', 'SIZE_LIMIT', `the source archive is not taken: ${why}`);
