import { brotliDecompressSync, gunzipSync } from 'node:zlib';

/** Where a repository is asked. */
export interface Place {
  /** Scheme and host. */
  readonly origin: string;
  readonly repository: string;
  /** The path segment that means it as it was. */
  readonly asOf?: string;
}

/** What a client knows from an earlier answer. */
export interface Known {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** An answer, field by field, without what says where it is from. */
export type Answer = ReadonlyMap<string, string>;

/** Of the connection, and not of the answer. */
const UNSEEN = new Set(['date', 'connection', 'keep-alive']);

export async function seen(
  response: Response,
  { origin, repository, asOf }: Place,
  known: Known,
): Promise<Answer> {
  const general = (text: string): string =>
    text
      .replaceAll(origin, 'ORIGIN')
      .replaceAll(encodeURIComponent(origin), 'ORIGIN')
      .replaceAll(new URL(origin).host, 'HOST')
      .replaceAll(repository, 'REPOSITORY')
      .replaceAll(`/${asOf}`, '');
  const { headers } = response;
  const answer = new Map([['status', String(response.status)]]);
  for (const [name, value] of headers) if (!UNSEEN.has(name)) answer.set(name, general(value));
  const etag = headers.get('etag');
  if (etag !== null) answer.set('etag', etagText(etag, known));
  // When a document was made is another time wherever it was made.
  if (headers.has('last-modified')) answer.set('last-modified', 'a date');
  const bytes = await response.bytes();
  const coding = headers.get('content-encoding');
  // How long it is then depends on the address in it.
  if (coding !== null) answer.delete('content-length');
  answer.set('body', general(decoded(bytes, coding)));
  return answer;
}

/** A digest is the same everywhere; any other is only one's own, and must stay. */
function etagText(etag: string, { etag: before = '' }: Known): string {
  if (etag.startsWith('"sha256:')) return etag;
  return etag.startsWith(before.slice(0, -1)) ? `as before${etag.slice(before.length - 1)}` : 'another';
}

function decoded(bytes: Uint8Array, coding: string | null): string {
  const plain =
    bytes.length > 0 && coding === 'gzip'
      ? gunzipSync(bytes)
      : bytes.length > 0 && coding === 'br'
        ? brotliDecompressSync(bytes)
        : bytes;
  return Buffer.from(plain).toString('latin1');
}

export interface Difference {
  readonly field: string;
  readonly expected: string | undefined;
  readonly actual: string | undefined;
}

export function differences(expected: Answer, actual: Answer): readonly Difference[] {
  const fields = [...new Set([...expected.keys(), ...actual.keys()])];
  return fields
    .map((field) => ({ field, expected: expected.get(field), actual: actual.get(field) }))
    .filter((pair) => pair.expected !== pair.actual);
}

const AROUND = 120;

/** What differs, in a line; of long texts what is around their first difference. */
export function differenceText({ field, expected = 'nothing', actual = 'nothing' }: Difference): string {
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at += 1;
  const from = Math.max(0, at - AROUND / 4);
  return `${field}: ${expected.slice(from, at + AROUND)} → ${actual.slice(from, at + AROUND)}`;
}
