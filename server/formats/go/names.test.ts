import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { escaped, filePath, KINDS, unescaped, wrongVersion } from './names.ts';
import { wrongModulePath } from './paths.ts';
import { kindsApart } from './segments.ts';

const element = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,8}$/);
const modulePath = fc
  .array(element, { maxLength: 3 })
  .map((elements) => ['example.com', ...elements].join('/'))
  .filter((path) => wrongModulePath(path) === undefined);
const version = fc
  .tuple(fc.nat(1), fc.nat(20), fc.nat(20), fc.constantFrom('', '-RC.1', '-beta', '-0.Alpha'))
  .map(([major, minor, patch, pre]) => `v${major}.${minor}.${patch}${pre}`);

describe('what is escaped', () => {
  test('is told from every other without upper and lower case, and is itself again', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('!'));
        expect(escaped(text)).not.toMatch(/[A-Z]/);
        expect(unescaped(escaped(text))).toBe(text);
      }),
    );
  });

  test('is written in one way only', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!a-zA-Z./]{0,12}$/), (text) => {
        const plain = unescaped(text);
        if (plain !== undefined) expect(escaped(plain)).toBe(text);
      }),
    );
  });

  test.each(['A', 'aB', '!', 'a!', '!!a', '!A', '!1', 'a!/b'])('%p is none', (text) => {
    expect(unescaped(text)).toBeUndefined();
  });
});

test('the path of a file says which file of which version of which module it is', () => {
  fc.assert(
    fc.property(modulePath, version, fc.constantFrom(...KINDS), (module, of, kind) => {
      expect(wrongVersion(module, of)).toBeUndefined();
      const [found, name, ...rest] = kindsApart(filePath(module, of, kind).split('/')).toReversed();
      expect(found).toBe(kind);
      expect(unescaped(name ?? '')).toBe(of);
      expect(unescaped(rest.toReversed().join('/'))).toBe(`${module}/@v`);
    }),
  );
});

test('a module has the versions that its path says', () => {
  fc.assert(
    fc.property(modulePath, fc.integer({ min: 2, max: 99 }), (module, major) => {
      fc.pre(!/\/v[0-9.]+$/.test(module));
      expect(wrongVersion(`${module}/v${major}`, `v${major}.0.0`)).toBeUndefined();
      expect(wrongVersion(module, `v${major}.0.0+incompatible`)).toBeUndefined();
      expect(wrongVersion(module, `v${major}.0.0`)).toContain(`/v${major}`);
      expect(wrongVersion(`${module}/v${major}`, 'v1.0.0')).toContain(`should be v${major}`);
    }),
  );
});
