/** What a Content-Range says of a part that begins at some byte (RFC 9110 14.4). Both ends are inclusive. */
export interface ContentRange {
  readonly start: number;
  readonly end: number;
  /** Bytes of the whole; absent when the other side does not know. */
  readonly size?: number;
}

/** Nothing for what is not one range of bytes that makes sense. */
export function parseContentRange(header: string | null): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(?:(\d{1,15})|\*)$/.exec(header?.trim() ?? '');
  if (!match) return undefined;
  const [start, end] = [Number(match[1]), Number(match[2])];
  const size = match[3] === undefined ? undefined : Number(match[3]);
  if (start > end || (size !== undefined && end >= size)) return undefined;
  return { start, end, ...(size !== undefined && { size }) };
}
