import type { ByteRange } from '../core/blob.ts';
import { RegistryError } from '../core/error.ts';

/**
 * A `Range` header against a body of `size` bytes (RFC 9110 14). Nothing for a header that says nothing we serve
 * (another unit, several ranges), which means the whole body; RANGE_INVALID (416) for one that lies outside or
 * ends before it begins.
 */
export function parseRange(header: string | null, size: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;

  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  const backwards = first !== '' && last !== '' && Number(last) < Number(first);
  if (backwards || start >= size || (first === '' && Number(last) === 0))
    throw new RegistryError(
      'OUT_OF_RANGE',
      'RANGE_INVALID',
      `the range is outside the ${size} bytes there are`,
      {
        headers: { 'content-range': `bytes */${size}` },
      },
    );
  return { start, end };
}

/** Whether an `If-None-Match` list names the tag: weakly, `*` too, and also without quotes, as some clients send it. */
export function matchesEtag(header: string | null, etag: string): boolean {
  if (header === null) return false;
  if (header.trim() === '*') return true;
  const wanted = bare(etag);
  return header.split(',').some((candidate) => bare(candidate) === wanted);
}

const bare = (tag: string): string => tag.trim().replace(/^W\//, '').replaceAll('"', '');
