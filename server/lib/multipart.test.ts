import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { ByteStream } from '../core/blob.ts';
import { failureOf } from '../testing/failure-of.ts';
import { boundaryOf, type PartHead, readMultipart } from './multipart.ts';

interface Part {
  readonly name: string;
  readonly filename?: string;
  readonly content: Uint8Array;
}

const BOUNDARY = 'frontier';

function written(parts: readonly Part[], boundary = BOUNDARY): Uint8Array<ArrayBuffer> {
  const pieces = parts.flatMap(({ name, filename, content }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${
        filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: application/octet-stream`
      }\r\n\r\n`,
    ),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  return new Uint8Array(Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]));
}

/** In pieces of these sizes, again and again. */
function inPieces(bytes: Uint8Array<ArrayBuffer>, sizes: readonly number[]): ByteStream {
  let [at, next] = [0, 0];
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      const size = sizes[next % sizes.length] ?? 1;
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
      next += 1;
    },
  });
}

async function read(bytes: Uint8Array<ArrayBuffer>, sizes: readonly number[] = [bytes.byteLength || 1]) {
  const parts: (PartHead & { readonly content: Uint8Array })[] = [];
  await readMultipart(inPieces(bytes, sizes), BOUNDARY, async (head, content) => {
    parts.push({ ...head, content: new Uint8Array(await new Response(content).arrayBuffer()) });
  });
  return parts;
}

const token = fc.stringMatching(/^[a-z_:]{1,12}$/);
/** Content that looks like what separates parts. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .array(fc.constantFrom('\r\n', '--', BOUNDARY, `\r\n--${BOUNDARY.slice(0, -1)}`, 'x', '\r', '\n'), {
      maxLength: 12,
    })
    .map((words) => new Uint8Array(Buffer.from(words.join(''))))
    .filter((bytes) => !`\r\n${Buffer.from(bytes).toString('latin1')}`.includes(`\r\n--${BOUNDARY}`)),
);
const part = fc.oneof(
  fc.record({ name: token, content }),
  fc.record({ name: token, filename: fc.stringMatching(/^[\w. +-]{0,20}$/), content }),
);
const sizes = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 6 });

test('what is written comes back, in whatever pieces it arrives', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 6 }), sizes, async (parts, pieces) => {
      expect(await read(written(parts), pieces)).toEqual(
        parts.map((each) => ({ ...each, content: new Uint8Array(each.content) })),
      );
    }),
    { numRuns: 300 },
  );
});

test('what is cut off anywhere is refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { minLength: 1, maxLength: 3 }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      async (parts, where) => {
        const whole = written(parts);
        // Behind the last boundary there is nothing to miss.
        const cut = whole.slice(0, Math.floor((whole.byteLength - 4) * where));
        expect(await failureOf(read(cut))).toMatchObject({ reason: 'BODY_INVALID' });
      },
    ),
    { numRuns: 200 },
  );
});

test('what nobody reads of a part is skipped', async () => {
  const names: string[] = [];
  const bytes = written(['a', 'b', 'c'].map((name) => ({ name, content: new Uint8Array(10_000) })));
  await readMultipart(inPieces(bytes, [4096]), BOUNDARY, async ({ name }) => void names.push(name));
  expect(names).toEqual(['a', 'b', 'c']);
});

test('a reader that fails ends it', async () => {
  const bytes = written([{ name: 'a', content: new Uint8Array(10) }]);
  const reading = readMultipart(inPieces(bytes, [7]), BOUNDARY, () => Promise.reject(new Error('no room')));
  expect(await failureOf(reading)).toMatchObject({ message: 'no room' });
});

test.each([
  ['nothing', '', 'BODY_INVALID'],
  ['no form', 'hello', 'BODY_INVALID'],
  [
    'a part without a name',
    `--${BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n--${BOUNDARY}--`,
    'BODY_INVALID',
  ],
  ['a part without headers', `--${BOUNDARY}\r\n\r\nx\r\n--${BOUNDARY}--`, 'BODY_INVALID'],
  ['something behind a boundary', `--${BOUNDARY}x\r\n\r\nx\r\n--${BOUNDARY}--`, 'BODY_INVALID'],
  ['endless headers', `--${BOUNDARY}\r\nX: ${'x'.repeat(20_000)}`, 'SIZE_LIMIT'],
])('refuses %s', async (_, text, reason) => {
  expect(await failureOf(read(new Uint8Array(Buffer.from(text))))).toMatchObject({ reason });
});

test('takes no more parts than it may', async () => {
  const bytes = written(
    Array.from({ length: 4 }, (_, at) => ({ name: `n${at}`, content: new Uint8Array() })),
  );
  const reading = readMultipart(inPieces(bytes, [64]), BOUNDARY, async () => undefined, {
    parts: 3,
    head: 1_000,
  });
  expect(await failureOf(reading)).toMatchObject({ reason: 'SIZE_LIMIT' });
});

describe('the boundary', () => {
  test.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data;charset=utf-8; BOUNDARY="a b"', 'a b'],
  ])('of %s', (header, boundary) => {
    expect(boundaryOf(header)).toBe(boundary);
  });
  test.each([
    [null],
    ['application/json; boundary=x'],
    ['multipart/form-data'],
    ['multipart/mixed; boundary=x'],
  ])('is none in %s', (header) => {
    expect(() => boundaryOf(header)).toThrow('multipart/form-data');
  });
});
