import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { type FieldTree, maskedUpdate } from './masked-update.ts';
import { parseMask } from './update-mask.ts';

const TREE: FieldTree = {
  plain: 'mutable',
  map: 'map',
  own: 'output',
  fixed: 'immutable',
  message: { inner: 'mutable', deep: { leaf: 'mutable' }, kept: 'immutable' },
};

const value = fc.string({ maxLength: 3 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const message = fc.record({
  plain: maybe(value),
  map: maybe(fc.dictionary(value, value, { maxKeys: 3 })),
  own: maybe(value),
  message: maybe(fc.record({ inner: maybe(value), deep: maybe(fc.record({ leaf: maybe(value) })) })),
});
const present = (record: object): Record<string, unknown> => JSON.parse(JSON.stringify(record));
const PATHS = ['plain', 'map', 'own', 'message', 'message.inner', 'message.deep', 'message.deep.leaf'];
const mask = fc.option(fc.subarray(PATHS), { nil: undefined });

describe('a masked update', () => {
  it('done twice is done once', () => {
    fc.assert(
      fc.property(message, message, mask, (before, change, paths) => {
        const parsed = parseMask(paths?.join(','));
        const once = maskedUpdate(TREE, present(before), present(change), parsed);
        const twice = maskedUpdate(TREE, once, present(change), parsed);
        expect(twice).toEqual(once);
      }),
    );
  });

  it('of what was read changes nothing, whatever the mask', () => {
    fc.assert(
      fc.property(message, mask, (before, paths) => {
        const current = present(before);
        expect(maskedUpdate(TREE, current, current, parseMask(paths?.join(',')))).toEqual(current);
      }),
    );
  });

  it('leaves what it does not name', () => {
    fc.assert(
      fc.property(message, message, (before, change) => {
        const current = present(before);
        const { plain: _, ...rest } = maskedUpdate(TREE, current, present(change), [['plain']]);
        const { plain: _p, ...kept } = current;
        expect(rest).toEqual(kept);
      }),
    );
  });

  it('never changes what it was given', () => {
    const current = Object.freeze({ map: Object.freeze({ a: '1' }), message: Object.freeze({ inner: 'x' }) });
    maskedUpdate(TREE, current, { map: { b: '2' }, message: {} }, parseMask('map.a,message.inner,plain'));
    expect(current).toEqual({ map: { a: '1' }, message: { inner: 'x' } });
  });

  it('keeps keys of a map as they are written', () => {
    const changed = maskedUpdate(
      TREE,
      { map: { 'a.b': '1', snake_case: '1' } },
      { map: { 'a.b': '2', snake_case: '2' } },
      parseMask('map.`a.b`,map.snake_case'),
    );
    expect(changed).toEqual({ map: { 'a.b': '2', snake_case: '2' } });
  });

  it('sets a key called __proto__ as a key', () => {
    const change = JSON.parse('{"map":{"__proto__":"x"}}') as Record<string, unknown>;
    const changed = maskedUpdate(TREE, {}, change, parseMask('map.__proto__'));
    expect(Object.keys(changed['map'] as object)).toEqual(['__proto__']);
  });

  it('keeps immutable fields of a message that is replaced', () => {
    expect(maskedUpdate(TREE, { message: { kept: 'k', inner: 'i' } }, {}, undefined)).toEqual({
      message: { kept: 'k' },
    });
  });
});

describe('a mask', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['*', undefined],
    ['a,*', undefined],
    ['a,b.c', [['a'], ['b', 'c']]],
    ['labels.`a.b,c`', [['labels', 'a.b,c']]],
  ] as const)('%p is read as %p', (text, paths) => {
    expect(parseMask(text)).toEqual(paths as ReturnType<typeof parseMask>);
  });

  it.each(['a..b', '.a', 'a.', 'a.`b', Array.from({ length: 201 }, () => 'a').join(',')])(
    '%p is refused',
    (text) => {
      expect(() => parseMask(text)).toThrow('invalid update_mask');
    },
  );
});
