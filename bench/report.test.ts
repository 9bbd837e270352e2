import { expect, it } from 'bun:test';
import { figure, renderResult } from './report.ts';

it.each([
  [74_812.4, '74,812'],
  [100, '100'],
  [12.345, '12.3'],
  [0.11949, '0.119'],
  [0, '0'],
])('writes %p as %p', (value, text) => {
  expect(figure(value)).toBe(text);
});

it('shows ratio, goal and verdict, and names who is missing', () => {
  const text = renderResult({
    name: 'x',
    title: 'X',
    rows: [
      {
        label: 'requests',
        unit: '/s',
        server: 'peer',
        summary: { median: 10, min: 9, max: 11 },
        ratio: { median: 2, min: 1.9, max: 2.5 },
        goal: '≥ 3 ×',
        met: false,
      },
    ],
    missing: [{ name: 'nginx', reason: 'not installed' }],
    notes: ['A note.'],
  });

  expect(text).toBe(
    [
      '| measure      | server | median | min – max | Entrepot ÷ it     | goal  |            |',
      '|--------------|--------|--------|-----------|-------------------|-------|------------|',
      '| requests, /s | peer   | 10     | 9 – 11    | **2** (1.9 – 2.5) | ≥ 3 × | **missed** |',
      '',
      '- Missing: nginx (not installed).',
      '- A note.',
    ].join('\n'),
  );
});
