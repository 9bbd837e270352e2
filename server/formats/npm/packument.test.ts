import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { packumentOf } from './own-packument.ts';
import { listingOf, mergePackuments, type Packument, prunePackument } from './packument.ts';
import { parsePackument } from './parse-packument.ts';
import { renderAbbreviated, renderFull, renderVersion } from './render-packument.ts';
import { latestOf, sortVersions } from './versions.ts';

type Json = Record<string, unknown>;

const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const parse = (value: unknown, name = 'demo'): Promise<Packument> => parsePackument(bytesOf(value), name);
const url = (version: string): string => `https://here/us-npm/p/r/demo/-/demo-${version}.tgz`;
const text = async (pieces: AsyncIterable<string>): Promise<string> =>
  (await Array.fromAsync(pieces)).join('');
const full = (packument: Packument): Promise<string> => text(renderFull(packument, { tarball: url }));
const fullValue = async (packument: Packument): Promise<Json> => JSON.parse(await full(packument)) as Json;
const briefValue = async (packument: Packument): Promise<Json> =>
  JSON.parse(await text(renderAbbreviated(packument, { tarball: url }))) as Json;

const manifest = (version: string, more: Json = {}, dist: Json = {}): Json => ({
  name: 'demo',
  version,
  ...more,
  dist: { tarball: `https://up/x/demo-${version}.tgz`, shasum: 'ab', integrity: 'sha512-ab==', ...dist },
});
const document = (versions: Json, more: Json = {}): Json => ({
  _id: 'demo',
  name: 'demo',
  versions,
  ...more,
});
const versionsOf = (...versions: readonly string[]): Json =>
  Object.fromEntries(versions.map((version) => [version, manifest(version)]));

const version = fc
  .tuple(fc.nat(3), fc.nat(3), fc.constantFrom('', '-rc.1', '-rc.2'))
  .map(([major, minor, pre]) => `${major}.${minor}.0${pre}`);
/** A document as an upstream may have it: any order, any more members, tags that lead nowhere. */
const documents = fc
  .record({
    versions: fc.uniqueArray(version, { maxLength: 6 }),
    tags: fc.dictionary(fc.constantFrom('latest', 'next', 'beta', '__proto__'), version),
    extra: fc.dictionary(fc.string({ unit: 'binary', maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), {
      maxKeys: 3,
    }),
    from: fc.string({ maxLength: 3 }),
  })
  .map(({ versions, tags, extra, from }) =>
    document(
      Object.fromEntries(
        versions.map((each) => [each, { ...extra, ...manifest(each, { description: from }) }]),
      ),
      {
        'dist-tags': tags,
        time: Object.fromEntries(versions.map((each, index) => [each, new Date(index * 1e9).toISOString()])),
        description: from,
      },
    ),
  )
  // As it is on the way: JSON has no negative zero.
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);
const packuments = documents.map((value) => parse(value));

