/** A header of a tar archive, and what it is of: also such as no tool writes. */
export function tarEntry(name: string, type: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  const size = Buffer.byteLength(content);
  header.write(name);
  header.write('0000644\0', 100);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write('ustar\u000000', 257);
  sealHeader(header);
  return Buffer.concat([header, Buffer.from(content), Buffer.alloc((512 - (size % 512)) % 512)]);
}

/** Writes the checksum of the header that begins there, over whatever it has now. */
export function sealHeader(archive: Buffer, at = 0): void {
  const header = archive.subarray(at, at + 512);
  header.fill(' ', 148, 156);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}

/** A record of an extended header (POSIX pax). */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  for (let length = Buffer.byteLength(rest) + 1; ; length += 1)
    if (String(length).length + Buffer.byteLength(rest) === length) return `${length}${rest}`;
}

/** Ends an archive. */
export const TAR_END: Buffer = Buffer.alloc(1024);
