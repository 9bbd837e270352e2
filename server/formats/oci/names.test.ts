import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { RegistryError } from '../../core/error.ts';
import { checksumOf, digestOf, imageName, isDigest, referenceOf, tagName } from './names.ts';

const refused = (reason: string) => expect.objectContaining({ status: 400, reason });

describe('an image’s name', () => {
  const legal = [
    'a',
    '0',
    'image',
    'my-image',
    'my--image',
    'my---image',
    'my_image',
    'my__image',
    'my.image',
    'product1/dev/product1-app',
    'a/b/c/d/e/f/g',
    'a.b_c__d-e',
    'manifests/blobs/uploads',
    'x'.repeat(255),
    `${'x'.repeat(127)}/${'y'.repeat(127)}`,
  ];
  test.each(legal.map((name) => [name.slice(0, 40), name] as const))('may be %s', (_, name) => {
    expect(imageName(name)).toBe(name);
  });

  const illegal = [
    '',
    'Image',
    'IMAGE',
    'imagE',
    '-image',
    'image-',
    '.image',
    'image.',
    '_image',
    'image_',
    'my..image',
    'my___image',
    'my.-image',
    'my_-image',
    '/image',
    'image/',
    'a//b',
    'a/-b',
    'im age',
    'image\n',
    'image:tag',
    'image@sha256',
    'bild-ä',
    'ｉmage',
    'a%2fb',
    '..',
    '.',
    'x'.repeat(256),
  ];
  test.each(illegal.map((name) => [JSON.stringify(name).slice(0, 40), name] as const))(
    'may not be %s',
    (_, name) => {
      expect(() => imageName(name)).toThrow(refused('NAME_INVALID'));
    },
  );

  test('is repeated in a refusal only as far as a person reads', () => {
    try {
      imageName('X'.repeat(10_000));
    } catch (error) {
      expect((error as RegistryError).message.length).toBeLessThan(300);
    }
    expect.assertions(1);
  });
});

describe('a tag', () => {
  test.each(['a', 'latest', 'V1', 'v1', '_', '_x', '0', '1.0.0-rc.1', 'a--b..c__d', 'x'.repeat(128)])(
    'may be %s',
    (tag) => {
      expect(tagName(tag)).toBe(tag);
    },
  );

  test.each(['', '.a', '-a', 'a b', 'a+b', 'a/b', 'a:b', 'a@b', 'ä', 'a\n', 'x'.repeat(129)])(
    'may not be %j',
    (tag) => {
      expect(() => tagName(tag)).toThrow(refused('TAG_INVALID'));
    },
  );
});

describe('a digest', () => {
  const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
  const sha512 = `sha512:${'0123456789abcdef'.repeat(8)}`;

  test('is of sha256 or sha512, in lower case, whole', () => {
    for (const digest of [sha256, sha512]) {
      expect(digestOf(digest)).toBe(digest as ReturnType<typeof digestOf>);
      expect(referenceOf(digest)).toMatchObject({ kind: 'digest', digest });
    }
    expect(checksumOf(digestOf(sha512))).toEqual({ algorithm: 'sha512', hex: sha512.slice(7) });
  });

  test.each([
    '',
    'sha256',
    'sha256:',
    sha256.slice(0, -1),
    `${sha256}0`,
    ` ${sha256}`,
    `${sha256}\n`,
    sha256.toUpperCase(),
    sha256.replace('a', 'A'),
    sha256.replace('256', '512'),
    sha512.replace('512', '256'),
    `sha1:${'0'.repeat(40)}`,
    `md5:${'0'.repeat(32)}`,
    `sha256+b64:${'0'.repeat(64)}`,
    sha256.replace(':', '-'),
  ])('may not be %j', (text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => digestOf(text)).toThrow(refused('DIGEST_INVALID'));
  });

  test('is told from a tag by its colon', () => {
    expect(referenceOf('sha256-abc')).toEqual({ kind: 'tag', tag: 'sha256-abc' });
    expect(() => referenceOf('sha256:abc')).toThrow(refused('DIGEST_INVALID'));
  });
});

test('whatever a client writes is taken or refused in our own words', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const read of [imageName, tagName, digestOf, referenceOf])
        try {
          read(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
        }
    }),
    { numRuns: 500 },
  );
});
