import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { RegistryError } from '../core/error.ts';
import { type Ask, JsonScanner, type ScannerLimits, type Wish } from './json-scanner.ts';

const LIMITS: ScannerLimits = { deepest: 64, longestKey: 1_000, mostCollected: 1_000_000 };
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** The same bytes in pieces; each cut is anywhere, also nowhere. */
function split(bytes: Uint8Array<ArrayBuffer>, cuts: readonly number[]): readonly Uint8Array<ArrayBuffer>[] {
  const at = cuts.map((cut) => cut % (bytes.byteLength + 1)).toSorted((a, b) => a - b);
  return [...at, bytes.byteLength].map((end, index) => bytes.slice(at[index - 1] ?? 0, end));
}

function scan(
  pieces: readonly Uint8Array<ArrayBuffer>[],
  ask: Ask,
  limits: Partial<ScannerLimits> = {},
): void {
  const scanner = new JsonScanner(ask, { ...LIMITS, ...limits });
  for (const piece of pieces) {
    scanner.push(piece);
    // A caller may use its buffer again.
    piece.fill(0);
  }
  scanner.finish();
}

const each = (text: string): readonly Uint8Array<ArrayBuffer>[] =>
  [...bytesOf(text)].map((byte) => Uint8Array.of(byte));

/** The code and reason of the refusal, or nothing. */
function refusalOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return `${error.code} ${error.reason}`;
  }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const walkRoot: Ask = (path) => ({ kind: path.length === 0 ? 'walk' : 'skip' });
const skip: Ask = () => ({ kind: 'skip' });
const collect: Ask = () => ({ kind: 'collect', done: () => {} });
const refusedSmall = (text: string, ask: Ask): string | undefined =>
  refusalOf(() => scan([bytesOf(text)], ask, { deepest: 3, longestKey: 10, mostCollected: 40 }));

const cuts = fc.array(fc.nat(), { maxLength: 12 });
/** JSON text in any of its spellings. */
const spelt = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.tuple(value, fc.constantFrom('', ' ', '\n\t\r '), fc.boolean()).map(([json, blank, escape]) => {
    const text = JSON.stringify(json, undefined, blank);
    return escape
      ? text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      : text;
  });
const json = fc.jsonValue({ stringUnit: 'binary' });
const texts = fc.string({ unit: 'binary', maxLength: 30 });

