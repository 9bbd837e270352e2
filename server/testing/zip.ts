import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** What its own header says instead of the list's. */
  readonly localName?: string;
  readonly method?: number;
  readonly flags?: number;
}

interface Zip {
  readonly before?: string;
  readonly behind?: string;
  readonly comment?: string;
  readonly stored?: boolean;
}

/** A zip archive, well made unless it is asked to be otherwise. */
export function zipped(
  files: readonly ZipFile[],
  { before = '', behind = '', comment = '', stored = false }: Zip = {},
): Uint8Array<ArrayBuffer> {
  const pieces: Buffer[] = [Buffer.from(before)];
  const list: Buffer[] = [];
  let offset = before.length;
  for (const { name, content, localName = name, method = stored ? 0 : 8, flags = 0 } of files) {
    const bytes = Buffer.from(content);
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(crc32(bytes), 14);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(bytes.length, 22);
    local.writeUInt16LE(Buffer.byteLength(localName), 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    local.copy(entry, 6, 4, 26);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE(offset, 42);
    list.push(entry, Buffer.from(name));
    pieces.push(local, Buffer.from(localName), packed);
    offset += 30 + Buffer.byteLength(localName) + packed.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return new Uint8Array(
    Buffer.concat([...pieces, directory, end, Buffer.from(comment), Buffer.from(behind)]),
  );
}
