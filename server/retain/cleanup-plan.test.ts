import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { CleanupPolicies, CleanupPolicy, Hold, VersionFact } from '../core/cleanup.ts';
import { PackagePlan } from './cleanup-plan.ts';
import { readyPolicies } from './cleanup-policy.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-03-01T12:00:00Z');

interface Version {
  readonly name: string;
  readonly tags?: readonly string[];
  readonly days?: number;
  readonly isHeld?: boolean;
  /** Days since it was pulled last. */
  readonly pulled?: number;
}

const factOf = ({ name, tags = [], days = 0, isHeld = false, pulled }: Version, at: number): VersionFact => ({
  id: at + 1,
  version: name,
  tags,
  isHeld,
  createdAt: NOW - days * DAY,
  ...(pulled !== undefined && { pulledAt: NOW - pulled * DAY }),
});

const PULLS: readonly Version[] = [
  { name: 'never', days: 40 },
  { name: 'new', days: 3 },
  { name: 'long-ago', days: 90, pulled: 40 },
  { name: 'lately', days: 90, pulled: 3 },
  // It may have been pulled up to an hour after that.
  { name: 'nearly', days: 90, pulled: 30 },
];
test.each([
  ['nothing pulled for a while', { notPulledFor: '2592000s' }, ['never', 'long-ago']],
  ['nothing pulled for a while, and a tag', { notPulledFor: '2592000s', tagState: 'TAGGED' }, []],
  ['what was pulled lately', { pulledWithin: '2592000s' }, ['lately', 'nearly']],
  [
    'what was pulled lately and not just now',
    { pulledWithin: '5184000s', notPulledFor: '864000s' },
    ['long-ago', 'nearly'],
  ],
] as const)('a policy finds %s', (_, condition, names) => {
  const decided = decide({ d: { action: 'DELETE', condition } }, PULLS.map(factOf));
  expect(gone(decided)).toEqual([...names]);
});

/** `DELETE DELETE_POLICY old` by version. */
function decide(
  policies: CleanupPolicies,
  facts: readonly VersionFact[],
  holds: readonly Hold[] = [],
  pkg = 'app',
): Readonly<Record<string, string>> {
  const plan = new PackagePlan(readyPolicies(policies, pkg, NOW));
  for (const fact of facts) plan.add(fact);
  for (const hold of holds) plan.hold(hold);
  const names = new Map(facts.map(({ id, version }) => [id, version]));
  const decided = [...plan.decisions()].map(({ id, verdict, because }) => {
    const { action, reason, policy } = verdict;
    const words = [action, reason, policy, because === undefined ? undefined : names.get(because)];
    return [names.get(id) ?? '', words.filter((word) => word !== undefined).join(' ')] as const;
  });
  expect(decided.map(([name]) => name).toSorted()).toEqual(facts.map(({ version }) => version).toSorted());
  return Object.fromEntries(decided);
}

