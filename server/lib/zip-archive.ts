import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { RegistryError } from '../core/error.ts';
import { type ArchiveLimits, excess } from './archive-limits.ts';

/** Bytes of an archive that can be read at any place. */
export interface RandomAccess {
  /** Bytes. */
  readonly size: number;
  /** `length` bytes from `start` on; both are inside. */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

export interface ZipLimits extends ArchiveLimits {
  /** Bytes of the list of entries. */
  readonly directory: number;
}

const MIB = 1024 * 1024;
export const ZIP_LIMITS: ZipLimits = {
  entries: 100_000,
  directory: 64 * MIB,
  inflated: 16 * 1024 * MIB,
  ratio: 50,
  ratioAbove: 64 * MIB,
};

export interface ZipEntry {
  readonly name: string;
  /** Bytes, as the archive says. */
  readonly size: number;
  readonly packedSize: number;
  readonly isDeflated: boolean;
  readonly crc: number;
  /** Where its own header is. */
  readonly offset: number;
  /** Whether its sizes stand behind its content, too. */
  readonly hasDescriptor: boolean;
}

const LOCAL = 0x04034b50;
const ENTRY = 0x02014b50;

const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const END_SIZE = 22;
const LONGEST_COMMENT = 65_535;
const inflated = promisify(inflateRaw);

/**
 * The list of what is in a zip archive (PKWARE's APPNOTE 6.3). INVALID_ARGUMENT (ARCHIVE_INVALID, SIZE_LIMIT) for any that could be
 * read in two ways: something before, behind or between its parts, a name twice, names that lead elsewhere, encryption,
 * or compression other than deflate.
 */
export async function readZip(
  archive: RandomAccess,
  limits: ZipLimits = ZIP_LIMITS,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const { offset, size, count } = await directoryOf(archive);
  if (count > limits.entries) throw tooLarge(`it has more than ${limits.entries} entries`);
  if (size > limits.directory) throw tooLarge(`its list of entries is larger than ${limits.directory} bytes`);
  const entries = entriesIn(Buffer.from((await archive.read(offset, size)).buffer), count);
  let total = 0;
  for (const entry of entries.values()) total += entry.size;
  const why = excess(total, archive.size, limits);
  if (why !== undefined) throw tooLarge(why);
  await checkPlaces(archive, [...entries.values()], offset);
  return entries;
}

/** The content of an entry of at most `limit` bytes. */
export async function readZipEntry(
  archive: RandomAccess,
  entry: ZipEntry,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, offset, packedSize, size, isDeflated, crc } = entry;
  if (size > limit || packedSize > limit + 1024)
    throw tooLarge(`${shown(name)} in it is larger than ${limit} bytes`);
  const header = bufferOf(await archive.read(offset, 30));
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + packedSize > archive.size) throw refuse(`${shown(name)} ends behind its end`);
  const packed = await archive.read(start, packedSize);
  const content = isDeflated
    ? await inflated(packed, { maxOutputLength: size + 1 }).catch(() => {
        throw refuse(`${shown(name)} in it cannot be read`);
      })
    : packed;
  if (content.byteLength !== size || crc32(content) !== crc)
    throw refuse(`${shown(name)} in it is not what its list says`);
  return new Uint8Array(content);
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

async function directoryOf(archive: RandomAccess): Promise<Directory> {
  const length = Math.min(archive.size, END_SIZE + LONGEST_COMMENT);
  const tail = bufferOf(await archive.read(archive.size - length, length));
  const mark = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
  const at = tail.lastIndexOf(mark);
  if (at === -1 || at + END_SIZE > tail.length) throw refuse('it is no zip archive');
  if (at + END_SIZE + tail.readUInt16LE(at + 20) !== tail.length) throw refuse('something is behind its end');
  const ends = archive.size - length + at;
  const found = {
    offset: tail.readUInt32LE(at + 16),
    size: tail.readUInt32LE(at + 12),
    count: tail.readUInt16LE(at + 10),
  };
  const isLarge = found.offset === 0xffffffff || found.size === 0xffffffff || found.count === 0xffff;
  if (!isLarge) return adjacent(found, ends);
  if (ends < 76) throw refuse('it is no zip archive');
  const locator = bufferOf(await archive.read(ends - 20, 20));
  const start = whole(locator.readBigUInt64LE(8));
  if (locator.readUInt32LE(0) !== LOCATOR_64 || start + 56 !== ends - 20)
    throw refuse('its end is not where it says');
  const end = bufferOf(await archive.read(start, 56));
  if (end.readUInt32LE(0) !== END_64) throw refuse('its end is not where it says');
  return adjacent(
    {
      offset: whole(end.readBigUInt64LE(48)),
      size: whole(end.readBigUInt64LE(40)),
      count: whole(end.readBigUInt64LE(32)),
    },
    start,
  );
}

