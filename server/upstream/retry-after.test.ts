import { expect, it } from 'bun:test';
import { retryAfterMs } from './retry-after.ts';

const NOW = Date.UTC(2026, 0, 1);

it.each([
  [null, undefined],
  ['', undefined],
  ['0', 0],
  [' 7 ', 7000],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e9', undefined],
  ['9999999999', undefined],
  ['soon', undefined],
  ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['Thu, 99 Jan 2026 00:02:00 GMT', undefined],
  ['2026-01-01T00:02:00Z', undefined],
])('Retry-After: %p asks to wait %p ms', (header, milliseconds) => {
  expect(retryAfterMs(header, NOW)).toBe(milliseconds);
});
