import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { FORMATS } from '../formats/index.ts';
import { compilePath } from './route-matcher.ts';

const match = (pattern: string, path: string) =>
  compilePath(pattern)(path.split('/').filter((part) => part !== ''));

describe('a pattern', () => {
  test.each([
    ['/', '', {}],
    ['/a/b', 'a/b', {}],
    ['/:x/b', 'a/b', { x: 'a' }],
    ['/:x/:y', 'a/b', { x: 'a', y: 'b' }],
    ['/:name+/tags', 'a/tags', { name: 'a' }],
    ['/:name+/tags', 'a/b/c/tags', { name: 'a/b/c' }],
    ['/:name+/tags', 'tags/tags/tags', { name: 'tags/tags' }],
    ['/:name*/tags', 'tags', { name: '' }],
    ['/:name*/tags', 'a/b/tags', { name: 'a/b' }],
    ['/:name+/manifests/:ref', 'manifests/manifests/manifests', { name: 'manifests', ref: 'manifests' }],
    ['/-/:path+', '-/a/b', { path: 'a/b' }],
    ['/:a/:path*/:b', 'x/y', { a: 'x', path: '', b: 'y' }],
    ['/:a/:path*/:b', 'x/1/2/y', { a: 'x', path: '1/2', b: 'y' }],
  ])('%s matches "%s"', (pattern, path, params) => {
    expect(match(pattern, path)).toEqual(params);
  });

  test.each([
    ['/', 'a'],
    ['/a/b', 'a'],
    ['/a/b', 'a/b/c'],
    ['/a/b', 'A/b'],
    ['/:x', ''],
    ['/:x', 'a/b'],
    ['/:name+/tags', 'tags'],
    ['/:name+/tags', 'a/tags/b'],
    ['/:name+/manifests/:ref', 'manifests/v1'],
    ['/:name+/manifests/:ref', 'a/manifests'],
    ['/-/:path+', '-'],
    ['/:a/:path*/:b', 'x'],
  ])('%s does not match "%s"', (pattern, path) => {
    expect(match(pattern, path)).toBeUndefined();
  });

  test('that ends in a slash is for addresses that do, and any other for both', () => {
    expect(compilePath('/:path+/')(['a', 'b'], true)).toEqual({ path: 'a/b' });
    expect(compilePath('/:path+/')(['a', 'b'], false)).toBeUndefined();
    expect(compilePath('/:path+')(['a', 'b'], true)).toEqual({ path: 'a/b' });
    expect(compilePath('/')([], true)).toEqual({});
    expect(compilePath('/')([], false)).toEqual({});
  });

  test('takes an encoded slash in a single parameter, and refuses it where it would look like two', () => {
    expect(compilePath('/:scope')(['@scope/name'])).toEqual({ scope: '@scope/name' });
    expect(compilePath('/:image+/tags')(['a/b', 'tags'])).toBeUndefined();
    expect(compilePath('/:image+/manifests/:ref')(['a', 'manifests', 'b/c'])).toEqual({
      image: 'a',
      ref: 'b/c',
    });
  });

  test('reads back what it was filled with, whatever the names are', () => {
    // Names of routes themselves are the ones that could go wrong.
    const name = fc.oneof(
      fc
        .constantFrom('manifests', 'blobs', 'uploads', 'tags', 'list', 'referrers', ':image+', '', '+')
        .filter(Boolean),
      fc.string({ minLength: 1 }).filter((text) => !text.includes('/')),
    );
    const patterns = FORMATS.flatMap(({ routes }) => routes.map(({ path }) => path));
    fc.assert(
      fc.property(
        fc.constantFrom(...patterns),
        fc.array(name, { minLength: 1, maxLength: 5 }),
        name,
        (pattern, many, one) => {
          const segments: string[] = [];
          const expected: Record<string, string> = {};
          for (const part of pattern.split('/').filter(Boolean)) {
            const key = part.replace(/^:|[+*]$/g, '');
            if (!part.startsWith(':')) segments.push(part);
            else if (/[+*]$/.test(part)) {
              segments.push(...many);
              expected[key] = many.join('/');
            } else {
              segments.push(one);
              expected[key] = one;
            }
          }
          expect(compilePath(pattern)(segments, pattern.endsWith('/'))).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('never fails, whatever the path', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 8 }), (segments) => {
        for (const { path } of FORMATS.flatMap(({ routes }) => routes)) compilePath(path)(segments);
      }),
    );
  });
});
