import { describe, expect, test } from 'bun:test';
import { virtualSettings } from './virtual-settings.ts';

const named = (id: string): string => `projects/p/locations/l/repositories/${id}`;
const config = (policies: readonly (readonly [id: string, priority?: number])[], more = {}) => ({
  virtualRepositoryConfig: {
    upstreamPolicies: policies.map(([id, priority]) => ({
      id,
      repository: named(id),
      ...(priority !== undefined && { priority }),
    })),
    ...more,
  },
});
const orders: readonly (readonly [
  says: string,
  policies: Parameters<typeof config>[0],
  lowest: string,
  highest: string,
])[] = [
  [
    'by priority',
    [
      ['b', 200],
      ['a', 100],
      ['c', 300],
    ],
    'abc',
    'cba',
  ],
  [
    'as they are written where it is the same',
    [
      ['b', 1],
      ['a', 1],
      ['c', 1],
    ],
    'bac',
    'bac',
  ],
  ['with 0 where none is said, as proto3 leaves it out', [['b', 1], ['a'], ['c', -1]], 'cab', 'bac'],
];

describe('members of a virtual repository', () => {
  test.each(orders)('are asked %s', (_, policies, lowest, highest) => {
    const asked = (order: 'lowest-first' | 'highest-first'): string =>
      virtualSettings(config(policies), order)
        .members.map(({ repository }) => repository)
        .join('');

    expect([asked('lowest-first'), asked('highest-first')]).toEqual([lowest, highest]);
  });
});

const toleranceOf = (memberFailure?: string): boolean =>
  virtualSettings(config([['a']], { memberFailure }), 'lowest-first').answerWithout;

test('a failing member fails the request unless the repository says otherwise', () => {
  expect([toleranceOf(), toleranceOf('FAIL'), toleranceOf('ANSWER_WITHOUT')]).toEqual([false, false, true]);
});

test('a configuration that says nothing is of no members', () => {
  expect(virtualSettings({}, 'lowest-first')).toEqual({ members: [], answerWithout: false });
});
