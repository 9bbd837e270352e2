import type { Checksum } from '../../core/blob.ts';
import { invalid } from '../../core/error.ts';

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;
const ANY_DIGEST = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const LONGEST_NAME = 255;
const NAME_RULE = 'use up to 255 lower-case letters and digits, with single separators between them';

/** `sha256:…` or `sha512:…`; what a client calls a manifest or a blob by. */
export type OciDigest = `sha256:${string}` | `sha512:${string}`;

export const isDigest = (text: string): text is OciDigest => DIGEST.test(text);

/** The image's name below its repository. NAME_INVALID unless the specification allows it. */
export function imageName(text: string): string {
  if (text.length > LONGEST_NAME || !text.split('/').every((part) => COMPONENT.test(part)))
    throw invalid('NAME_INVALID', `${shown(text)} is not an image name: ${NAME_RULE}`, { name: cut(text) });
  return text;
}

export const isTag = (text: string): boolean => TAG.test(text);

export function tagName(text: string): string {
  if (!isTag(text))
    throw invalid(
      'TAG_INVALID',
      `${shown(text)} is not a tag: use up to 128 letters, digits, '.', '_' and '-'`,
      {
        tag: cut(text),
      },
    );
  return text;
}

export function digestOf(text: string): OciDigest {
  if (isDigest(text)) return text;
  const known = ANY_DIGEST.test(text)
    ? 'sha256 and sha512 are the algorithms'
    : 'write sha256: and 64 hex digits';
  throw invalid('DIGEST_INVALID', `${shown(text)} is not a digest this registry takes: ${known}`, {
    digest: cut(text),
  });
}

/** As much of what a client wrote as a refusal repeats, and with quotes, since it may be empty or have line breaks. */
const cut = (text: string): string => text.slice(0, 140);
const shown = (text: string): string => JSON.stringify(cut(text));

/** A manifest reference: a digest where it has a colon, else a tag. */
export type Reference =
  | { readonly kind: 'digest'; readonly digest: OciDigest }
  | { readonly kind: 'tag'; readonly tag: string };

export const referenceOf = (text: string): Reference =>
  text.includes(':') ? { kind: 'digest', digest: digestOf(text) } : { kind: 'tag', tag: tagName(text) };

export function checksumOf(digest: OciDigest): Checksum {
  const colon = digest.indexOf(':');
  return { algorithm: digest.slice(0, colon) as 'sha256' | 'sha512', hex: digest.slice(colon + 1) };
}

export function digestBytes(bytes: Uint8Array<ArrayBuffer>, algorithm: 'sha256' | 'sha512'): OciDigest {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest('hex')}`;
}