describe('a packument', () => {
  test('is shown as it was read, with tarballs here, versions in order and tags that lead somewhere', async () => {
    await fc.assert(
      fc.asyncProperty(documents, async (value) => {
        const shown = await fullValue(await parse(value));
        const versions = value['versions'] as Record<string, Json>;
        expect(Object.keys(shown['versions'] as Json)).toEqual([...sortVersions(Object.keys(versions))]);
        for (const [of, { dist, ...rest }] of Object.entries(shown['versions'] as Record<string, Json>)) {
          const { dist: sent, ...others } = versions[of] ?? {};
          expect(rest).toEqual(others);
          expect(dist).toEqual({ ...(sent as Json), tarball: url(of) });
        }
        for (const tagged of Object.values(shown['dist-tags'] as Json))
          expect(versions).toHaveProperty([String(tagged)]);
        expect(shown['time']).toEqual(value['time']);
        expect(shown['description']).toEqual(value['description']);
      }),
    );
  });

  test('is the same text when it is read again, with blanks or without', async () => {
    await fc.assert(
      fc.asyncProperty(packuments, async (packument) => {
        const once = await full(await packument);
        expect(await full(await parse(once))).toBe(once);
      }),
    );
  });

  test('is read alike however it is spelt', async () => {
    await fc.assert(
      fc.asyncProperty(documents, fc.constantFrom(' ', '\n\t'), async (value, blank) => {
        const spaced = await fullValue(await parse(JSON.stringify(value, undefined, blank)));
        expect(spaced).toEqual(await fullValue(await parse(value)));
      }),
    );
  });

  test('is abbreviated to what installing needs, and says when each version came', async () => {
    const more = {
      dependencies: { a: '^1' },
      scripts: { postinstall: 'node x', test: 'x' },
      readme: 'long',
      bin: { demo: 'x.js' },
      os: ['linux'],
      author: { name: 'x' },
      deprecated: 'old',
    };
    const signatures = [{ keyid: 'k', sig: 's' }];
    const attestations = { url: 'https://up/a', provenance: { predicateType: 'p' } };
    const time = {
      created: '2024-01-01T00:00:00.000Z',
      modified: '2024-01-03T00:00:00.000Z',
      '1.0.0': '2024-01-02T00:00:00.000Z',
    };
    const value = document(
      { '1.0.0': manifest('1.0.0', more, { signatures, attestations, fileCount: 3 }) },
      { time, readme: 'long' },
    );

    expect(await briefValue(await parse(value))).toEqual({
      name: 'demo',
      modified: '2024-01-03T00:00:00.000Z',
      'dist-tags': { latest: '1.0.0' },
      versions: {
        '1.0.0': {
          name: 'demo',
          version: '1.0.0',
          dependencies: { a: '^1' },
          bin: { demo: 'x.js' },
          os: ['linux'],
          deprecated: 'old',
          hasInstallScript: true,
          dist: {
            tarball: url('1.0.0'),
            shasum: 'ab',
            integrity: 'sha512-ab==',
            signatures,
            attestations,
            fileCount: 3,
          },
        },
      },
      time,
    });
  });

  test.each<[Json, boolean | undefined]>([
    [{ scripts: { preinstall: 'x' } }, true],
    [{ scripts: { install: 'x' } }, true],
    [{ hasInstallScript: true }, true],
    [{ hasInstallScript: false }, undefined],
    [{ scripts: { test: 'x' } }, undefined],
    [{ scripts: ['postinstall'] }, undefined],
    [{}, undefined],
  ])('with %p says whether something runs when it is installed', async (more, expected) => {
    const { versions } = (await briefValue(await parse(document({ '1.0.0': manifest('1.0.0', more) })))) as {
      versions: Record<string, Json>;
    };
    expect(versions['1.0.0']?.['hasInstallScript']).toBe(expected);
  });

  test('takes an abbreviated one for a packument, too', async () => {
    const brief = {
      name: 'demo',
      modified: '2024-01-03T00:00:00.000Z',
      'dist-tags': {},
      versions: versionsOf('1.0.0'),
    };
    expect(await briefValue(await parse(brief))).toEqual({
      ...brief,
      'dist-tags': { latest: '1.0.0' },
      versions: { '1.0.0': manifest('1.0.0', {}, { tarball: url('1.0.0') }) },
      time: { modified: brief.modified },
    });
  });

  test.each<[string, unknown]>([
    ['no object', 1],
    ['no dist', { name: 'demo' }],
    ['a dist that is text', { dist: 'x' }],
    ['no tarball', { dist: { shasum: 'ab' } }],
    ['a tarball that is a number', { dist: { tarball: 1 } }],
  ])('leaves out a version with %s', async (_, odd) => {
    const packument = await parse(
      document({ '1.0.0': manifest('1.0.0'), '2.0.0': odd }, { 'dist-tags': { latest: '2.0.0' } }),
    );
    expect([[...packument.versions.keys()], [...packument.tags]]).toEqual([['1.0.0'], [['latest', '1.0.0']]]);
  });

  test.each(['"dist":{"tarball":"a"},"dist":{"tarball":"b"}', '"dist":{"tarball":"a","tarball":"b"}'])(
    'leaves out a version with %s, which two readers would read differently',
    async (members) => {
      const packument = await parse(`{"name":"demo","versions":{"1.0.0":{${members}}}}`);
      expect(packument.versions.size).toBe(0);
    },
  );

  test('leaves out what is no time and no tag, and takes any key for data', async () => {
    const odd = await parse(
      '{"name":"demo","__proto__":{"x":1},"dist-tags":{"latest":"1.0.0","n":1,"gone":"9.0.0"},"time":{"1.0.0":"soon","unpublished":{"x":1},"2.0.0":"2024-01-01"},' +
        `"versions":{"__proto__":${JSON.stringify(manifest('0'))},"1.0.0":${JSON.stringify(manifest('1.0.0'))}}}`,
    );
    expect([...odd.versions.keys()]).toEqual(['__proto__', '1.0.0']);
    expect([...odd.tags]).toEqual([['latest', '1.0.0']]);
    const shown = await full(odd);
    expect(shown).toContain('"__proto__":{"x":1}');
    expect(shown).toContain('"time":{}');
  });

  test.each<[string, string | Uint8Array<ArrayBuffer>]>([
    ['nothing', ''],
    ['HTML', '<html>'],
    ['a list', '[]'],
    ['an error', '{"error":"not found"}'],
    ['no name', '{"versions":{}}'],
    ['another name', '{"name":"other","versions":{}}'],
    ['no versions', '{"name":"demo"}'],
    ['versions in a list', '{"name":"demo","versions":[]}'],
    ['versions twice', '{"name":"demo","versions":{},"versions":{}}'],
    ['less than was sent', '{"name":"demo","versions":{"1.0.0":{"dist":{"tarb'],
    ['more behind it', '{"name":"demo","versions":{}} x'],
    ['what is not JSON inside', '{"name":"demo","versions":{"1.0.0":{"x":01,"dist":{"tarball":"a"}}}}'],
    ['what is not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22])],
  ])('is not %s', async (_, body) => {
    const refusal = await parsePackument(typeof body === 'string' ? bytesOf(body) : body, 'demo').catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: 'DATA_LOSS', reason: 'UPSTREAM_BROKEN' });
  });

  test('announces the files of its versions', async () => {
    const value = document(
      { '1.0.0': manifest('1.0.0'), '0.9.0': { dist: { tarball: 'https://up/é"' } } },
      { time: { '1.0.0': '2024-01-02T00:00:00Z' } },
    );
    expect(listingOf(await parse(value))).toEqual([
      { version: '0.9.0', url: 'https://up/é"' },
      {
        version: '1.0.0',
        url: 'https://up/x/demo-1.0.0.tgz',
        integrity: 'sha512-ab==',
        shasum: 'ab',
        publishedAt: Date.UTC(2024, 0, 2),
      },
    ]);
  });

  test('shows one version by its name or by a tag', async () => {
    const packument = await parse(
      document(versionsOf('1.0.0', '2.0.0-rc.1'), { 'dist-tags': { next: '2.0.0-rc.1' } }),
    );
    const shown = (wanted: string): unknown =>
      JSON.parse(renderVersion(packument, wanted, { tarball: url }) ?? 'null');
    expect([shown('latest'), shown('next'), shown('3.0.0'), shown('constructor')]).toEqual([
      manifest('1.0.0', {}, { tarball: url('1.0.0') }),
      manifest('2.0.0-rc.1', {}, { tarball: url('2.0.0-rc.1') }),
      null,
      null,
    ]);
  });
});

