import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { ByteStream } from '../../core/blob.ts';
import { RegistryError } from '../../core/error.ts';
import { readPublish } from './read-publish.ts';

const TESTDATA = join(import.meta.dir, 'testdata');
const recorded = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  Bun.file(join(TESTDATA, `${name}.json`)).bytes();
const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const whole = async (stream: ByteStream): Promise<string> =>
  Buffer.from(await new Response(stream).arrayBuffer()).toString('hex');

/** A body of these pieces that counts what is asked of it. */
function bodyOf(
  pieces: Iterable<Uint8Array<ArrayBuffer>>,
): ByteStream & { readonly taken: () => number; readonly cancelled: () => boolean } {
  const source = pieces[Symbol.iterator]();
  let taken = 0;
  let cancelled = false;
  const stream: ByteStream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        const next = source.next();
        if (next.done) return controller.close();
        taken += next.value.byteLength;
        controller.enqueue(next.value);
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return Object.assign(stream, { taken: () => taken, cancelled: () => cancelled });
}

function split(bytes: Uint8Array<ArrayBuffer>, cuts: readonly number[]): readonly Uint8Array<ArrayBuffer>[] {
  const at = cuts.map((cut) => cut % (bytes.byteLength + 1)).toSorted((a, b) => a - b);
  return [...at, bytes.byteLength].map((end, index) => bytes.slice(at[index - 1] ?? 0, end));
}

