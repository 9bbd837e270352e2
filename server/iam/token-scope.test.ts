import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { covers, type ResourceName } from '../core/iam.ts';
import { TOKEN_ACTIONS, type TokenAction } from '../core/personal-tokens.ts';
import { tokenMaking } from './token-scope.ts';

const making = tokenMaking({ random: (bytes) => new Uint8Array(bytes), longest: 1 });
const actions = fc.uniqueArray(fc.constantFrom(...TOKEN_ACTIONS), { minLength: 1 });
const resources = fc.uniqueArray(
  fc.constantFrom<ResourceName>('projects/a', 'projects/b', 'projects/a/locations/l/repositories/r'),
);
const highest = (some: readonly TokenAction[]): number =>
  Math.max(...some.map((action) => TOKEN_ACTIONS.indexOf(action)));

describe('what a token is limited to', () => {
  it('is told again as the actions up to the highest that was asked for', () => {
    fc.assert(
      fc.property(actions, resources, (some, where) => {
        const told = making.actionsOf(making.scopeOf(some, where));
        expect(told).toEqual(TOKEN_ACTIONS.slice(0, highest(some) + 1));
      }),
    );
  });

  it('grows with the actions, and is nothing for all of them everywhere', () => {
    const [read, write, remove, all] = TOKEN_ACTIONS.map((action) => making.scopeOf([action], []));
    const sets = [read, write, remove].map((scope) => new Set(scope?.permissions));
    expect(sets[0]?.isSubsetOf(sets[1] ?? new Set())).toBe(true);
    expect(sets[1]?.isSubsetOf(sets[2] ?? new Set())).toBe(true);
    expect([sets[0]?.has('artifactregistry.repositories.downloadArtifacts'), all]).toEqual([true, undefined]);
    expect(sets[0]?.has('artifactregistry.repositories.uploadArtifacts')).toBe(false);
    expect(sets[1]?.has('artifactregistry.repositories.deleteArtifacts')).toBe(false);
    expect(sets[2]?.has('artifactregistry.repositories.setIamPolicy')).toBe(false);
  });

  it('is no place outside those that were named', () => {
    fc.assert(
      fc.property(actions, resources, (some, where) => {
        const scope = making.scopeOf(some, where);
        if (where.length === 0) return expect(scope?.resources).toBeUndefined();
        expect(scope?.resources?.some((above) => covers(above, 'projects/c'))).toBe(false);
      }),
    );
  });
});
