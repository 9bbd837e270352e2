import { describe, expect, test } from 'bun:test';
import { assert, asyncProperty, integer, uint8Array } from 'fast-check';
import { failureOf } from '../testing/failure-of.ts';
import { readRelated, relatedBoundary } from './related-parts.ts';

const sent = (text: Uint8Array<ArrayBuffer>, piece: number) => {
  const pieces = Array.from({ length: Math.ceil(text.length / piece) }, (_, at) =>
    text.slice(at * piece, (at + 1) * piece),
  );
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const next = pieces.shift();
      if (next) controller.enqueue(next);
      else controller.close();
    },
  });
};
const body = (line: string, content: Uint8Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    Buffer.concat([
      Buffer.from(
        ['--mark', 'Content-Type: application/json', 'MIME-Version: 1.0', '', '{"a":1}', '--mark', ''].join(
          line,
        ),
      ),
      Buffer.from(['Content-Type: application/zip', 'Content-Transfer-Encoding: binary', '', ''].join(line)),
      content,
      Buffer.from(`${line}--mark--${line}`),
    ]),
  );
const read = (stream: ReadableStream<Uint8Array<ArrayBuffer>>) =>
  readRelated(stream, 'mark', async (description, content) => ({
    description,
    content: [...(await new Response(content).bytes())],
  }));

test.each(['\n', '\r\n'])('bytes come out as they went in, whatever their lines end in: %j', async (line) => {
  await assert(
    asyncProperty(uint8Array({ maxLength: 200 }), integer({ min: 1, max: 64 }), async (bytes, piece) => {
      const found = await read(sent(body(line, bytes), piece));
      expect(found).toEqual({ description: '{"a":1}', content: [...bytes] });
    }),
  );
});

describe('refused is', () => {
  const whole = Buffer.from(body('\n', Buffer.from('content'))).toString();
  test.each([
    ['nothing', ''],
    ['what is cut off', whole.slice(0, -10)],
    ['one part', '--mark\n\n{}\n--mark--\n'],
    ['three parts', whole.replace('--mark--', '--mark\n\nmore\n--mark--')],
    ['something behind a boundary', whole.replace('--mark\n', '--mark more\n')],
    ['two kinds of lines', '--mark\n\n{}\n--mark\r\n\r\ncontent\n--mark--'],
    ['headers without an end', `--mark\n${'x'.repeat(20_000)}`],
  ])('%s', async (_, text) => {
    const failure = await failureOf(read(sent(new Uint8Array(Buffer.from(text)), 7)));
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

test.each([
  ['multipart/related; boundary="a b"', 'a b'],
  ["multipart/related; boundary='===123=='", '===123=='],
  ['Multipart/Related; type=x; boundary=plain', 'plain'],
  ['application/zip', undefined],
  [null, undefined],
])('the boundary of %p is %p', (type, boundary) => {
  expect(relatedBoundary(type)).toBe(boundary as string);
});
