import { invalid, type RegistryError } from '../../core/error.ts';

/** As Artifact Registry has them (GenericArtifact of generic.proto); versions may have capitals and underscores besides. */
const PACKAGE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,254}[A-Za-z0-9])?$/;
const VERSION = /^[A-Za-z0-9](?:[A-Za-z0-9._+~:-]{0,126}[A-Za-z0-9])?$/;
/** What Artifact Registry keeps for itself. */
const RESERVED = 'latest';

const LONGEST_PATH = 1_024;
const LONGEST_SEGMENT = 255;
const MOST_SEGMENTS = 32;
/** C0 and C1 controls, the backslash, and what makes text read in another order than it is written in. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\\\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** A name that a package is published under. NAME_INVALID for what is none. */
export function packageName(text: string): string {
  if (PACKAGE.test(text)) return text;
  throw refuse(
    `${shown(text)} is not the name of a package: use up to 256 letters, digits, '.', '_' and '-', with a letter or digit at both ends`,
  );
}

/** A name that a version is published under. VERSION_INVALID for what is none. */
export function versionName(text: string): string {
  if (VERSION.test(text) && text.toLowerCase() !== RESERVED) return text;
  throw invalid(
    'VERSION_INVALID',
    text.toLowerCase() === RESERVED
      ? `a version is not called ${RESERVED}: that is kept for whichever is the newest`
      : `${shown(text)} is not a version: use up to 128 letters, digits, '.', '_', '+', '~', ':' and '-', with a letter or digit ` +
          'at both ends',
  );
}

/**
 * The path of a file in its version, as it is published. NAME_INVALID for what one could read in two ways, or that file systems
 * would write in another way than it is.
 */
export function filePath(text: string): string {
  const segments = text.split('/');
  if (Buffer.byteLength(text) > LONGEST_PATH || segments.length > MOST_SEGMENTS)
    throw refuse(`a file's path has at most ${LONGEST_PATH} bytes and ${MOST_SEGMENTS} parts`);
  if (!text.isWellFormed() || text.normalize('NFC') !== text)
    throw refuse(`${shown(text)} is not written in the normal form of Unicode (NFC)`);
  for (const segment of segments) {
    if (segment === '' || segment === '.' || segment === '..')
      throw refuse(`${shown(text)} has an empty part, or one that is only dots`);
    if (FORBIDDEN.test(segment))
      throw refuse(`${shown(text)} has a backslash, or a character that is not printed`);
    if (/^\s|[\s.]$/u.test(segment))
      throw refuse(`${shown(text)} has a part that begins with a space, or ends with a space or a dot`);
    if (Buffer.byteLength(segment) > LONGEST_SEGMENT)
      throw refuse(`a part of a file's path is longer than ${LONGEST_SEGMENT} bytes`);
  }
  return text;
}

const refuse = (why: string): RegistryError => invalid('NAME_INVALID', why);
const shown = (text: string): string => JSON.stringify(text.toWellFormed().slice(0, 200));
