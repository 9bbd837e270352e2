import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { failureOf } from '../../testing/failure-of.ts';
import { S3Bucket } from './s3-bucket.ts';
import { S3Failure } from './s3-failure.ts';
import { S3Requests } from './s3-requests.ts';
import { sha256 } from './signature.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}
type Answer = (asked: Asked) => Response | Promise<Response>;

const SECRET = 'wJalrXUtnFEMI';
let storage: Bun.Server<undefined>;
let asked: Asked[];
let paused: number[];
let answers: Answer[];
beforeEach(() => {
  asked = [];
  paused = [];
  answers = [];
  storage = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      const one = { method, headers, path: `${pathname}${search}`, body: await request.text() };
      asked.push(one);
      return (answers.shift() ?? fine)(one);
    },
  });
});
afterEach(() => storage.stop(true));

const fine: Answer = () => new Response('');
const refuse =
  (status: number, code = '', message = 'no'): Answer =>
  () =>
    new Response(code === '' ? '' : `<Error><Code>${code}</Code><Message>${message}</Message></Error>`, {
      status,
    });
const again: Answer = () =>
  new Response(
    '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>',
  );
const endless: Answer = () =>
  new Response(
    new ReadableStream({
      pull: (stream) => stream.enqueue(new Uint8Array(1024 * 1024).fill(32)),
    }),
  );
const never: Answer = () => new Promise(() => undefined);

const bucket = (endpoint = storage.url.origin, patienceMs = 5_000): S3Bucket =>
  new S3Bucket(
    new S3Requests(
      {
        endpoint: new URL(endpoint),
        region: 'us-east-1',
        bucket: 'backups',
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET },
      },
      {
        now: () => Date.parse('2026-03-01T12:00:00Z'),
        random: () => 1,
        pause: (ms) => Promise.resolve(void paused.push(ms)),
        patienceMs,
      },
    ),
  );
const bytes = new TextEncoder().encode('bytes');
const reason = async (promise: Promise<unknown>): Promise<string> => {
  const failure = await failureOf(promise);
  expect(failure).toBeInstanceOf(S3Failure);
  expect(String(failure)).not.toContain(SECRET);
  return String(failure);
};

