import { expect, it } from 'bun:test';
import { drawChart } from './chart.ts';

const chart = {
  title: 'Cost <of> growth',
  x: 'objects',
  y: 'ms',
  series: [
    {
      label: 'GET & HEAD',
      points: [
        [1000, 0.5],
        [10_000, 0.5],
        [1_000_000, 50],
      ],
    },
  ],
} as const;

it('draws one point for each value, the largest at the right and the smallest at the bottom', () => {
  const at = [...drawChart(chart).matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);

  expect(at).toHaveLength(3);
  const [[x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = [], [x3 = 0, y3 = 0] = []] = at;
  expect(x2 - x1).toBeCloseTo((x3 - x1) / 3, 0);
  expect(y2).toBe(y1);
  expect(y3).toBeLessThan(y1);
});

it('names what it shows, and escapes it', () => {
  const svg = drawChart(chart);

  for (const said of [
    'Cost &lt;of&gt; growth',
    '>objects<',
    '>ms<',
    'GET &amp; HEAD',
    '>1,000,000<',
    '>0.1<',
  ])
    expect(svg).toContain(said);
  expect(svg).toContain('prefers-color-scheme: dark');
});

it('refuses what has no logarithm', () => {
  expect(() => drawChart({ ...chart, series: [{ label: 'x', points: [[0, 1]] }] })).toThrow('above zero');
});
