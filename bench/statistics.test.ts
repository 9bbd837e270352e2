import { describe, expect, it } from 'bun:test';
import { median, pairedRatios, summarize } from './statistics.ts';

describe('median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('is the mean of the two middle values of an even number', () => {
    expect(median([4, 1, 3, 100])).toBe(3.5);
  });

  it('sorts numbers as numbers', () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  it('refuses to speak for no values', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('summarize', () => {
  it('keeps the extremes and leaves the input alone', () => {
    const values = [3, 1, 2];

    expect(summarize(values)).toEqual({ median: 2, min: 1, max: 3 });
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('pairedRatios', () => {
  it('divides round by round, so a slow minute hits both sides', () => {
    expect(pairedRatios([100, 50, 100], [50, 25, 50])).toEqual([2, 2, 2]);
  });

  it('refuses series that were not measured together', () => {
    expect(() => pairedRatios([1, 2], [1])).toThrow(RangeError);
  });
});
