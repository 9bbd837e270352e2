import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { asOfSegment } from './as-of.ts';

const spelled = (at: number): string =>
  `as-of-${new Date(at).toISOString().replaceAll(/[-:]/g, '').toLowerCase()}`;

describe('a path segment', () => {
  test('is a time as it is spelled, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') }), (at) => {
        expect(asOfSegment(spelled(at))).toBe(at);
      }),
    );
    expect(asOfSegment('as-of-20260301t120000z')).toBe(Date.parse('2026-03-01T12:00:00Z'));
  });

  test.each(['app', 'as-of', 'as-of-', 'as-of-yesterday', 'AS-OF-20260301T120000Z', undefined])(
    'is none of its own accord: %p',
    (segment) => {
      expect(asOfSegment(segment)).toBeUndefined();
    },
  );

  test.each([
    'as-of-2026',
    'as-of-20260301',
    'as-of-20260229t120000z',
    'as-of-20260301t250000z',
    'as-of-20260301t120000',
    'as-of-20260301T120000Z',
    'as-of-20260301t120000.5z',
    'as-of-20260301t120000z ',
    'as-of-1772366400',
  ])('that begins like one and is none is refused: %p', (segment) => {
    expect(() => asOfSegment(segment)).toThrow('is no time: write as-of-YYYYMMDDtHHMMSSz, in UTC');
  });

  test('is a time or refused or none, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(asOfSegment(text)).toBeUndefined();
        try {
          expect(asOfSegment(`as-of-1${text}`)).toBeNumber();
        } catch (error) {
          expect(error).toHaveProperty('reason', 'AS_OF_INVALID');
        }
      }),
    );
  });
});
