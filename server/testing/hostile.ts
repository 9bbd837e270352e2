import * as fc from 'fast-check';
import type { TestServer } from './harness.ts';

/** A request as it was sent, to be sent again otherwise. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Notes what is sent to the server while `work` lasts. */
export async function recorded(
  server: TestServer,
  work: () => Promise<unknown>,
): Promise<readonly Recorded[]> {
  const seen: Promise<Recorded>[] = [];
  const answer = server.answer.bind(server);
  server.answer = (request, peer) => {
    seen.push(copyOf(request.clone() as Request));
    return answer(request, peer);
  };
  try {
    await work();
  } finally {
    server.answer = answer;
  }
  return Promise.all(seen);
}

async function copyOf(request: Request): Promise<Recorded> {
  const { pathname, search } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  delete headers['authorization'];
  return {
    method: request.method,
    path: `${pathname}${search}`,
    headers,
    body: new Uint8Array(await request.arrayBuffer()),
  };
}

const SEGMENTS = [
  '',
  '-',
  '_',
  '@',
  '@scope',
  '*',
  '..%2f..',
  '%2e%2e%2f',
  '%00',
  '%0d%0aX-A:%20b',
  '%ff%fe',
  '%',
  '%zz',
  '\\',
  '+',
  ' ',
  '~',
  '0',
  '-1',
  '1e309',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'sha256:',
  `sha256:${'0'.repeat(64)}`,
  `sha256:${'Z'.repeat(64)}`,
  'a'.repeat(256),
  'Ａ',
  'e%CC%81',
  '%F0%9F%92%A9',
  '.hidden',
  'con',
  'a:b',
  'a;b=c',
  'latest',
];
const VALUES = [
  '',
  ' ',
  '0',
  '-1',
  '1-',
  '*',
  '""',
  '"',
  'W/"a"',
  'null',
  '[]',
  '{}',
  'bytes=0-0',
  'bytes=5-1',
  'bytes=-0',
  'bytes=99999999999999999999-',
  'bytes=0-1,2-3',
  '0-0/1',
  'bytes 0-9/10',
  '*/*',
  '*/*;q=2',
  'gzip, br;q=0',
  'identity;q=0, *;q=0',
  'application/json',
  'application/octet-stream',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'multipart/related; boundary=x',
  'text/xml; charset=utf-16',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  'Sat, 99 Foo 9999 99:99:99 GMT',
  'a'.repeat(4096),
  'sha-256=:AAAA:',
  'md5=xyz',
];
const HEADERS = [
  'accept',
  'accept-encoding',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-md5',
  'content-range',
  'content-type',
  'digest',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'npm-command',
  'range',
  'x-goog-upload-command',
  'x-goog-upload-offset',
  'x-goog-upload-protocol',
  'x-http-method-override',
  'x-checksum-sha1',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** What parsers trip over, put anywhere into a body. */
const PIECES = [
  '\u0000',
  '\uFEFF',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '{',
  '}',
  '['.repeat(2_000),
  ']',
  '1e999',
  '-0',
  'null',
  '"__proto__":{"a":1},',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '<a>'.repeat(300),
  '&#x0;',
  '&b;',
  ']]>',
  '\r\n',
  '\r\n--',
  '../',
  'PK\u0003\u0004',
  'PK\u0005\u0006',
  '\u001f\u008b',
  '\u2028',
  'ÿ',
];

type Change<T> = (before: T) => T;

const changeOfPath: fc.Arbitrary<Change<string>> = fc
  .record({
    at: fc.nat(40),
    how: fc.constantFrom('put', 'insert', 'drop', 'twice', 'query'),
    by: fc.constantFrom(...SEGMENTS),
  })
  .map(({ at, how, by }) => (path) => {
    const [rest = '', query = ''] = path.split('?', 2);
    // What names the repository stays, or nothing of the format is ever reached.
    const segments = rest.split('/');
    const index = Math.min(segments.length, 3 + (at % Math.max(1, segments.length - 2)));
    if (how === 'put') segments[index] = by;
    else if (how === 'insert') segments.splice(index, 0, by);
    else if (how === 'drop') segments.splice(index, 1);
    else if (how === 'twice') segments.splice(index, 0, segments[index] ?? '');
    else return `${rest}?${query}&${encodeURIComponent(by)}=${by.replaceAll('#', '')}`;
    return `${segments.join('/')}${query === '' ? '' : `?${query}`}`;
  });

const changeOfBody: fc.Arbitrary<Change<Uint8Array<ArrayBuffer>>> = fc
  .record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(64),
    how: fc.constantFrom('flip', 'cut', 'insert', 'drop', 'repeat'),
    byte: fc.nat(255),
    piece: fc.constantFrom(...PIECES),
  })
  .map(({ at, length, how, byte, piece }) => (body) => {
    const from = Math.floor(at * body.byteLength);
    if (how === 'cut') return body.slice(0, from);
    if (how === 'drop') return joined(body.subarray(0, from), body.subarray(from + length));
    if (how === 'repeat') return joined(body.subarray(0, from + length), body.subarray(from));
    if (how === 'insert') return joined(body.subarray(0, from), Buffer.from(piece), body.subarray(from));
    const copy = body.slice();
    if (from < copy.byteLength) copy[from] = byte;
    return copy;
  });
const joined = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat(parts));

/** Requests that are almost one of `those`: another method, other segments, headers or bytes. */
export const almost = (those: readonly Recorded[]): fc.Arbitrary<Recorded> =>
  fc
    .record({
      request: fc.constantFrom(...those),
      method: fc.option(fc.constantFrom(...METHODS), { nil: undefined, freq: 4 }),
      paths: fc.array(changeOfPath, { maxLength: 2 }),
      headers: fc.array(fc.tuple(fc.constantFrom(...HEADERS), fc.constantFrom(...VALUES)), { maxLength: 2 }),
      bodies: fc.array(changeOfBody, { maxLength: 3 }),
    })
    .map(({ request, method, paths, headers, bodies }) => ({
      method: method ?? request.method,
      path: paths.reduce((path, change) => change(path), request.path),
      headers: { ...request.headers, ...Object.fromEntries(headers) },
      body: bodies.reduce((body, change) => change(body), request.body),
    }));
