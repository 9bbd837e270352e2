import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import tar from 'tar-stream';
import { paxRecord, sealHeader, TAR_END, tarEntry } from '../../testing/tar.ts';
import type { ByteStream } from '../../core/blob.ts';
import { checkedManifest } from './checked-manifest.ts';
import { readPublish } from './read-publish.ts';
import { lookInto, TARBALL_LIMITS, type TarballLimits } from './tarball.ts';

const PACKAGE = JSON.stringify({ name: 'demo', version: '1.0.0' });

type Member = readonly [name: string, content: string | Uint8Array, header?: Partial<tar.Headers>];

/** A tarball of these members, packed as npm does. */
async function packed(members: readonly Member[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(gzipSync(await plain(members)));
}

async function plain(members: readonly Member[]): Promise<Uint8Array> {
  const pack = tar.pack();
  for (const [name, content, header = {}] of members)
    pack.entry(
      { name, mtime: new Date(0), ...header },
      typeof content === 'string' ? content : Buffer.from(content),
    );
  pack.finalize();
  return Buffer.concat(await Array.fromAsync(pack as AsyncIterable<Uint8Array>));
}

function streamOf(pieces: readonly Uint8Array<ArrayBuffer>[], failure?: Error): ByteStream {
  const left = [...pieces];
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const next = left.shift();
      if (next) controller.enqueue(next);
      else if (failure) controller.error(failure);
      else controller.close();
    },
  });
}

async function look(bytes: Uint8Array<ArrayBuffer>, limits: Partial<TarballLimits> = {}, cut = 1000) {
  const pieces = Array.from({ length: Math.ceil(bytes.byteLength / cut) }, (_, n) =>
    bytes.slice(n * cut, (n + 1) * cut),
  );
  const { stream, contents } = lookInto(streamOf(pieces), { ...TARBALL_LIMITS, ...limits });
  const through = await new Response(stream).bytes();
  return { through, contents: await contents };
}

async function refusalOf(
  bytes: Uint8Array<ArrayBuffer>,
  limits: Partial<TarballLimits> = {},
): Promise<unknown> {
  const { stream, contents } = lookInto(streamOf([bytes]), { ...TARBALL_LIMITS, ...limits });
  const through = await new Response(stream).bytes().catch((error: unknown) => error);
  const refusal = await contents.catch((error: unknown) => error);
  // What is small has gone through when it is looked into.
  if (through instanceof Error) expect(through).toBe(refusal as Error);
  else expect(through).toEqual(bytes);
  return refusal;
}

