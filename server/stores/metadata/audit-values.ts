/** Characters. */
export const LONGEST = { userAgent: 256, resource: 2048, name: 1024, message: 1024, text: 1024 } as const;
const LARGEST_REQUEST = 8 * 1024;
const MOST_ITEMS = 100;
const DEEPEST = 8;

const CUT = '…[truncated]';
const REDACTED = '[redacted]';

/** Fields that hold secrets, or may: tokens that only turn pages lose nothing by it. */
const SECRET_FIELD =
  /passw|secret|token$|tokens$|private_?key|key_?data|credential|authorization|assertion|cookie|verifier/i;
/** Secrets by their looks, wherever somebody put them: our tokens, JWTs, private keys, also as JWK (RFC 7518 section 6). */
const SECRET_TEXT =
  /\bentr?_[\w-]{8,}|\beyJ[\w-]{8,}\.[\w-]+\.?[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*|(?<="(?:d|p|q|dp|dq|qi|k)\\?"\s{0,9}:\s{0,9}\\?")[\w-]{16,}/g;

/** What would end a line, drive a terminal, or turn the direction of what is read. */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text in which such characters are written as their escapes, and secrets not at all. */
export const harmless = (text: string): string =>
  text
    .replaceAll(SECRET_TEXT, REDACTED)
    .replaceAll(UNSAFE, (each) => String.raw`\u` + each.charCodeAt(0).toString(16).padStart(4, '0'));

/** At most so many characters, and a mark where there were more. */
export function shortened(text: string, longest: number): string {
  const safe = harmless(text.slice(0, longest * 2));
  return safe.length <= longest && text.length <= longest * 2
    ? safe
    : harmless(safe.slice(0, longest - CUT.length)) + CUT;
}

/** A request or a response as it may be kept: no secrets, nothing unsafe, at most 8 KiB. */
export function withoutSecrets(message: Readonly<Record<string, unknown>>): unknown {
  const kept = clean(message, 0);
  const text = JSON.stringify(kept);
  return text.length <= LARGEST_REQUEST
    ? kept
    : { truncated: true, beginning: harmless(text.slice(0, LARGEST_REQUEST - 256)) };
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return shortened(value, LONGEST.text);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return CUT;
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_ITEMS).map((item) => clean(item, depth + 1));
    return value.length > MOST_ITEMS ? [...items, `${value.length - MOST_ITEMS} more ${CUT}`] : items;
  }
  const fields = Object.entries(value).slice(0, MOST_ITEMS);
  return Object.fromEntries(
    fields.map(([name, field]) => [
      shortened(name, LONGEST.text),
      SECRET_FIELD.test(name) ? REDACTED : clean(field, depth + 1),
    ]),
  );
}