describe('a JSON scanner', () => {
  test('collects what JSON.parse reads, however the text is split', () => {
    fc.assert(
      fc.property(spelt(json), cuts, (text, at) => {
        let raw: string | undefined;
        scan(split(bytesOf(text), at), () => ({ kind: 'collect', done: (bytes) => (raw = textOf(bytes)) }));
        expect(raw).toBe(text.trim());
      }),
      { numRuns: 500 },
    );
  });

  test('walks objects and asks about each member by its path, in order', () => {
    const document = fc.dictionary(texts, fc.oneof(fc.dictionary(texts, json, { maxKeys: 5 }), json), {
      maxKeys: 5,
    });
    fc.assert(
      fc.property(spelt(document), cuts, (text, at) => {
        const parsed = JSON.parse(text) as Record<string, unknown>;
        const found = new Map<string, unknown>();

        scan(split(bytesOf(text), at), (path) => {
          const [key] = path;
          if (key === undefined || (path.length === 1 && isObject(parsed[key]))) return { kind: 'walk' };
          const name = JSON.stringify(path);
          return { kind: 'collect', done: (bytes) => found.set(name, JSON.parse(textOf(bytes))) };
        });

        const expected = Object.entries(parsed).flatMap(([key, value]) =>
          isObject(value)
            ? Object.entries(value).map(([inner, leaf]) => [JSON.stringify([key, inner]), leaf] as const)
            : [[JSON.stringify([key]), value] as const],
        );
        expect(found).toEqual(new Map(expected));
      }),
      { numRuns: 300 },
    );
  });

  test('streams a string as what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(spelt(fc.tuple(texts, json)), cuts, (text, at) => {
        const parts: Uint8Array[] = [];
        let ended = 0;
        scan(
          split(bytesOf(`{"in":{"a":1,"data":${JSON.stringify(JSON.parse(text)[0])},"b":${text}}}`), at),
          (path) => {
            if (path.at(-1) === 'data')
              return { kind: 'stream', piece: (part) => parts.push(part.slice()), end: () => (ended += 1) };
            return { kind: path.length < 2 ? 'walk' : 'skip' };
          },
        );
        expect([textOf(Buffer.concat(parts)), ended]).toEqual([textOf(bytesOf(JSON.parse(text)[0])), 1]);
      }),
      { numRuns: 500 },
    );
  });

  test('is given JSON or refuses, whatever the wish', () => {
    const unit = fc.oneof(
      fc.constantFrom('null', '00', '1.5', '\n', String.raw`\u`, 'é'),
      fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'a', 'u', '1', '-', '+', '.', 'e', 'E', ' '),
    );
    const typo = fc.tuple(spelt(json), fc.nat(), fc.nat(2), unit).map(([text, at, gone, there]) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + there + text.slice(from + gone);
    });
    const wishes = fc.constantFrom<Wish>({ kind: 'skip' }, { kind: 'collect', done: () => {} });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit }), typo), cuts, wishes, (text, at, wish) => {
        const refusal = refusalOf(() => scan(split(bytesOf(text), at), () => wish));
        expect(refusal).toBe(isJson(text) ? undefined : 'INVALID_ARGUMENT BODY_INVALID');
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    [String.raw`"a\/b\u002B\u003D\"\\\n"`, 'a/b+="\\\n'],
    [String.raw`"\ud83d\ude00 \ud83d!\ude00"`, '😀 \ufffd!\ufffd'],
    [String.raw`"\ud83d"`, '\ufffd'],
    [String.raw`"\ud83d\ud83d\ude00"`, '\ufffd😀'],
    ['""', ''],
  ])('streams %s byte by byte', (text, content) => {
    const parts: Uint8Array[] = [];
    scan(each(text), () => ({ kind: 'stream', piece: (part) => parts.push(part.slice()), end: () => {} }));
    expect(textOf(Buffer.concat(parts))).toBe(content);
  });

  test.each([
    ['{"a":1,"a":2}', 'twice'],
    [String.raw`{"a":1,"\u0061":2}`, 'twice'],
    ['{"__proto__":1,"__proto__":2}', 'twice'],
    ['[]', 'not an object'],
    ['null', 'not an object'],
    ['', 'ends too early'],
    ['{"a":1', 'ends too early'],
    ['{"a":"', 'ends too early'],
    ['{"a":1}}', "unexpected '}' at 7"],
    ['{"a":1} x', "unexpected 'x' at 8"],
    ['{"a":\u00a01}', 'unexpected byte 194 at 5'],
    ['\ufeff{}', 'unexpected byte 239 at 0'],
    ['{"a":"\n"}', 'unexpected byte 10 at 6'],
    ['{"a":01}', '"01" is no value'],
  ])('refuses %p in whatever pieces', (text, why) => {
    for (const pieces of [[bytesOf(text)], each(text)]) expect(() => scan(pieces, walkRoot)).toThrow(why);
  });

  test('refuses a wish for a string where there is none, and bytes that are not UTF-8', () => {
    expect(() => scan([bytesOf('1')], () => ({ kind: 'stream', piece: () => {}, end: () => {} }))).toThrow(
      'not a string',
    );
    expect(() =>
      scan([Uint8Array.of(0x22, 0xff, 0x22)], () => ({ kind: 'collect', done: () => {} })),
    ).toThrow('not UTF-8');
    expect(() => scan([Uint8Array.of(0x7b, 0x22, 0xff, 0x22)], () => ({ kind: 'walk' }))).toThrow(
      'not UTF-8',
    );
  });

  test('keeps to its limits', () => {
    expect(refusedSmall('[[[]]]', collect)).toBeUndefined();
    expect(refusedSmall('[[[[]]]]', collect)).toBe('INVALID_ARGUMENT BODY_INVALID');
    expect(refusedSmall(`{"${'k'.repeat(8)}":"${'x'.repeat(99)}"}`, walkRoot)).toBeUndefined();
    expect(refusedSmall(`{"${'k'.repeat(9)}":1}`, walkRoot)).toBe('INVALID_ARGUMENT SIZE_LIMIT');
    expect(refusedSmall(`"${'x'.repeat(38)}"`, collect)).toBeUndefined();
    expect(refusedSmall(`"${'x'.repeat(39)}"`, collect)).toBe('INVALID_ARGUMENT SIZE_LIMIT');
    expect(refusedSmall(`{${[1, 2, 3, 4, 5].map((n) => `"key-${n}-xx":1`).join(',')}}`, walkRoot)).toBe(
      'INVALID_ARGUMENT SIZE_LIMIT',
    );
    expect(refusedSmall(`[${'1'.repeat(2_000)}]`, skip)).toBe('INVALID_ARGUMENT BODY_INVALID');
  });

  test('keeps nothing of what it streams or skips', () => {
    const piece = bytesOf('x'.repeat(1 << 20));
    let streamed = 0;
    const scanner = new JsonScanner(
      (path) =>
        path.length === 0
          ? { kind: 'walk' }
          : { kind: 'stream', piece: (part) => (streamed += part.byteLength), end: () => {} },
      { ...LIMITS, mostCollected: 100 },
    );
    scanner.push(bytesOf('{"a":"'));
    for (let n = 0; n < 50; n += 1) scanner.push(piece);
    scanner.push(bytesOf('"}'));
    scanner.finish();
    expect(streamed).toBe(50 * piece.byteLength);
  });
});