describe('a tarball', () => {
  test('goes through as it is, and says what is in it', async () => {
    const bytes = await packed([
      ['package/', '', { type: 'directory' }],
      ['package/package.json', PACKAGE],
      ['package/README.md', '# Demo'],
      ['package/binding.gyp', '{}'],
      ['package/lib/package.json', '{"name":"inner"}'],
      ['package/lib/large.bin', Buffer.alloc(300_000, 7)],
    ]);

    for (const cut of [7, 1000, 1_000_000]) {
      const { through, contents } = await look(bytes, {}, cut);
      expect(through).toEqual(bytes);
      expect(contents).toEqual({
        packageJson: { name: 'demo', version: '1.0.0' },
        hasBindingGyp: true,
        hasReadme: true,
        fileCount: 5,
        unpackedSize: PACKAGE.length + 6 + 2 + 16 + 300_000,
      });
    }
  });

  test.each(['npm', 'pnpm', 'yarn1', 'berry', 'bun'])(
    'of %s is taken, and agrees with its manifest',
    async (client) => {
      const body = Bun.file(join(import.meta.dir, 'testdata', `publish-${client}.json`));
      const sent = await readPublish(body.stream(), async (tarball) => {
        const { stream, contents } = lookInto(tarball);
        await new Response(stream).bytes();
        return await contents;
      });
      const manifest = JSON.parse(new TextDecoder().decode(sent.document.versions?.get('1.2.3'))) as Record<
        string,
        unknown
      >;
      if (!sent.stored) throw new Error('no tarball');
      expect(sent.stored).toMatchObject({ fileCount: 3, hasReadme: true, hasBindingGyp: false });
      expect(checkedManifest(manifest, sent.stored)).toEqual({ ...manifest, bin: { demo: 'index.js' } });
    },
  );

  test('may have any top folder, long names, a byte order mark and an empty file', async () => {
    const { contents } = await look(
      await packed([
        ['demo-1.0.0/package.json', `\ufeff${PACKAGE}`],
        [`demo-1.0.0/${'deep/'.repeat(60)}x.js`, ''],
        ['demo-1.0.0/é.js', ''],
      ]),
    );
    expect(contents).toMatchObject({ packageJson: { name: 'demo' }, fileCount: 3 });
  });

  test.each<[string, readonly Member[]]>([
    ['no package.json', [['package/index.js', '']]],
    ['a package.json outside of its folder', [['package.json', PACKAGE]]],
    ['a package.json too deep', [['a/b/package.json', PACKAGE]]],
    [
      'two',
      [
        ['package/package.json', PACKAGE],
        ['package/package.json', '{}'],
      ],
    ],
    [
      'two in two folders',
      [
        ['a/package.json', PACKAGE],
        ['b/package.json', '{}'],
      ],
    ],
    [
      'two that differ in case',
      [
        ['a/package.json', PACKAGE],
        ['a/Package.json', '{}'],
      ],
    ],
    ['one that is no JSON', [['package/package.json', '{']]],
    ['one that is no object', [['package/package.json', '[]']]],
    ['one key twice', [['package/package.json', '{"name":"a","name":"b"}']]],
    ['one that is a folder', [['package/package.json', '', { type: 'directory' }]]],
    [
      'a way up',
      [
        ['package/package.json', PACKAGE],
        ['package/../../x', ''],
      ],
    ],
    [
      'a way up by backslashes',
      [
        ['package/package.json', PACKAGE],
        ['package\\..\\x', ''],
      ],
    ],
    [
      'an absolute path',
      [
        ['package/package.json', PACKAGE],
        ['/etc/x', ''],
      ],
    ],
    ['an empty segment', [['package//package.json', PACKAGE]]],
    ['a dot', [['./package/package.json', PACKAGE]]],
    [
      'a symbolic link',
      [
        ['package/package.json', PACKAGE],
        ['package/x', '', { type: 'symlink', linkname: '/etc/passwd' }],
      ],
    ],
    [
      'a hard link',
      [
        ['package/package.json', PACKAGE],
        ['package/x', '', { type: 'link', linkname: 'package/y' }],
      ],
    ],
    [
      'a device',
      [
        ['package/package.json', PACKAGE],
        ['package/x', '', { type: 'character-device' }],
      ],
    ],
  ])('with %s is refused', async (_, members) => {
    expect(await refusalOf(await packed(members))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      reason: 'TARBALL_INVALID',
    });
  });

  test.each<[string, Uint8Array<ArrayBuffer>]>([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('hello')],
    ['gzip of nothing', new Uint8Array(gzipSync(''))],
    ['gzip of text', new Uint8Array(gzipSync('x'.repeat(2_000)))],
  ])('that is %s is refused', async (_, bytes) => {
    expect(await refusalOf(bytes)).toMatchObject({ reason: 'TARBALL_INVALID' });
  });

  test('may be compressed in several parts', async () => {
    const bytes = await plain([['package/package.json', PACKAGE]]);
    const parts = [bytes.subarray(0, 700), bytes.subarray(700)].map((part) => gzipSync(part));
    expect((await look(new Uint8Array(Buffer.concat(parts)))).contents.packageJson).toEqual(
      JSON.parse(PACKAGE),
    );
  });

  test('with something behind its end, which some clients read and some do not, is refused', async () => {
    const [first, second] = [
      await plain([['package/package.json', PACKAGE]]),
      await plain([['package/package.json', '{}']]),
    ];
    for (const bytes of [
      gzipSync(Buffer.concat([first, second])),
      Buffer.concat([gzipSync(first), gzipSync(second)]),
    ])
      expect(await refusalOf(new Uint8Array(bytes))).toMatchObject({ reason: 'TARBALL_INVALID' });
  });

  test('that is not compressed is refused', async () => {
    const bytes = new Uint8Array(await plain([['package/package.json', PACKAGE]]));
    expect(await refusalOf(bytes)).toMatchObject({ reason: 'TARBALL_INVALID' });
  });

  test('that is cut anywhere is refused', async () => {
    const bytes = await packed([
      ['package/package.json', PACKAGE],
      ['package/x', Buffer.from(crypto.getRandomValues(new Uint8Array(2_000)))],
    ]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.byteLength - 1 }), async (length) => {
        expect(await refusalOf(bytes.slice(0, length))).toMatchObject({ reason: 'TARBALL_INVALID' });
      }),
      { numRuns: 60 },
    );
  });

  test('with other bytes anywhere is read, or refused as one', async () => {
    const bytes = Buffer.concat([
      tarEntry('g', 'g', paxRecord('comment', 'a commit')),
      tarEntry('x', 'x', paxRecord('path', 'package/long')),
      tarEntry('package/short', '0', 'text'),
      tarEntry('package/package.json', '0', PACKAGE),
      TAR_END,
    ]);
    const edits = fc.array(fc.tuple(fc.nat(bytes.byteLength - 1025), fc.nat(255)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, byte] of changes) changed[at] = byte;
        for (let at = 0; at < bytes.byteLength - 1024; at += 512)
          if (bytes.toString('latin1', at + 257, at + 262) === 'ustar') sealHeader(changed, at);
        const failure: unknown = await look(new Uint8Array(gzipSync(changed))).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failure !== undefined) expect(failure).toMatchObject({ reason: 'TARBALL_INVALID' });
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, Partial<TarballLimits>, readonly Member[]]>([
    [
      'entries',
      { entries: 2 },
      [
        ['p/package.json', PACKAGE],
        ['p/a', ''],
        ['p/b', ''],
      ],
    ],
    [
      'content',
      { inflated: 100_000 },
      [
        ['p/package.json', PACKAGE],
        ['p/a', Buffer.alloc(200_000)],
      ],
    ],
    [
      'content for its size',
      { ratioAbove: 100_000 },
      [
        ['p/package.json', PACKAGE],
        ['p/a', Buffer.alloc(900_000)],
      ],
    ],
    ['package.json', { metadata: 70_000 }, [['p/package.json', `{"x":"${'x'.repeat(90_000)}"}`]]],
    [
      'padding',
      { metadata: 70_000 },
      [
        ['p/package.json', PACKAGE],
        [`p/${'n'.repeat(400_000)}`, ''],
      ],
    ],
  ])('with more %s than is taken is refused', async (_, limits, members) => {
    expect(await refusalOf(await packed(members), limits)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      reason: 'SIZE_LIMIT',
    });
  });

  test.each([
    ['that does not fit in memory', crypto.getRandomValues(new Uint8Array(60_000)), 10],
    ['whose content is much larger than itself', new Uint8Array(3_000_000), 1],
  ])('%s is looked into as it comes', async (_, content, times) => {
    const files = Array.from({ length: times }, (__, at) => [`package/${at}.bin`, content] as const);
    const bytes = await packed([['package/package.json', PACKAGE], ...files]);
    const { through, contents } = await look(bytes, {}, 65_536);
    expect(through).toEqual(bytes);
    expect(contents).toMatchObject({
      packageJson: { name: 'demo' },
      fileCount: 1 + times,
      unpackedSize: PACKAGE.length + times * content.byteLength,
    });
  });

  test('with more in front of an entry than is kept in memory is refused', async () => {
    const long = tarEntry('x', 'x', paxRecord('comment', 'x'.repeat(2_000_000)));
    const archive = Buffer.concat([long, tarEntry('package/package.json', '0', '{}'), TAR_END]);
    expect(await refusalOf(new Uint8Array(gzipSync(archive)))).toMatchObject({ reason: 'SIZE_LIMIT' });
  });

  test.each([
    ['small', 1_000, false],
    ['large', 400_000, true],
  ])('that is none is refused: what is %s, after it went through or before', async (_, size, breaksOff) => {
    const { stream, contents } = lookInto(streamOf([new Uint8Array(size)]));
    const through = await new Response(stream).bytes().catch((error: unknown) => error);
    expect(through instanceof Error).toBe(breaksOff);
    expect(await contents.catch((error: unknown) => error)).toMatchObject({ reason: 'TARBALL_INVALID' });
  });

  test('that breaks off breaks off with that failure', async () => {
    const failure = new Error('connection lost');
    const bytes = await packed([['package/package.json', PACKAGE]]);
    const { stream, contents } = lookInto(streamOf([bytes.slice(0, 50)], failure));
    expect(await new Response(stream).bytes().catch((error: unknown) => error)).toBe(failure);
    expect(await contents.catch((error: unknown) => error)).toBe(failure);
  });

  test('that nobody reads to its end tells nothing', async () => {
    const bytes = await packed([['package/package.json', PACKAGE]]);
    const { stream, contents } = lookInto(streamOf([bytes.slice(0, 50), bytes.slice(50)]));
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    expect(await contents.catch((error: unknown) => error)).toMatchObject({ code: 'ABORTED' });
  });
});

