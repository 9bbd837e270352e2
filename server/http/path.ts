import { invalid, RegistryError } from '../core/error.ts';

const LONGEST = 8 * 1024;
const MOST_SEGMENTS = 64;
const LONGEST_SEGMENT = 255;

/** C0 and C1 controls, and what a file system or a proxy might read as a separator. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
export const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\\]/;

/** What nearly every path is made of: nothing encoded, nothing to refuse but empty and dot segments. */
const PLAIN = /^(?:\/[\w~!$&'()*+,;=:@.-]{1,255})+\/?$/;
const DOTS = /\/\.{1,2}(?:\/|$)/;

/** A path as logs may have it: clients that log out put their token into it. */
export const withoutTokens = (path: string): string => path.replaceAll(/\bent_[\w%-]+/g, 'ent_***');

/**
 * A raw path's segments, each decoded exactly once: the one value that is authorized and used. A trailing slash
 * says nothing. What could be read in two ways (empty and dot segments, control characters, an encoded separator
 * that hides a second encoding) is refused.
 */
export function pathSegments(path: string): readonly string[] {
  if (path.length > LONGEST)
    throw new RegistryError('INVALID_ARGUMENT', 'URI_TOO_LONG', `the path is longer than ${LONGEST} bytes`);
  const parts = path.split('/');
  parts.shift();
  if (parts.at(-1) === '') parts.pop();
  if (parts.length > MOST_SEGMENTS)
    throw invalid('NAME_INVALID', `the path has more than ${MOST_SEGMENTS} segments`);
  if (PLAIN.test(path) && !DOTS.test(path)) return parts;
  return parts.map(decodeSegment);
}

function decodeSegment(raw: string): string {
  let segment: string;
  try {
    segment = decodeURIComponent(raw);
  } catch {
    throw invalid('NAME_INVALID', 'the path is not percent-encoded UTF-8');
  }
  return checkSegment(segment);
}

function checkSegment(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..' || FORBIDDEN.test(segment))
    throw invalid('NAME_INVALID', 'the path has an empty, dot or unprintable segment');
  if (segment.length > LONGEST_SEGMENT / 3 && Buffer.byteLength(segment) > LONGEST_SEGMENT)
    throw invalid('NAME_INVALID', `a path segment is longer than ${LONGEST_SEGMENT} bytes`);
  return segment;
}
