import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { RegistryError } from '../../core/error.ts';
import { CONFIG, digestOf, DOCKER_LIST, DOCKER_MANIFEST, INDEX, LAYER, MANIFEST } from '../../testing/oci.ts';
import { parseManifest } from './parse-manifest.ts';

const bytesOf = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));

const digest = fc
  .tuple(fc.constantFrom('sha256' as const, 'sha512' as const), fc.nat())
  .map(([algorithm, seed]) => digestOf(String(seed), algorithm));
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const strings = fc.dictionary(name, fc.string({ unit: 'grapheme' }), { maxKeys: 5 });
const platform = fc.record(
  {
    os: name,
    architecture: name,
    variant: name,
    'os.version': name,
    'os.features': fc.array(name, { maxLength: 3 }),
  },
  { requiredKeys: ['os', 'architecture'] },
);
const descriptorOf = (mediaType: fc.Arbitrary<string>) =>
  fc.record(
    {
      mediaType,
      digest,
      size: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      annotations: strings,
      urls: fc.constant(['https://example.com/layer']),
      platform,
    },
    { requiredKeys: ['mediaType', 'digest', 'size'] },
  );
const config = descriptorOf(fc.oneof(fc.constant(CONFIG), name));
const layer = descriptorOf(fc.oneof(fc.constant(LAYER), fc.constant('application/vnd.example.layer.v1')));
const foreign = descriptorOf(
  fc.constantFrom(
    'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ),
);
const about = { annotations: strings, artifactType: name, subject: descriptorOf(fc.constant(MANIFEST)) };
const image = fc.record(
  {
    schemaVersion: fc.constant(2),
    mediaType: fc.constantFrom(MANIFEST, DOCKER_MANIFEST),
    config,
    layers: fc.array(fc.oneof({ weight: 3, arbitrary: layer }, foreign), { maxLength: 6 }),
    ...about,
    somethingNew: fc.jsonValue(),
  },
  { requiredKeys: ['schemaVersion', 'mediaType', 'config', 'layers'] },
);
const index = fc.record(
  {
    schemaVersion: fc.constant(2),
    mediaType: fc.constantFrom(INDEX, DOCKER_LIST),
    manifests: fc.array(descriptorOf(fc.constantFrom(MANIFEST, INDEX)), { maxLength: 6 }),
    ...about,
  },
  { requiredKeys: ['schemaVersion', 'mediaType', 'manifests'] },
);

/** A platform as we keep it. */
const kept = (given: Partial<Record<string, unknown>> | undefined) =>
  given && {
    os: given['os'],
    architecture: given['architecture'],
    ...(given['variant'] !== undefined && { variant: given['variant'] }),
    ...(given['os.version'] !== undefined && { osVersion: given['os.version'] }),
    ...(given['os.features'] !== undefined && { osFeatures: given['os.features'] }),
  };
const plain = ({
  mediaType,
  digest: of,
  size,
  platform: on,
}: {
  mediaType: string;
  digest: string;
  size: number;
  platform?: object;
}) => ({
  mediaType,
  digest: of,
  size,
  ...(on && { platform: kept({ ...on }) }),
});
const isForeign = ({ mediaType }: { mediaType: string }) => /nondistributable|foreign/.test(mediaType);

describe('a manifest that is valid', () => {
  test('keeps what an image has', () => {
    fc.assert(
      fc.property(image, fc.boolean(), (document, hasHeader) => {
        const manifest = parseManifest(
          bytesOf(document),
          hasHeader ? `${document.mediaType}; charset=utf-8` : null,
        );

        expect(manifest.mediaType).toBe(document.mediaType);
        expect(manifest.artifactType).toBe(document.artifactType ?? document.config.mediaType);
        expect(manifest.annotations).toEqual(document.annotations);
        expect(manifest.subject as unknown).toEqual(document.subject && plain(document.subject));
        expect(manifest.config as unknown).toEqual(plain(document.config));
        const own = document.layers.filter((part) => !isForeign(part));
        expect(manifest.blobs as unknown).toEqual([document.config, ...own].map(plain));
        expect(manifest.foreign as unknown).toEqual(document.layers.filter(isForeign).map(plain));
        expect(manifest.children).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('keeps what an index has', () => {
    fc.assert(
      fc.property(index, (document) => {
        const manifest = parseManifest(bytesOf(document), document.mediaType);

        expect(manifest.children as unknown).toEqual(document.manifests.map(plain));
        expect(manifest.artifactType).toBe(document.artifactType);
        expect([manifest.blobs, manifest.foreign, manifest.config]).toEqual([[], [], undefined]);
      }),
      { numRuns: 200 },
    );
  });

  test('is what its bytes say, however they are laid out', () => {
    fc.assert(
      fc.property(image, fc.nat(4), (document, indent) => {
        const pretty = new TextEncoder().encode(`\t${JSON.stringify(document, null, indent)}\n`);
        expect(parseManifest(pretty, document.mediaType)).toEqual(
          parseManifest(bytesOf(document), document.mediaType),
        );
      }),
    );
  });

  test('may be of a type nobody knows, with nothing that we read', () => {
    expect(parseManifest(bytesOf({ any: 'thing' }), 'application/x-thing')).toEqual({
      mediaType: 'application/x-thing',
      blobs: [],
      foreign: [],
      children: [],
    });
  });

  test('may have null where it has nothing', () => {
    const document = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: null,
      layers: null,
      subject: null,
      annotations: null,
    };

    expect(parseManifest(bytesOf(document), MANIFEST)).toMatchObject({ blobs: [], children: [] });
  });

  test('keeps an annotation called like something of JavaScript’s', () => {
    const text = `{"schemaVersion":2,"annotations":{"__proto__":"a","constructor":"b"}}`;

    const { annotations = {} } = parseManifest(new TextEncoder().encode(text), MANIFEST);

    expect(Object.entries(annotations)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  test('has 10,000 descriptors and 1,000 annotations at most', () => {
    const part = { mediaType: LAYER, digest: `sha256:${'0'.repeat(64)}`, size: 1 };
    const of = (layers: number, notes: number) =>
      bytesOf({
        schemaVersion: 2,
        layers: Array.from({ length: layers }, () => part),
        annotations: Object.fromEntries(Array.from({ length: notes }, (_, n) => [`k${n}`, ''])),
      });

    expect(parseManifest(of(10_000, 1_000), MANIFEST).blobs).toHaveLength(10_000);
    for (const [layers, notes] of [
      [10_001, 0],
      [0, 1_001],
    ] as const)
      expect(() => parseManifest(of(layers, notes), MANIFEST)).toThrow(/more than/);
  });
});

const refusedOrRead = (bytes: Uint8Array<ArrayBuffer>, type: string | null): void => {
  try {
    parseManifest(bytes, type);
  } catch (error) {
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ status: 400, reason: 'MANIFEST_INVALID' });
  }
};

describe('anything else', () => {
  test.each(['a/\u2603', 'a/b\r\nx: y', 'a/\u00e9', 'a b/c', 'text', 'a/b/c', '/', 'a/b\u0000'])(
    'is of a type that no header can say: %j',
    (mediaType) => {
      expect(() => parseManifest(bytesOf({ schemaVersion: 2, mediaType }), null)).toThrow('is no media type');
    },
  );

  test('is refused in our own words', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.option(fc.string()), (bytes, type) =>
        refusedOrRead(new Uint8Array(bytes), type),
      ),
      { numRuns: 300 },
    );
    const keys = fc.constantFrom(
      'schemaVersion',
      'mediaType',
      'config',
      'layers',
      'blobs',
      'manifests',
      'subject',
      'annotations',
      'artifactType',
      'digest',
      'size',
      'platform',
      'os.features',
    );
    const leaf = fc.oneof(fc.constantFrom(null, true, 0, -1, 2, '', 'x', [], {}), digest);
    const inner = fc.dictionary(keys, leaf, { maxKeys: 4 });
    const value = fc.oneof(leaf, inner, fc.array(fc.oneof(leaf, inner), { maxLength: 3 }));
    fc.assert(
      fc.property(
        fc.dictionary(keys, value, { maxKeys: 6 }),
        fc.constantFrom(null, MANIFEST, INDEX, 'x/y'),
        (document, type) => refusedOrRead(bytesOf(document), type),
      ),
      { numRuns: 500 },
    );
  });

  test('is refused when one part of a valid manifest is broken', () => {
    const broken = fc.constantFrom<readonly [string, unknown]>(
      ['digest', 'sha256:00'],
      ['digest', 5],
      ['size', -1],
      ['size', 2 ** 53],
      ['size', '1'],
      ['mediaType', {}],
    );
    fc.assert(
      fc.property(image, broken, (document, [key, wrong]) => {
        const layers = [...document.layers, { ...document.config, [key]: wrong }];
        expect(() => parseManifest(bytesOf({ ...document, layers }), document.mediaType)).toThrow(
          RegistryError,
        );
      }),
    );
  });
});