function adjacent(directory: Directory, end: number): Directory {
  if (directory.offset + directory.size !== end) throw refuse('something is between its parts');
  return directory;
}

function entriesIn(bytes: Buffer, count: number): ReadonlyMap<string, ZipEntry> {
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== ENTRY)
      throw refuse('its list of entries is broken');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) =>
      bytes.readUInt16LE(at + place),
    ) as [number, number, number];
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > bytes.length) throw refuse('its list of entries is broken');
    const name = nameIn(bytes.subarray(at + 46, at + 46 + nameLength));
    if (entries.has(name)) throw refuse(`${shown(name)} is in it twice`);
    entries.set(name, entryAt(bytes.subarray(at, next), name, nameLength, extraLength));
    at = next;
  }
  if (at !== bytes.length) throw refuse('its list of entries is broken');
  return entries;
}

function entryAt(header: Buffer, name: string, nameLength: number, extraLength: number): ZipEntry {
  const flags = header.readUInt16LE(8);
  const method = header.readUInt16LE(10);
  if ((flags & 0x2041) !== 0) throw refuse(`${shown(name)} in it is encrypted`);
  if (method !== 0 && method !== 8) throw refuse(`${shown(name)} is compressed in another way than deflate`);
  const extra = header.subarray(46 + nameLength, 46 + nameLength + extraLength);
  const large = largeFields(extra, name);
  const size = large(header.readUInt32LE(24));
  const packedSize = large(header.readUInt32LE(20));
  const offset = large(header.readUInt32LE(42));
  if (method === 0 && size !== packedSize) throw refuse(`${shown(name)} has two sizes`);
  return {
    name,
    size,
    packedSize,
    isDeflated: method === 8,
    crc: header.readUInt32LE(16),
    offset,
    hasDescriptor: (flags & 8) !== 0,
  };
}

/** Of fields that are too large for their place, what the extra field says, in their order. */
function largeFields(extra: Buffer, name: string): (value: number) => number {
  let field: Buffer | undefined;
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) field = extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  let at = 0;
  return (value) => {
    if (value !== 0xffffffff) return value;
    if (!field || at + 8 > field.length) throw refuse(`${shown(name)} has no size`);
    at += 8;
    return whole(field.readBigUInt64LE(at - 8));
  };
}

/** Holds each entry's own header to the list, and sees that they follow each other from the first byte on. */
async function checkPlaces(archive: RandomAccess, entries: ZipEntry[], end: number): Promise<void> {
  const sorted = entries.sort((a, b) => a.offset - b.offset);
  if ((sorted[0]?.offset ?? end) !== 0) throw refuse('something is before its beginning');
  for (const [index, entry] of sorted.entries()) {
    const next = sorted[index + 1]?.offset ?? end;
    const name = Buffer.from(entry.name);
    const length = 30 + name.length;
    if (entry.offset + length > end) throw refuse(`${shown(entry.name)} is not where its list says`);
    const header = bufferOf(await archive.read(entry.offset, length));
    const isSame =
      header.readUInt32LE(0) === LOCAL &&
      header.readUInt16LE(8) === (entry.isDeflated ? 8 : 0) &&
      header.readUInt16LE(26) === name.length &&
      header.subarray(30).equals(name);
    if (!isSame) throw refuse(`${shown(entry.name)} is another entry by its own header`);
    const behind = next - (entry.offset + length + header.readUInt16LE(28) + entry.packedSize);
    if (!(entry.hasDescriptor ? [12, 16, 20, 24] : [0]).includes(behind))
      throw refuse(`something is behind ${shown(entry.name)}`);
  }
}

/** A name as it is in the archive; what would lead elsewhere is refused. */
function nameIn(bytes: Buffer): string {
  const name = bytes.toString('utf8');
  const parts = (name.endsWith('/') ? name.slice(0, -1) : name).split('/');
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const isOdd = /[\u0000-\u001f\\]/.test(name) || !Buffer.from(name).equals(bytes);
  if (isOdd || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw refuse(`${shown(name)} is not a path below it`);
  return name;
}

function whole(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw refuse('it says sizes that nothing has');
  return Number(value);
}

const bufferOf = (bytes: Uint8Array<ArrayBuffer>): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const shown = (text: string): string => JSON.stringify(text.slice(0, 200));
const refuse = (why: string): RegistryError =>
  new RegistryError('INVALID_ARGUMENT', 'ARCHIVE_INVALID', `the archive is not taken: ${why}`);
const tooLarge = (why: string): RegistryError =>
  new RegistryError('INVALID_ARGUMENT', 'SIZE_LIMIT', `the archive is not taken: ${why}`);
