import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { RegistryError } from '../../core/error.ts';
import { mergeMetadata, type Metadata, parseMetadata, renderMetadata } from './metadata.ts';
import { fileKey, mergeSnapshots, parseSnapshot, renderSnapshot, type Snapshot } from './snapshot.ts';
import { compareVersions, parseVersion, sortVersions } from './versions.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const version = fc.stringMatching(/^[0-9a-z]{1,3}(?:[.\-_][0-9a-z+~!@]{1,4}){0,3}(?:-SNAPSHOT)?$/);
const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
const stamped = fc.stringMatching(/^20[0-9]{12}$/);
const metadata: fc.Arbitrary<Metadata> = fc
  .record({
    versions: fc.uniqueArray(version, { minLength: 1, maxLength: 6 }),
    lastUpdated: stamped,
    plugins: fc.uniqueArray(fc.record({ prefix: word, artifactId: word, name: word }), {
      selector: ({ prefix }) => prefix,
      maxLength: 4,
    }),
  })
  .map(({ versions, lastUpdated, plugins }) =>
    mergeMetadata([
      {
        groupId: 'com.acme',
        artifactId: 'lib',
        versions,
        lastUpdated,
        plugins: new Map(plugins.map((plugin) => [plugin.prefix, plugin])),
      },
    ]),
  );
const IDENTITY = { groupId: 'com.acme', artifactId: 'lib', version: '1.0-SNAPSHOT' };
const snapshot: fc.Arbitrary<Snapshot> = fc
  .uniqueArray(
    fc.record({
      classifier: fc.constantFrom('', 'sources', 'jdk1.5'),
      extension: fc.constantFrom('jar', 'pom', 'tar.gz'),
      number: fc.integer({ min: 1, max: 99 }),
      updated: stamped,
    }),
    { selector: fileKey, minLength: 1, maxLength: 6 },
  )
  .map((files) =>
    mergeSnapshots([
      {
        ...IDENTITY,
        files: new Map(
          files.map(({ classifier, extension, number, updated }) => {
            const value = `1.0-${updated.slice(0, 8)}.${updated.slice(8)}-${number}`;
            return [fileKey({ classifier, extension }), { classifier, extension, value, updated }];
          }),
        ),
      },
    ]),
  );

describe('metadata', () => {
  test('is the same when it is written and read', async () => {
    await fc.assert(
      fc.asyncProperty(metadata, async (each) =>
        expect(await parseMetadata(bytes(renderMetadata(each)))).toEqual(each),
      ),
    );
    await fc.assert(
      fc.asyncProperty(snapshot, async (each) =>
        expect(await parseSnapshot(bytes(renderSnapshot(each)), IDENTITY)).toEqual(each),
      ),
    );
  });

  test('is the same when it is put together with itself', () => {
    fc.assert(fc.property(metadata, (each) => expect(mergeMetadata([each, each])).toEqual(each)));
    fc.assert(fc.property(snapshot, (each) => expect(mergeSnapshots([each, each])).toEqual(each)));
  });

  test('of several has the plugins of the first, and the versions of all', () => {
    fc.assert(
      fc.property(metadata, metadata, (first, second) => {
        const both = mergeMetadata([first, second]);
        for (const [prefix, plugin] of first.plugins) expect(both.plugins.get(prefix)).toEqual(plugin);
        expect(new Set(both.versions)).toEqual(new Set([...first.versions, ...second.versions]));
      }),
    );
  });

  test.each([
    ['', 'a page', '<html><body>Log in</body></html>'],
    ['', 'nothing', ''],
    ['', 'text', 'not found'],
    ['', 'a document type', '<!DOCTYPE metadata [<!ENTITY a "a">]><metadata>&a;</metadata>'],
    ['', 'an entity that is not declared', '<metadata><groupId>&a;</groupId></metadata>'],
    [
      '',
      'of more versions than any',
      `<metadata><versioning><versions>${'<version>1</version>'.repeat(30_001)}</versions></versioning></metadata>`,
    ],
    [
      '',
      'of versions that are longer than any, many of them',
      `<metadata><versioning><versions>${`<version>${'a1'.repeat(60)}</version>`.repeat(5_000)}</versions></versioning></metadata>`,
    ],
    ['', 'elements without end', '<a>'.repeat(100_000)],
    ['', 'elements too deep', `<metadata>${'<a>'.repeat(500)}${'</a>'.repeat(500)}</metadata>`],
  ])('%sis refused that is %s', async (_, __, text) => {
    const reading = parseMetadata(bytes(text));
    expect(await reading.catch(({ reason }: RegistryError) => reason)).toBe('UPSTREAM_BROKEN');
  });

  test('leaves out what is no version, and writes what XML cannot have as it can', async () => {
    const text =
      '<metadata><versioning><versions><version>../1</version><version>1</version></versions></versioning></metadata>';
    expect((await parseMetadata(bytes(text))).versions).toEqual(['1']);
    const plugins = new Map([['a', { prefix: 'a', artifactId: 'a', name: '<&"\u0000>' }]]);
    expect(renderMetadata({ versions: [], plugins })).toContain('<name>&lt;&amp;&quot;&gt;</name>');
  });
});

describe('versions', () => {
  test('are in the order that Maven has documented', () => {
    const ordered = [
      '1-alpha-1',
      '1-alpha2',
      '1-beta',
      '1-m3',
      '1-rc',
      '1-cr2',
      '1-SNAPSHOT',
      '1',
      '1-sp',
      '1-abc',
      '1-xyz',
      '1-1',
      '1.1',
      '1.2',
      '1.9',
      '1.10',
      '2.0-20240101',
      '2.0.1',
      '10',
    ];
    expect(sortVersions(ordered.toReversed())).toEqual(ordered);
  });

  test.each([
    ['1', '1.0'],
    ['1.0', '1.0.0-ga'],
    ['1-ga', '1-final'],
    ['1.0-RC1', '1.0-cr1'],
    ['1-a1', '1-alpha-1'],
  ])('%s is as high as %s', (a, b) => {
    expect(compareVersions(parseVersion(a), parseVersion(b))).toBe(0);
  });

  test.each([
    ['1.999999999999999', '1.1000000000000000'],
    ['1.9999999999999999', '1.10000000000000000'],
    ['1.00000000000000000001', '1.2'],
    ['1.0.0-0-beta', '1'],
    ['1-sp', '1--1'],
    ['1.x', '1-1'],
  ])('%s is lower than %s', (a, b) => {
    expect(compareVersions(parseVersion(a), parseVersion(b))).toBeLessThan(0);
    expect(compareVersions(parseVersion(b), parseVersion(a))).toBeGreaterThan(0);
  });

  test('have one order', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const [x, y, z] = [a, b, c].map(parseVersion).sort(compareVersions);
        if (!x || !y || !z) return;
        expect(compareVersions(x, z)).toBeLessThanOrEqual(0);
        expect(Math.sign(compareVersions(x, y))).toBe(-Math.sign(compareVersions(y, x)) + 0);
      }),
    );
  });
});