describe('a packument of 5,000 versions', () => {
  const dependencies = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`dependency-${n}`, `^${n}.2.3`]),
  );
  const names = Array.from(
    { length: 5_000 },
    (_, n) => `${Math.floor(n / 500)}.${Math.floor(n / 25) % 20}.${n % 25}`,
  );
  const value = document(
    Object.fromEntries(
      names.map((each) => [each, manifest(each, { dependencies, description: 'x'.repeat(500) })]),
    ),
    { time: Object.fromEntries(names.map((each, n) => [each, new Date(n * 1e6).toISOString()])) },
  );

  test('is read and written while other work goes on', async () => {
    const bytes = bytesOf(value);
    const megabytes = bytes.byteLength / 1024 / 1024;
    const work = { turns: 0, goesOn: true };
    const turn = (): void => {
      work.turns += 1;
      if (work.goesOn) setImmediate(turn);
    };
    setImmediate(turn);
    const turnsOf = async (act: () => Promise<unknown>): Promise<number> => {
      const before = work.turns;
      await act();
      return work.turns - before;
    };

    let packument = await parse(document({}));
    const reading = await turnsOf(async () => (packument = await parsePackument(bytes, 'demo')));
    const writing = await turnsOf(() => full(packument));
    work.goesOn = false;

    expect(packument.versions.size).toBe(5_000);
    for (const turns of [reading, writing]) expect(turns).toBeGreaterThan(megabytes * 2);
  });
});

describe('several packuments of one name', () => {
  const three = fc.tuple(packuments, packuments, packuments);

  test('are one packument that keeps the laws of merging', async () => {
    await fc.assert(
      fc.asyncProperty(three, async (parts) => {
        const [a, b, c] = await Promise.all(parts);
        const merged = await full(mergePackuments([a, b, c]));
        expect(await full(mergePackuments([a, a]))).toBe(await full(a));
        expect(await full(mergePackuments([a, mergePackuments([b, c])]))).toBe(merged);
        expect(await full(mergePackuments([mergePackuments([a, b]), c]))).toBe(merged);
      }),
    );
  });

  test('show each version as the first that has it does', async () => {
    await fc.assert(
      fc.asyncProperty(three, async (parts) => {
        const all = await Promise.all(parts);
        const [a, b, c] = all;
        const { versions, tags } = mergePackuments([a, b, c]);
        expect([...versions.keys()]).toEqual([
          ...sortVersions(new Set(all.flatMap((part) => [...part.versions.keys()]))),
        ]);
        for (const [each, entry] of versions)
          expect(entry).toBe(all.find((part) => part.versions.has(each))?.versions.get(each) ?? entry);
        expect([...tags]).toEqual([...(all.find((part) => part.versions.size > 0)?.tags ?? [])]);
      }),
    );
  });
});

