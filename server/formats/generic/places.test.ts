import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { entryIn, folderId, idOf, parseId, placeOf, segmentsOf, segmentsOfFolder } from './places.ts';

/** Names that could be taken for something else. */
const segment = fc.oneof(
  fc.constantFrom(':', '%', '%3A', '%25', 'a:b', '-', '1.0', 'ü', '::', 'a%3Ab', '\u{1f4e6}'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => !text.includes('/')),
);
const path = fc.array(segment, { minLength: 1, maxLength: 6 });

describe('an id', () => {
  test('is of one path, and leads back to it', () => {
    fc.assert(
      fc.property(path, (segments) => {
        const place = placeOf(segments);
        expect(parseId(idOf(place))).toEqual(place);
        expect(segmentsOf(place)).toEqual(segments);
      }),
    );
  });

  test('is of no two paths', () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        fc.pre(a.join('/') !== b.join('/'));
        expect(idOf(placeOf(a))).not.toBe(idOf(placeOf(b)));
      }),
    );
  });

  test('is what Artifact Registry calls a file', () => {
    expect(idOf(placeOf(['tool', '1.0', 'docs', 'a.txt']))).toBe('tool:1.0:docs/a.txt');
    expect(idOf(placeOf(['tool', '1.0', 'a:b']))).toBe('tool:1.0:a:b');
  });

  test('begins with those of all folders above it, and each shows what is next on the way', () => {
    fc.assert(
      fc.property(path, (segments) => {
        const id = idOf(placeOf(segments));
        for (let depth = 0; depth < segments.length; depth += 1) {
          const folder = folderId(segments.slice(0, depth));
          expect(segmentsOfFolder(folder)).toEqual(segments.slice(0, depth));
          expect(id.startsWith(folder)).toBe(true);
          const { key, name, isFolder } = entryIn(folder, id);
          expect([name, isFolder]).toEqual([segments[depth] ?? '', depth < segments.length - 1]);
          expect(id.startsWith(folder + key)).toBe(true);
          if (isFolder) expect(folder + key).toBe(folderId(segments.slice(0, depth + 1)));
        }
      }),
    );
  });
});
