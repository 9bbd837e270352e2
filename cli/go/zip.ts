import { crc32, deflateRawSync } from 'node:zlib';

interface Entry {
  readonly name: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

const LOCAL = 0x04034b50;
const ENTRY = 0x02014b50;
const END = 0x06054b50;
const UTF8 = 0x0800;
/** 1980-01-01, the first day there is: the same files make the same archive whenever they are packed. */
const DATE = 0x0021;
/** Above either, an archive is of another kind. */
const MOST_ENTRIES = 0xffff;
const LARGEST = 0xffffffff;

/** A zip archive (PKWARE's APPNOTE 6.3), in pieces. RangeError for more than fits into one. */
export function zipOf(entries: readonly Entry[]): readonly Uint8Array<ArrayBuffer>[] {
  if (entries.length >= MOST_ENTRIES) throw new RangeError(`more than ${MOST_ENTRIES - 1} files`);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const list: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { name, content } of entries) {
    const title = new Uint8Array(Buffer.from(name));
    const packed = new Uint8Array(deflateRawSync(content));
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(UTF8, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(title.length, 22);
    const listed = Buffer.alloc(46);
    listed.writeUInt32LE(ENTRY, 0);
    listed.writeUInt16LE(20, 4);
    common.copy(listed, 6);
    listed.writeUInt32LE(offset, 42);
    const local = Buffer.alloc(4);
    local.writeUInt32LE(LOCAL, 0);
    pieces.push(new Uint8Array(Buffer.concat([local, common])), title, packed);
    list.push(new Uint8Array(listed), title);
    offset += 30 + title.length + packed.length;
    if (offset > LARGEST) throw new RangeError('more than 4 GiB');
  }
  const size = list.reduce((sum, piece) => sum + piece.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return [...pieces, ...list, new Uint8Array(end)];
}