describe('the manifest that is shown', () => {
  const sent = {
    name: '@acme/demo',
    version: '1.0.0',
    description: 'said',
    dependencies: { harmless: '1' },
    scripts: {},
    dist: {},
  };
  const checked = (packageJson: object, hasBindingGyp = false): Record<string, unknown> =>
    checkedManifest(sent, {
      packageJson: { name: '@acme/demo', version: '1.0.0', ...packageJson },
      hasBindingGyp,
    });

  test('has the word of the tarball on what is installed and run, and of the sender on the rest', () => {
    const own = {
      dependencies: { real: '2' },
      scripts: { postinstall: 'x' },
      engines: { node: '>=20' },
      os: ['linux'],
      description: 'other',
    };
    expect(checked(own)).toEqual({
      name: '@acme/demo',
      version: '1.0.0',
      description: 'said',
      dist: {},
      dependencies: { real: '2' },
      scripts: { postinstall: 'x' },
      engines: { node: '>=20' },
      os: ['linux'],
      hasInstallScript: true,
    });
    expect(checked({})).toEqual({ name: '@acme/demo', version: '1.0.0', description: 'said', dist: {} });
  });

  test.each<[object, boolean, unknown]>([
    [{ scripts: { install: 'x' } }, false, true],
    [{ scripts: { test: 'x' } }, false, undefined],
    [{}, true, true],
    [{ gypfile: false }, true, undefined],
    [{ hasInstallScript: true }, false, undefined],
  ])('of %p with binding.gyp %p has hasInstallScript %p', (packageJson, gyp, expected) => {
    expect(checked(packageJson, gyp)['hasInstallScript']).toBe(expected);
  });

  test.each<[object, string, unknown]>([
    [{ bin: './cli.js' }, 'bin', { demo: 'cli.js' }],
    [{ bin: { a: './a.js', b: 'b.js', c: 1 } }, 'bin', { a: 'a.js', b: 'b.js' }],
    [{ bundledDependencies: ['a'] }, 'bundleDependencies', ['a']],
    [{ bundleDependencies: true, dependencies: { a: '1', b: '1' } }, 'bundleDependencies', ['a', 'b']],
    [{ bundleDependencies: false }, 'bundleDependencies', undefined],
  ])('of %p says %s as %p', (packageJson, key, expected) => {
    expect(checked(packageJson)[key]).toEqual(expected);
  });

  test.each([{ version: 'v1.0.0' }, { version: '1.0.0+build' }, { version: ' =1.0.0' }])(
    'may be of %p in the tarball',
    (packageJson) => {
      expect(checked(packageJson)['version']).toBe('1.0.0');
    },
  );

  test.each([
    { name: 'demo' },
    { name: undefined },
    { version: '1.0.1' },
    { version: undefined },
    { version: 1 },
  ])('is refused with %p in the tarball', (packageJson) => {
    expect(() => checked(packageJson)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', reason: 'MANIFEST_MISMATCH' }),
    );
  });
});