const page = (uploads: readonly (readonly [string, string])[], next?: readonly [string, string]) => {
  const list = uploads.map(([key, id]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`);
  const more = next
    ? `<IsTruncated>true</IsTruncated><NextKeyMarker>${next[0]}</NextKeyMarker><NextUploadIdMarker>${next[1]}</NextUploadIdMarker>`
    : '';
  return () =>
    new Response(`<ListMultipartUploadsResult>${list.join('')}${more}</ListMultipartUploadsResult>`);
};

describe('uploads that were begun', () => {
  test('are listed page by page to the last', async () => {
    answers = [
      page(
        [
          ['a', '1'],
          ['a', '2'],
        ],
        ['a', '2'],
      ),
      page([['b', '3']]),
    ];
    expect(await Array.fromAsync(bucket().begun('x/'))).toEqual([
      { key: 'a', upload: '1' },
      { key: 'a', upload: '2' },
      { key: 'b', upload: '3' },
    ]);
    expect(asked.map(({ path }) => new URLSearchParams(path.split('?')[1]).toString())).toEqual([
      'uploads=&prefix=x%2F',
      'uploads=&prefix=x%2F&key-marker=a&upload-id-marker=2',
    ]);
  });

  test('that are listed without end are an error', async () => {
    answers = [page([['a', '1']], ['a', '1']), page([['a', '1']], ['a', '1'])];
    expect(await reason(Array.fromAsync(bucket().begun('')))).toContain('without end');
  });
});

describe('a request', () => {
  test('names the bucket in its path and says what the sha256 of its body is', async () => {
    await bucket().put('a/b c', bytes);
    expect(asked).toMatchObject([{ method: 'PUT', path: '/backups/a/b%20c', body: 'bytes' }]);
    expect(asked[0]?.headers.get('x-amz-content-sha256')).toBe(sha256('bytes'));
    expect(asked[0]?.headers.get('authorization')).toStartWith(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260301/us-east-1/s3/aws4_request, SignedHeaders=',
    );
  });

  test.each([
    ['too many', refuse(429, 'TooManyRequests')],
    ['slow down', refuse(503, 'SlowDown')],
    ['a failure', refuse(500)],
    ['a slow body', refuse(400, 'RequestTimeout')],
    ['bytes that changed on their way', refuse(400, 'XAmzContentSHA256Mismatch')],
    ['a failure behind a status that says otherwise', refuse(200, 'InternalError')],
  ])('that is answered with %s is sent again', async (_, answer) => {
    answers = [answer, answer];
    await bucket().put('a', bytes);
    expect(asked.map(({ body }) => body)).toEqual(['bytes', 'bytes', 'bytes']);
    expect(paused).toEqual([500, 1_000]);
  });

  test('is given up at last', async () => {
    answers = Array.from({ length: 10 }, () => refuse(503, 'SlowDown', 'reduce your rate'));
    expect(await reason(bucket().put('a', bytes))).toContain(
      `PUT a failed at ${storage.url.origin}: SlowDown, “reduce your rate”; run it again later`,
    );
    expect(paused).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
  });

  test.each([
    [refuse(403, 'InvalidAccessKeyId'), 'check AWS_ACCESS_KEY_ID'],
    [refuse(403, 'SignatureDoesNotMatch'), 'check AWS_SECRET_ACCESS_KEY'],
    [
      refuse(403, 'AccessDenied'),
      'the credentials may not PUT a in bucket backups (AccessDenied, “no”): they need',
    ],
    [refuse(403), 'the credentials may not PUT a in bucket backups (status 403)'],
    [refuse(403, 'RequestTimeTooSkewed'), 'the clock of this machine'],
    [refuse(400, 'ExpiredToken'), 'AWS_SESSION_TOKEN'],
    [refuse(404, 'NoSuchBucket'), 'there is no bucket backups at'],
    [
      () => new Response('', { status: 301, headers: { 'x-amz-bucket-region': 'eu-west-1' } }),
      'is in another region (eu-west-1): give its region with --s3-region',
    ],
    [refuse(400, 'AuthorizationHeaderMalformed'), '--s3-region'],
    [refuse(507, 'XMinioStorageFull'), 'failed at'],
  ] as const)('that is refused says what to do: %#', async (answer, says) => {
    answers = Array.from({ length: 6 }, () => answer);
    expect(await reason(bucket().put('a', bytes))).toContain(says);
  });

  test('that nobody answers ends, and says so', async () => {
    answers = Array.from({ length: 6 }, () => never);
    expect(await reason(bucket(undefined, 50).page(''))).toContain('it said nothing for 1 seconds');
    expect(asked).toHaveLength(6);
  });

  test('to nobody says so', async () => {
    const { origin } = storage.url;
    await storage.stop(true);
    expect(await reason(bucket(origin).page(''))).toContain(`${origin} cannot be reached: `);
  });

  test('for a list that does not go on is no request for ever', async () => {
    answers = Array.from({ length: 50 }, () => again);
    const listed = Array.fromAsync(bucket().list(''));
    expect(await reason(listed)).toContain('goes on where it began');
    expect(asked.length).toBeLessThan(4);
  });

  test('is given up where the answer is longer than any', async () => {
    answers = [endless];
    expect(await reason(bucket().page(''))).toContain('longer than');
    answers = [async (one) => new Response((await endless(one)).body, { status: 403 })];
    expect(await reason(bucket().page(''))).toContain('longer than');
  });

  test('that something else answers says so', async () => {
    answers = [() => new Response('<html>welcome</html>')];
    expect(await reason(bucket().page(''))).toContain('perhaps not the address of an S3 storage');
  });
});

const LONG = 'a long object, of which some comes at a time';
const read = async (): Promise<string> => {
  let text = '';
  await bucket(undefined, 200).read('a', (piece) => void (text += Buffer.from(piece).toString()));
  return text;
};

/** Says that all comes, sends some, and then nothing or the end. */
const partly =
  (from: number, to: number, ends: boolean): Answer =>
  () => {
    const body = new ReadableStream({
      start(stream) {
        stream.enqueue(new TextEncoder().encode(LONG.slice(from, to)));
        if (ends) stream.close();
      },
    });
    const headers = { etag: '"1"', 'content-length': String(LONG.length - from) };
    return new Response(body, { status: from === 0 ? 200 : 206, headers });
  };

describe('an object that is read', () => {
  test('goes on where an answer broke off or fell silent, if it is still the same', async () => {
    answers = [partly(0, 9, false), partly(9, 20, false), partly(20, LONG.length, true)];
    expect(await read()).toBe(LONG);
    expect(asked.map(({ headers }) => [headers.get('range'), headers.get('if-match')])).toEqual([
      [null, null],
      ['bytes=9-', '"1"'],
      ['bytes=20-', '"1"'],
    ]);
  });

  test('fails when it is another one meanwhile', async () => {
    answers = [partly(0, 9, false), refuse(412, 'PreconditionFailed')];
    expect(await reason(read())).toContain('PreconditionFailed');
  });
});
