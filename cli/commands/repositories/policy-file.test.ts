import { describe, expect, it } from 'bun:test';
import { policiesFromFile, policyForFile } from './policy-file.ts';

const read = (policies: unknown) => policiesFromFile(JSON.stringify(policies), 'policy.json');

describe('a policy file', () => {
  it('becomes the map the API has', () => {
    const found = read([
      {
        name: 'delete-old',
        action: { type: 'Delete' },
        condition: { tagState: 'tagged', tagPrefixes: ['pr-'], olderThan: '30d', newerThan: '1d12h' },
      },
      {
        name: 'keep-5',
        action: { type: 'Keep' },
        mostRecentVersions: { packageNamePrefixes: ['team/'], keepCount: 5 },
      },
    ]);

    expect(found).toEqual({
      'delete-old': {
        id: 'delete-old',
        action: 'DELETE',
        condition: { tagState: 'TAGGED', tagPrefixes: ['pr-'], olderThan: '2592000s', newerThan: '129600s' },
      },
      'keep-5': {
        id: 'keep-5',
        action: 'KEEP',
        mostRecentVersions: { packageNamePrefixes: ['team/'], keepCount: 5 },
      },
    });
  });

  it('may use the old name of olderThan', () => {
    const [policy] = Object.values(
      read([{ name: 'a', action: { type: 'Delete' }, condition: { versionAge: '90m' } }]),
    );

    expect(policy?.condition).toEqual({ olderThan: '5400s' });
  });

  it('may ask when something was pulled', () => {
    const condition = { notPulledFor: '30d', pulledWithin: '90d' };
    const [policy] = Object.values(read([{ name: 'a', action: { type: 'Delete' }, condition }]));
    expect(policy?.condition).toEqual({ notPulledFor: '2592000s', pulledWithin: '7776000s' });
  });

  it('is read back from what is printed', () => {
    const written = read([
      { name: 'a', action: { type: 'Keep' }, condition: { olderThan: '1d', tagState: 'ANY' } },
    ]);

    const printed = Object.entries(written).map(([id, policy]) => policyForFile(id, policy));

    expect(printed).toEqual([
      { name: 'a', action: { type: 'KEEP' }, condition: { olderThan: '86400s', tagState: 'ANY' } },
    ]);
    expect(read(printed)).toEqual(written);
  });

  it.each([
    [{}, 'must hold a list'],
    [[1], 'policy 1 is not an object'],
    [[{ action: { type: 'Keep' } }], 'policy 1 has no name'],
    [[{ name: 'a' }], 'policy 1 (a) has no action.type'],
    [[{ name: 'a', action: { type: 'Keep' }, when: 1 }], 'unknown field when'],
    [[{ name: 'a', action: { type: 'Keep' }, condition: 1 }], 'condition is not an object'],
    [[{ name: 'a', action: { type: 'Keep' }, condition: { olderThan: 'soon' } }], '[soon] is not a duration'],
    [
      [
        { name: 'a', action: { type: 'Keep' } },
        { name: 'a', action: { type: 'Keep' } },
      ],
      'two policies named a',
    ],
  ])('%j is refused', (policies, words) => {
    expect(() => read(policies)).toThrow(words);
  });

  it('that is not JSON is refused by its name', () => {
    expect(() => policiesFromFile('[', 'policy.json')).toThrow('policy.json is not JSON');
  });
});