const tarball = (bytes: Uint8Array, more: object = {}): object => ({
  content_type: 'application/octet-stream',
  data: Buffer.from(bytes).toString('base64'),
  length: bytes.byteLength,
  ...more,
});
const attached = (attachments: unknown): object => ({ name: 'a', _attachments: attachments });
const never = (): Promise<string> => Promise.reject(new Error('nothing to store'));
const BUNDLE = { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', note: 'é' };
const sigstore = {
  content_type: BUNDLE.mediaType,
  data: JSON.stringify(BUNDLE),
  length: JSON.stringify(BUNDLE).length,
};

describe.each(['npm', 'pnpm', 'yarn1', 'berry', 'bun'])('what %s publishes', (client) => {
  test('is read with the tarball that its integrity is of', async () => {
    const body = await recorded(`publish-${client}`);

    const sent = await readPublish(bodyOf([body]), (stream) => new Response(stream).bytes());

    const manifest = JSON.parse(Buffer.from(sent.document.versions?.get('1.2.3') ?? []).toString()) as {
      readonly dist: { readonly integrity: string };
    };
    const digest = new Bun.CryptoHasher('sha512').update(sent.stored ?? new Uint8Array()).digest('base64');
    expect(manifest.dist.integrity).toBe(`sha512-${digest}`);
    expect(sent.attachments).toEqual([
      {
        name: '@acme/demo-1.2.3.tgz',
        contentType: 'application/octet-stream',
        size: sent.stored?.byteLength ?? -1,
      },
    ]);
    expect(sent.document.head.get('dist-tags')).toEqual({ latest: '1.2.3' });
    expect([...sent.document.head.keys()]).not.toContain('_attachments');
  });
});

describe('the body of a publication', () => {
  test('means the same in whatever order and pieces it comes', async () => {
    const orders = fc.shuffledSubarray(['_attachments', 'versions', 'name', 'dist-tags'], { minLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        orders,
        fc.array(fc.nat(), { maxLength: 9 }),
        fc.boolean(),
        async (bytes, order, cuts, escaped) => {
          const members: Record<string, unknown> = {
            _attachments: { 'a-1.0.0.sigstore': sigstore, 'a-1.0.0.tgz': tarball(bytes) },
            versions: { '1.0.0': { name: 'a' }, __proto__x: 1 },
            name: 'a',
            'dist-tags': { latest: '1.0.0' },
          };
          const text = JSON.stringify(Object.fromEntries(order.map((key) => [key, members[key]])));
          const spelt = escaped ? text.replaceAll('/', '\\/').replaceAll('+', '\\u002B') : text;

          const sent = await readPublish(bodyOf(split(bytesOf(spelt), cuts)), whole);

          expect(sent.stored).toBe(Buffer.from(bytes).toString('hex'));
          expect(sent.provenance).toBe(JSON.stringify(BUNDLE));
          expect(Object.fromEntries(sent.document.head)).toEqual({
            name: 'a',
            'dist-tags': { latest: '1.0.0' },
          });
          expect(
            [...(sent.document.versions ?? [])].map(([version, raw]) => [
              version,
              JSON.parse(Buffer.from(raw).toString()),
            ]),
          ).toEqual([
            ['1.0.0', { name: 'a' }],
            ['__proto__x', 1],
          ]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('is never held whole: no more is read than is stored', async () => {
    const piece = bytesOf('QUFB'.repeat(16 * 1024));
    const pieces = function* (): Generator<Uint8Array<ArrayBuffer>> {
      yield bytesOf('{"_attachments":{"a-1.0.0.tgz":{"data":"');
      for (let n = 0; n < 500; n += 1) yield piece;
      yield bytesOf('"}}}');
    };
    const body = bodyOf(pieces());
    let stored = 0;
    let ahead = 0;

    await readPublish(body, async (stream) => {
      for await (const bytes of stream) {
        stored += bytes.byteLength;
        ahead = Math.max(ahead, body.taken() - (stored * 4) / 3);
      }
    });

    expect(stored).toBe(500 * 48 * 1024);
    expect(ahead).toBeLessThan(5 * piece.byteLength);
  });

  test('ends where storing fails, with that failure, and is read no further', async () => {
    const full = new RegistryError('UNAVAILABLE', 'STORAGE_FULL', 'no space left');
    for (const store of [
      () => Promise.reject(full),
      async (stream: ByteStream) => {
        for await (const _ of stream) throw full;
      },
      async (stream: ByteStream) => {
        await stream.getReader().read();
        throw full;
      },
    ]) {
      const pieces = function* (): Generator<Uint8Array<ArrayBuffer>> {
        yield bytesOf('{"_attachments":{"a-1.0.0.tgz":{"data":"');
        for (;;) yield bytesOf('QUFB'.repeat(1024));
      };
      const body = bodyOf(pieces());
      expect(await readPublish(body, store).catch((error: unknown) => error)).toBe(full);
      expect(body.cancelled()).toBe(true);
    }
  });

  test('that breaks off breaks what is stored, before it is refused', async () => {
    const order: string[] = [];
    const cut = bodyOf([bytesOf('{"_attachments":{"a-1.0.0.tgz":{"data":"QUFBQUFB')]);

    const reading = readPublish(cut, async (stream) => {
      await whole(stream).catch(() => order.push('stored nothing'));
    }).catch((error: RegistryError) => order.push(error.reason));
    await reading;

    expect(order).toEqual(['stored nothing', 'BODY_INVALID']);
  });

  test('without attachments has nothing to store', async () => {
    const sent = await readPublish(bodyOf([bytesOf({ name: 'a', users: { u: true } })]), never);
    expect([sent.attachments, sent.document.versions, 'stored' in sent]).toEqual([[], undefined, false]);
  });

  const file = tarball(Uint8Array.of(1, 2, 3));
  test.each<[string, unknown, string]>([
    ['no JSON', '{"name":', 'BODY_INVALID'],
    ['no object', '[]', 'BODY_INVALID'],
    ['one key twice', '{"name":"a","name":"b"}', 'BODY_INVALID'],
    ['one version twice', '{"versions":{"1.0.0":{},"1.0.0":{}}}', 'BODY_INVALID'],
    ['data twice', '{"_attachments":{"a.tgz":{"data":"","data":""}}}', 'BODY_INVALID'],
    ['versions that are a list', { versions: [] }, 'BODY_INVALID'],
    ['attachments that are a list', attached([file]), 'BODY_INVALID'],
    ['an attachment that is text', attached({ 'a-1.0.0.tgz': 'QUFB' }), 'BODY_INVALID'],
    ['an attachment without data', attached({ 'a-1.0.0.tgz': { length: 0 } }), 'BODY_INVALID'],
    ['data that is no text', attached({ 'a-1.0.0.tgz': { data: 1 } }), 'BODY_INVALID'],
    ['data that is not base64', attached({ 'a-1.0.0.tgz': { data: 'QUF-' } }), 'BODY_INVALID'],
    ['data with a line break', attached({ 'a-1.0.0.tgz': { data: 'QUFB\nQUFB' } }), 'BODY_INVALID'],
    ['data that is cut', attached({ 'a-1.0.0.tgz': { data: 'QUFBQ' } }), 'BODY_INVALID'],
    ['another length', attached({ 'a-1.0.0.tgz': { ...file, length: 4 } }), 'BODY_INVALID'],
    ['a length in words', attached({ 'a-1.0.0.tgz': { ...file, length: '3' } }), 'BODY_INVALID'],
    ['two tarballs', attached({ 'a-1.0.0.tgz': file, 'a-1.0.1.tgz': file }), 'BODY_INVALID'],
    ['something else', attached({ 'a-1.0.0.zip': file }), 'BODY_INVALID'],
    ['two bundles', attached({ 'a.sigstore': sigstore, 'b.sigstore': sigstore }), 'BODY_INVALID'],
    ['a bundle that is none', attached({ 'a.sigstore': { data: 'QUFB' } }), 'BODY_INVALID'],
    ['a bundle that is a list', attached({ 'a.sigstore': { data: '[]' } }), 'BODY_INVALID'],
    ['a huge bundle', attached({ 'a.sigstore': { data: ' '.repeat(1024 * 1024 + 1) } }), 'SIZE_LIMIT'],
    [
      'many attachments',
      attached(Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`${n}.sigstore`, sigstore]))),
      'BODY_INVALID',
    ],
    ['a huge readme', { readme: 'x'.repeat(16 * 1024 * 1024) }, 'SIZE_LIMIT'],
    ['a deep document', `{"x":${'['.repeat(100)}${']'.repeat(100)}}`, 'BODY_INVALID'],
  ])('with %s is refused', async (_, document, reason) => {
    const refusal = await readPublish(bodyOf([bytesOf(document)]), whole).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT', reason });
  });
});
