import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { RegistryError } from '../core/error.ts';
import type { RandomAccess, ZipEntry } from './zip-archive.ts';

const PIECE = 256 * 1024;

/**
 * The content of an entry, piece by piece, of whatever size. ARCHIVE_INVALID when it turns out to be another than the list of
 * entries says; the whole of it is good only when it has ended.
 */
export async function* zipContent(
  archive: RandomAccess,
  entry: ZipEntry,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { offset, packedSize, size, isDeflated, crc } = entry;
  const header = Buffer.from(await archive.read(offset, 30));
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + packedSize > archive.size) throw refuse(entry);
  const packed = Readable.from(piecesOf(archive, start, packedSize));
  const content: AsyncIterable<Uint8Array> = isDeflated ? packed.pipe(createInflateRaw()) : packed;
  let [length, sum] = [0, 0];
  const pieces = content[Symbol.asyncIterator]();
  for (;;) {
    const next = await pieces.next().catch(() => {
      throw refuse(entry);
    });
    if (next.done) break;
    length += next.value.byteLength;
    if (length > size) {
      packed.destroy();
      throw refuse(entry);
    }
    sum = crc32(next.value, sum);
    yield next.value;
  }
  if (length !== size || sum !== crc) throw refuse(entry);
}

async function* piecesOf(archive: RandomAccess, start: number, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += PIECE) yield archive.read(start + at, Math.min(PIECE, length - at));
}

const refuse = ({ name }: ZipEntry): RegistryError =>
  new RegistryError(
    'INVALID_ARGUMENT',
    'ARCHIVE_INVALID',
    `the archive is not taken: ${JSON.stringify(name.slice(0, 200))} in it is not what its list says`,
  );
