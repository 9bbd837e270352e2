import { expect, it } from 'bun:test';
import { type Measure, tabulate } from './measure.ts';

const rate: Measure = {
  key: 'rate',
  label: 'rate',
  unit: 'req/s',
  better: 'more',
  goals: [{ kind: 'ratio', to: 'peer', atLeast: 2 }],
};
const wait: Measure = {
  key: 'wait',
  label: 'wait',
  unit: 'ms',
  better: 'less',
  goals: [{ kind: 'value', atMost: 20 }],
};

it('judges a ratio goal by the median of the rounds, not by the ratio of the medians', () => {
  const rows = tabulate(
    [rate],
    new Map([
      ['entrepot', [{ rate: 30 }, { rate: 100 }, { rate: 21 }]],
      ['peer', [{ rate: 10 }, { rate: 99 }, { rate: 10 }]],
    ]),
  );

  expect(rows.at(1)).toMatchObject({ server: 'peer', ratio: { median: 2.1 }, goal: '≥ 2 ×', met: true });
});

it('judges a value goal on our own row', () => {
  const rows = tabulate([wait], new Map([['entrepot', [{ wait: 19 }, { wait: 25 }, { wait: 26 }]]]));

  expect(rows).toEqual([
    {
      label: 'wait',
      unit: 'ms',
      server: 'entrepot',
      summary: { median: 25, min: 19, max: 26 },
      goal: '≤ 20 ms',
      met: false,
    },
  ]);
});

it('judges a value that must be reached', () => {
  const most: Measure = { ...rate, goals: [{ kind: 'value', atLeast: 500 }] };
  const [row] = tabulate([most], new Map([['entrepot', [{ rate: 499 }]]]));

  expect(row).toMatchObject({ goal: '≥ 500 req/s', met: false });
});

it('leaves out a measure that a server does not have', () => {
  const rows = tabulate(
    [rate, wait],
    new Map([
      ['entrepot', [{ rate: 4, wait: 1 }]],
      ['peer', [{ rate: 2 }]],
    ]),
  );

  expect(rows.map((row) => `${row.label} ${row.server}`)).toEqual([
    'rate entrepot',
    'rate peer',
    'wait entrepot',
  ]);
});

it('gives a peer no ratio when we were not measured', () => {
  expect(tabulate([rate], new Map([['peer', [{ rate: 2 }]]]))[0]).not.toHaveProperty('ratio');
});
