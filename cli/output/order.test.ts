import { expect, it } from 'bun:test';
import { columnAliases, parseFormat } from './format-spec.ts';
import { columnOrder, parseOrder, sortRows } from './order.ts';

const ROWS = [
  { id: 'a', size: '9', at: '2026-01-02T00:00:00Z', name: 'x/beta' },
  { id: 'b', size: '100', at: '2026-01-01T00:00:00Z', name: 'x/alpha' },
  { id: 'c', name: 'x/alpha' },
  { id: 'd', size: '9', at: '2025-01-01T00:00:00Z', name: 'x/gamma' },
];
const columns =
  parseFormat(
    'table(name.basename():label=REPOSITORY:sort=2, size.size():label="SIZE (MB)", at.date():sort=1:reverse)',
  ).columns ?? [];
const sorted = (by: string): string =>
  sortRows(ROWS, parseOrder(by, columnAliases(columns)))
    .map(({ id }) => id)
    .join('');

it.each([
  ['size', 'adbc'],
  ['~size', 'badc'],
  ['size,~at', 'adbc'],
  ['size,at', 'dabc'],
  ['REPOSITORY,id', 'bcad'],
  ['name.basename(),~id', 'cbad'],
  ['~SIZE', 'badc'],
  ['AT', 'dbac'],
  ['missing', 'abcd'],
])('sorting by %s', (by, ids) => {
  expect(sorted(by)).toBe(ids);
});

it('columns may say the order themselves', () => {
  expect(sortRows(ROWS, columnOrder(columns)).map(({ id }) => id)).toEqual(['a', 'b', 'd', 'c']);
});

it.each(['', 'a,,b', '~', 'a b'])('refuses %p', (by) => {
  expect(() => sorted(by)).toThrow('--sort-by');
});