describe('a packument that is pruned', () => {
  test('has only what is kept, and no tag that dangles', async () => {
    await fc.assert(
      fc.asyncProperty(packuments, fc.func(fc.boolean()), async (given, keep) => {
        const packument = await given;
        const pruned = prunePackument(packument, (each) => keep(each));
        expect([...pruned.versions.keys()]).toEqual(
          [...packument.versions.keys()].filter((each) => keep(each)),
        );
        for (const tagged of pruned.tags.values()) expect(pruned.versions.has(tagged)).toBe(true);
        expect(pruned.tags.has('latest')).toBe(pruned.versions.size > 0);
        for (const [tag, tagged] of packument.tags)
          if (pruned.versions.has(tagged)) expect(pruned.tags.get(tag)).toBe(tagged);
        expect(await full(prunePackument(pruned, (each) => keep(each)))).toBe(await full(pruned));
      }),
    );
  });

  test.each([
    [['1.0.0', '1.1.0', '2.0.0'], '1.1.0', '1.0.0'],
    [['1.1.0', '2.0.0'], '1.1.0', '2.0.0'],
    [['1.0.0-rc.1', '1.0.0'], '1.0.0', '1.0.0-rc.1'],
    [['1.0.0', '2.0.0-rc.1', '2.0.0'], '2.0.0', '1.0.0'],
  ])('of %p without its latest %s has latest %s', async (versions, lost, latest) => {
    const packument = await parse(document(versionsOf(...versions), { 'dist-tags': { latest: lost } }));
    expect(prunePackument(packument, (each) => each !== lost).tags.get('latest')).toBe(latest);
  });

  test('is told when each version was published', async () => {
    const time = { '1.0.0': '2024-01-01T00:00:00Z' };
    const seen: unknown[] = [];
    prunePackument(
      await parse(document(versionsOf('1.0.0', '2.0.0'), { time })),
      (...facts) => seen.push(facts) > 0,
    );
    expect(seen).toEqual([
      ['1.0.0', Date.UTC(2024, 0, 1)],
      ['2.0.0', undefined],
    ]);
  });
});

async function* rows() {
  const dist = { shasum: 'ab', integrity: 'sha512-ab==', fileCount: 2, unpackedSize: 10 };
  yield [
    {
      version: '1.10.0',
      manifest: { name: 'demo', version: '1.10.0', description: 'newer', license: 'MIT' },
      dist,
      publishedAt: 2000,
    },
  ];
  yield [
    {
      version: '1.9.0',
      manifest: { name: 'demo', version: '1.9.0', description: 'older' },
      dist,
      deprecated: 'old',
      publishedAt: 1000,
    },
  ];
}
const ownDist = (of: string): Json => ({
  shasum: 'ab',
  integrity: 'sha512-ab==',
  fileCount: 2,
  unpackedSize: 10,
  tarball: url(of),
});

describe('a packument of what is published here', () => {
  test('is what clients expect of any registry', async () => {
    const packument = await packumentOf(
      {
        name: 'demo',
        revision: '2-00000002',
        tags: new Map([['beta', '1.9.0']]),
        readme: '# Demo',
        maintainers: [{ name: 'u' }],
      },
      rows(),
    );
    const shown = await fullValue(packument);
    expect(shown).toEqual({
      _id: 'demo',
      _rev: '2-00000002',
      name: 'demo',
      'dist-tags': { beta: '1.9.0', latest: '1.10.0' },
      versions: {
        '1.9.0': {
          name: 'demo',
          version: '1.9.0',
          description: 'older',
          deprecated: 'old',
          dist: ownDist('1.9.0'),
        },
        '1.10.0': {
          name: 'demo',
          version: '1.10.0',
          description: 'newer',
          license: 'MIT',
          dist: ownDist('1.10.0'),
        },
      },
      time: {
        created: '1970-01-01T00:00:01.000Z',
        modified: '1970-01-01T00:00:02.000Z',
        '1.9.0': '1970-01-01T00:00:01.000Z',
        '1.10.0': '1970-01-01T00:00:02.000Z',
      },
      description: 'newer',
      license: 'MIT',
      maintainers: [{ name: 'u' }],
      readme: '# Demo',
    });
    expect(Object.keys(shown['versions'] as Json)).toEqual(['1.9.0', '1.10.0']);
    expect(latestOf(packument.versions.keys())).toBe('1.10.0');
  });
});
