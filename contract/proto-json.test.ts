import { describe, expect, it } from 'bun:test';
import * as z from 'zod/mini';
import { components } from './components.ts';
import { choice, duration, flag, int32, int64, maybe, message, text } from './proto-json.ts';

const KINDS = { KIND_UNSPECIFIED: 0, ONE: 1, TWO: 2 } as const;
const sample = message(
  {
    someText: maybe(text()),
    count: maybe(int32()),
    size: maybe(int64()),
    isOn: maybe(flag()),
    kind: maybe(choice('sample.Kind', KINDS)),
    age: maybe(duration()),
    inner: maybe(message({ deepField: maybe(text()) })),
  },
  ['secretField'],
);

describe('a message', () => {
  const rows: readonly (readonly [given: object, read: object])[] = [
    [{ someText: 'x' }, { someText: 'x' }],
    [{ some_text: 'x' }, { someText: 'x' }],
    [{ some_text: null }, {}],
    [{ secret_field: { anything: 1 } }, {}],
    [{ count: '12' }, { count: 12 }],
    [{ size: 12 }, { size: '12' }],
    [{ is_on: 'true' }, { isOn: true }],
    [{ kind: 'two' }, { kind: 'TWO' }],
    [{ kind: 2 }, { kind: 'TWO' }],
    [{ kind: '2' }, { kind: 'TWO' }],
    [{ age: '3600s' }, { age: '3600s' }],
    [{ age: '2592000.0s' }, { age: '2592000s' }],
    [{ age: '1.50s' }, { age: '1.5s' }],
    [{ age: '1.s' }, { age: '1s' }],
    [{ inner: { deep_field: 'x' } }, { inner: { deepField: 'x' } }],
  ];
  it.each(rows)('reads %p', (given, read) => {
    expect(z.parse(sample, given)).toEqual(read);
  });

  const refused: readonly (readonly [given: unknown])[] = [
    [{ unknown: 1 }],
    [{ someText: 5 }],
    [{ count: 1.5 }],
    [{ count: 2 ** 31 }],
    [{ size: '1e3' }],
    [{ isOn: 'yes' }],
    [{ kind: 'THREE' }],
    [{ kind: 3 }],
    [{ age: '30d' }],
    [{ age: 30 }],
    [{ inner: [] }],
    [{ inner: { deep: 1 } }],
    [[]],
    ['text'],
  ];
  it.each(refused)('refuses %p', (given) => {
    expect(z.safeParse(sample, given).success).toBe(false);
  });

  it('keeps map keys as they are', () => {
    const given = { labels: { snake_case: '1', camelCase: '2' } };
    expect(z.parse(components.Repository, given)).toEqual(given);
  });
});

describe('every named schema', () => {
  it.each(Object.entries(components))('%s reads an empty message', (_, schema) => {
    expect(z.parse(schema, {})).toEqual({});
  });
});
