import { invalid } from '../core/error.ts';

/** What may be a time in an address, right or wrong: no name of a package may begin so. */
const RESERVED = /^as-of-\d/;
const WRITTEN = /^as-of-(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)(?:\.(\d{3}))?z$/;

/**
 * The time that a path segment stands for, in milliseconds since the epoch; nothing for one that is no time. AS_OF_INVALID for
 * what was meant as one.
 */
export function asOfSegment(segment: string | undefined): number | undefined {
  if (segment === undefined || !RESERVED.test(segment)) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '000'] = WRITTEN.exec(segment) ?? [];
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction}Z`;
  const at = year === undefined ? Number.NaN : Date.parse(text);
  // A day or hour too many is read as one of the next.
  if (Number.isNaN(at) || new Date(at).toISOString() !== text)
    throw invalid(
      'AS_OF_INVALID',
      `${segment.slice(0, 80)} is no time: write as-of-YYYYMMDDtHHMMSSz, in UTC, as in as-of-20260301t120000z`,
    );
  return at;
}