const gone = (decided: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(decided).flatMap(([name, words]) => (words.startsWith('DELETE') ? [name] : []));

const VERSIONS: readonly Version[] = [
  { name: 'sha256:a1', tags: ['release-1', 'latest'], days: 40 },
  { name: 'sha256:a2', tags: ['dev-2'], days: 40 },
  { name: 'sha256:b3', tags: [], days: 40 },
  { name: 'sha256:b4', tags: ['dev-4'], days: 3 },
  { name: 'sha256:c5', tags: [], days: 3 },
  { name: 'sha256:c6', tags: ['v1.0'], days: 1 },
];
const everything = VERSIONS.map(({ name }) => name);
const but = (...kept: readonly string[]) => everything.filter((name) => !kept.includes(name.slice(-2)));
const only = (...names: readonly string[]) => everything.filter((name) => names.includes(name.slice(-2)));

const DELETE_ALL: CleanupPolicy = { action: 'DELETE', condition: { tagState: 'ANY' } };
const deleting = (condition: CleanupPolicy['condition']): CleanupPolicy => ({
  action: 'DELETE',
  ...(condition && { condition }),
});
const keeping = (condition: CleanupPolicy['condition']): CleanupPolicy => ({
  action: 'KEEP',
  ...(condition && { condition }),
});

/** The examples of cloud.google.com/artifact-registry/docs/repositories/cleanup-policy, and their corners. */
const rows: readonly (readonly [string, CleanupPolicies, readonly string[], string?])[] = [
  ['nothing without policies', {}, []],
  ['nothing by policies that only keep', { keep: keeping({ tagState: 'TAGGED' }) }, []],
  ['what has no tag', { d: deleting({ tagState: 'UNTAGGED' }) }, only('b3', 'c5')],
  [
    'what is older than 30 days',
    { d: deleting({ tagState: 'ANY', olderThan: '2592000s' }) },
    only('a1', 'a2', 'b3'),
  ],
  [
    'the same as the stock command line writes it',
    { d: deleting({ olderThan: '2592000.0s' }) },
    only('a1', 'a2', 'b3'),
  ],
  ['what is newer than two days', { d: deleting({ newerThan: '172800s' }) }, only('c6')],
  ['what is between', { d: deleting({ olderThan: '172800s', newerThan: '864000s' }) }, only('b4', 'c5')],
  ['nothing that is just as old', { d: deleting({ olderThan: '3456000s' }) }, []],
  ['nothing that is just as new', { d: deleting({ newerThan: '86400s' }) }, []],
  [
    'tags that begin so, by any of them',
    { d: deleting({ tagPrefixes: ['dev-', 'lat'] }) },
    only('a1', 'a2', 'b4'),
  ],
  [
    'tags that begin so and are old',
    { d: deleting({ tagState: 'TAGGED', tagPrefixes: ['dev-'], olderThan: '864000s' }) },
    only('a2'),
  ],
  [
    'names that begin so',
    { d: deleting({ versionNamePrefixes: ['sha256:b', 'sha256:c6'] }) },
    only('b3', 'b4', 'c6'),
  ],
  ['packages that begin so', { d: deleting({ packageNamePrefixes: ['team/', 'ap'] }) }, everything],
  ['no other packages', { d: deleting({ packageNamePrefixes: ['team/'] }) }, []],
  [
    'all but what is kept',
    { d: DELETE_ALL, k: keeping({ tagPrefixes: ['release', 'v1'] }) },
    but('a1', 'c6'),
  ],
  [
    'the same, written the other way',
    { k: keeping({ tagPrefixes: ['release', 'v1'] }), d: DELETE_ALL },
    but('a1', 'c6'),
  ],
  [
    'all but the newest',
    { d: DELETE_ALL, k: { action: 'KEEP', mostRecentVersions: { keepCount: 2 } } },
    but('c6', 'c5'),
  ],
  [
    'all but the newest, of other packages only',
    {
      d: DELETE_ALL,
      k: { action: 'KEEP', mostRecentVersions: { keepCount: 2, packageNamePrefixes: ['x'] } },
    },
    everything,
  ],
  [
    'nothing where more are kept than there are',
    { d: DELETE_ALL, k: { action: 'KEEP', mostRecentVersions: { keepCount: 99 } } },
    [],
  ],
  [
    'all but the newest of those that a condition selects',
    {
      d: DELETE_ALL,
      k: { action: 'KEEP', condition: { tagPrefixes: ['dev-'] }, mostRecentVersions: { keepCount: 1 } },
    },
    but('b4'),
  ],
  ['nothing by a policy without an action', { d: { condition: { tagState: 'ANY' } } }, []],
  ['nothing by a count to delete', { d: { action: 'DELETE', mostRecentVersions: { keepCount: 1 } } }, []],
];

describe('policies delete', () => {
  test.each(rows)('%s', (_, policies, expected) => {
    expect(gone(decide(policies, VERSIONS.map(factOf))).toSorted()).toEqual([...expected].toSorted());
  });

  test('what is named with the first policy that has a say', () => {
    const policies = {
      a: deleting({ tagPrefixes: ['dev-'] }),
      b: DELETE_ALL,
      k: keeping({ tagPrefixes: ['v'] }),
    };
    expect(decide(policies, VERSIONS.map(factOf))).toMatchObject({
      'sha256:a1': 'DELETE DELETE_POLICY b',
      'sha256:a2': 'DELETE DELETE_POLICY a',
      'sha256:c6': 'KEEP KEEP_POLICY k',
    });
  });
});

const child = (holder: number, held: number): Hold => ({ kind: 'child', holder, held });
const subject = (holder: number, held: number): Hold => ({ kind: 'subject', holder, held });
const OLD = { old: deleting({ olderThan: '864000s' }) };
const factsOf = (...versions: readonly Version[]) => versions.map(factOf);

describe('what belongs together', () => {
  const cases: readonly (readonly [
    string,
    CleanupPolicies,
    readonly VersionFact[],
    readonly Hold[],
    object,
  ])[] = [
    [
      'keeps children of an index that stays, however old they are',
      OLD,
      factsOf({ name: 'index', tags: ['v1'] }, { name: 'child', days: 99 }),
      [child(1, 2)],
      { index: 'KEEP NO_POLICY', child: 'KEEP PART_OF index' },
    ],
    [
      'takes children with their index, however new they are',
      OLD,
      factsOf({ name: 'index', tags: ['v1'], days: 99 }, { name: 'child' }),
      [child(1, 2)],
      { index: 'DELETE DELETE_POLICY old', child: 'DELETE PART_OF old index' },
    ],
    [
      'keeps a child while one of its indexes stays',
      OLD,
      factsOf({ name: 'old', days: 99 }, { name: 'new' }, { name: 'child', days: 99 }),
      [child(1, 3), child(2, 3)],
      { old: 'DELETE DELETE_POLICY old', new: 'KEEP NO_POLICY', child: 'KEEP PART_OF new' },
    ],
    [
      'judges a tagged child by itself once its index goes',
      OLD,
      factsOf(
        { name: 'index', days: 99 },
        { name: 'new', tags: ['a'] },
        { name: 'old', tags: ['b'], days: 99 },
      ),
      [child(1, 2), child(1, 3)],
      { index: 'DELETE DELETE_POLICY old', new: 'KEEP NO_POLICY', old: 'DELETE DELETE_POLICY old' },
    ],
    [
      'keeps a child that a policy keeps, and not its index',
      { ...OLD, k: keeping({ versionNamePrefixes: ['child'] }) },
      factsOf({ name: 'index', days: 99 }, { name: 'child', days: 99 }),
      [child(1, 2)],
      { index: 'DELETE DELETE_POLICY old', child: 'KEEP KEEP_POLICY k' },
    ],
    [
      'keeps signatures of signatures of a child of what stays',
      { u: deleting({ tagState: 'UNTAGGED' }) },
      factsOf({ name: 'index', tags: ['v1'] }, { name: 'child' }, { name: 'sbom' }, { name: 'signature' }),
      [child(1, 2), subject(2, 3), subject(3, 4)],
      {
        index: 'KEEP NO_POLICY',
        child: 'KEEP PART_OF index',
        sbom: 'KEEP REFERS_TO child',
        signature: 'KEEP REFERS_TO sbom',
      },
    ],
    [
      'takes signatures with what they sign, tagged or not',
      OLD,
      factsOf({ name: 'image', days: 99 }, { name: 'signature', tags: ['sig'] }),
      [subject(1, 2)],
      { image: 'DELETE DELETE_POLICY old', signature: 'DELETE REFERS_TO old image' },
    ],
    [
      'judges a signature by itself whose subject is not there',
      { u: deleting({ tagState: 'UNTAGGED' }) },
      factsOf({ name: 'signature' }),
      [subject(7, 1)],
      { signature: 'DELETE DELETE_POLICY u' },
    ],
    [
      'keeps what immutable tags name, and its parts with it',
      { d: DELETE_ALL },
      factsOf({ name: 'index', tags: ['v1'], isHeld: true }, { name: 'child' }),
      [child(1, 2)],
      { index: 'KEEP IMMUTABLE_TAG d', child: 'KEEP PART_OF index' },
    ],
    [
      'keeps a signature that an immutable tag names',
      OLD,
      factsOf({ name: 'image', days: 99 }, { name: 'signature', tags: ['sig'], isHeld: true }),
      [subject(1, 2)],
      { image: 'DELETE DELETE_POLICY old', signature: 'KEEP IMMUTABLE_TAG' },
    ],
    [
      'keeps a circle and what hangs on it',
      { d: DELETE_ALL },
      factsOf({ name: 'a' }, { name: 'b' }, { name: 'c' }),
      [child(1, 2), child(2, 1), child(2, 3)],
      { a: 'KEEP NO_POLICY', b: 'KEEP NO_POLICY', c: 'KEEP NO_POLICY' },
    ],
    [
      'counts neither parts nor signatures among the most recent',
      { d: DELETE_ALL, k: { action: 'KEEP', mostRecentVersions: { keepCount: 1 } } },
      factsOf({ name: 'old', days: 2 }, { name: 'new', days: 1 }, { name: 'child' }, { name: 'signature' }),
      [child(2, 3), subject(2, 4)],
      {
        old: 'DELETE DELETE_POLICY d',
        new: 'KEEP KEEP_POLICY k',
        child: 'KEEP PART_OF k new',
        signature: 'KEEP REFERS_TO k new',
      },
    ],
  ];
  test.each(cases)('%s', (_, policies, versions, holds, expected) => {
    expect(decide(policies, versions, holds)).toEqual(expected as Record<string, string>);
  });
});

const prefixes = fc.array(fc.constantFrom('a', 'b', 'ab', 'v'), { maxLength: 2 });
const condition = fc.record(
  {
    tagState: fc.constantFrom('TAGGED' as const, 'UNTAGGED' as const, 'ANY' as const),
    tagPrefixes: prefixes,
    versionNamePrefixes: prefixes,
    olderThan: fc.constantFrom('0s', '86400s', '432000s'),
    newerThan: fc.constantFrom('172800.5s', '864000s'),
  },
  { requiredKeys: [] },
);
const mostRecentVersions = fc.record({ keepCount: fc.integer({ min: 1, max: 6 }) });
const keepPolicy: fc.Arbitrary<CleanupPolicy> = fc.oneof(
  condition.map((asked) => keeping(asked)),
  mostRecentVersions.map((recent) => ({ action: 'KEEP' as const, mostRecentVersions: recent })),
  fc.record({ action: fc.constant('KEEP' as const), condition, mostRecentVersions }),
);
const policiesOf = (all: readonly CleanupPolicy[]): CleanupPolicies =>
  Object.fromEntries(all.map((policy, at) => [`p${at}`, policy]));
const somePolicies = fc.array(
  fc.oneof(
    keepPolicy,
    condition.map((asked) => deleting(asked)),
  ),
  { maxLength: 6 },
);
const someFacts = fc.array(
  fc.record({
    prefix: fc.constantFrom('a', 'b', 'ab'),
    tags: fc.uniqueArray(fc.constantFrom('a1', 'b1', 'v1', 'x'), { maxLength: 2 }),
    createdAt: fc.integer({ min: 0, max: 12 }).map((days) => NOW - days * DAY),
    isHeld: fc.boolean(),
  }),
  { maxLength: 12 },
);
/** Any graph, circles among them. */
const someHolds = fc.array(
  fc.record({
    holder: fc.integer({ min: 1, max: 13 }),
    held: fc.integer({ min: 1, max: 13 }),
    kind: fc.constantFrom('child' as const, 'subject' as const),
  }),
  { maxLength: 12 },
);
const packages = fc.tuple(someFacts, someHolds).map(([facts, holds]) => ({
  holds,
  facts: facts.map(({ prefix, isHeld, ...fact }, at): VersionFact => ({
    ...fact,
    id: at + 1,
    version: `${prefix}${at}`,
    isHeld: isHeld && fact.tags.length > 0,
  })),
}));

describe('whatever the policies and the versions', () => {
  test('what a policy keeps is not deleted', () => {
    fc.assert(
      fc.property(packages, somePolicies, condition, ({ facts, holds }, all, asked) => {
        const [keeper] = readyPolicies({ k: keeping(asked) }, 'app', NOW);
        const deleted = gone(decide(policiesOf([...all, keeping(asked)]), facts, holds));
        expect(facts.filter((fact) => keeper?.matches(fact) && deleted.includes(fact.version))).toEqual([]);
      }),
    );
  });

  test('another policy that keeps never deletes more', () => {
    fc.assert(
      fc.property(packages, somePolicies, keepPolicy, ({ facts, holds }, all, more) => {
        const before = gone(decide(policiesOf(all), facts, holds));
        const after = gone(decide(policiesOf([...all, more]), facts, holds));
        expect(after.filter((name) => !before.includes(name))).toEqual([]);
      }),
    );
  });

  test('neither the order of versions, nor that of links or policies, matters to what goes', () => {
    fc.assert(
      fc.property(packages, somePolicies, ({ facts, holds }, all) => {
        const expected = decide(policiesOf(all), facts, holds);
        expect(decide(policiesOf(all), facts.toReversed(), holds.toReversed())).toEqual(expected);
        const reordered = gone(decide(policiesOf(all.toReversed()), facts, holds));
        expect(reordered.toSorted()).toEqual([...gone(expected)].toSorted());
      }),
    );
  });

  test('exactly so many of the most recent are kept', () => {
    fc.assert(
      fc.property(someFacts, fc.integer({ min: 1, max: 14 }), (some, keepCount) => {
        const facts = some.map((fact, at) => ({ ...fact, id: at + 1, version: `v${at}`, isHeld: false }));
        const policies = { d: DELETE_ALL, k: { action: 'KEEP', mostRecentVersions: { keepCount } } } as const;
        const deleted = new Set(gone(decide(policies, facts)));
        const kept = facts.filter(({ version }) => !deleted.has(version));
        expect(kept).toHaveLength(Math.min(keepCount, facts.length));
        const oldestKept = Math.min(...kept.map(({ createdAt }) => createdAt));
        expect(
          facts.filter(({ version, createdAt }) => deleted.has(version) && createdAt > oldestKept),
        ).toEqual([]);
      }),
    );
  });

  test('nothing that stays loses a part or a signature, and nothing goes that no policy began with', () => {
    fc.assert(
      fc.property(packages, somePolicies, ({ facts, holds }, all) => {
        const deleted = new Set(gone(decide(policiesOf(all), facts, holds)));
        const nameOf = (id: number) => facts.find((fact) => fact.id === id)?.version;
        for (const { holder, held } of holds) {
          const [above, below] = [nameOf(holder), nameOf(held)];
          if (above !== undefined && below !== undefined && !deleted.has(above))
            expect(deleted).not.toContain(below);
        }
        if (!all.some(({ action }) => action === 'DELETE')) expect([...deleted]).toEqual([]);
        expect(facts.filter(({ isHeld, version }) => isHeld && deleted.has(version))).toEqual([]);
      }),
    );
  });
});
