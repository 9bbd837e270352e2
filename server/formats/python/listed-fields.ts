/** A name that is one segment of a path, and nothing else. */
export const isPlainName = (filename: string): boolean =>
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  filename.length <= 240 && !/[/\\\u0000-\u001f\u007f]|^\.+$/.test(filename);

const DIGITS: Readonly<Record<string, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128, blake2b: 128 };

/** Of hashes by name, those that may be ones. */
export function hashesIn(value: object): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const [algorithm, hex] of Object.entries(value))
    if (
      typeof hex === 'string' &&
      /^[0-9a-f]+$/i.test(hex) &&
      hex.length === (DIGITS[algorithm] ?? hex.length)
    )
      hashes.set(algorithm, hex.toLowerCase());
  return hashes;
}

/** An address of an index in full. Nothing for what is none, and for what nobody can ask. */
export function addressIn(text: string, base: string): string | undefined {
  const url = URL.parse(text, base === '' ? undefined : base);
  return url && /^https?:$/.test(url.protocol) ? url.href : undefined;
}
