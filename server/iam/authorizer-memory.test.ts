import { beforeEach, describe, expect, test } from 'bun:test';
import type { Account, ResourceName, Within } from '../core/iam.ts';
import type { CompiledCondition } from '../core/policy.ts';
import { PolicyAuthorizer } from './authorizer.ts';
import { CelConditions } from './conditions.ts';

const ON: ResourceName = 'projects/p/locations/us/repositories/r';
const READ = 'artifactregistry.repositories.downloadArtifacts';
const WHO: Account = { kind: 'user', id: 'ann', belongsTo: [] };

/** What the condition was asked: the package and the second. Not what it says whatever else may be inside. */
let asked: string[];
let at: number;
let revision: number;
let condition: CompiledCondition;
let authorizer: PolicyAuthorizer;

beforeEach(() => {
  asked = [];
  at = 10_500;
  revision = 1;
  condition = () => true;
  authorizer = new PolicyAuthorizer({
    policies: {
      revision: () => revision,
      policy: (on) =>
        on === ON
          ? {
              revision,
              auditConfigs: [],
              bindings: [
                {
                  role: 'roles/artifactregistry.reader',
                  members: ['user:ann'],
                  condition: { title: 'counted', expression: 'any' },
                },
              ],
            }
          : undefined,
      customRole: () => undefined,
    },
    conditions: {
      compile: async () => (subject) => {
        if (!subject.open) asked.push(`${subject.resource.package ?? 'none'} at ${subject.time}`);
        return condition(subject);
      },
    },
    now: () => at,
  });
});

const allowed = async (within?: Within): Promise<boolean> =>
  (await authorizer.check(WHO, READ, ON, within)).allow;

describe('a decision that a condition had a part in', () => {
  test('is made once a second for the same question', async () => {
    for (const now of [10_500, 10_501, 10_999, 11_000, 11_999]) {
      at = now;
      expect(await allowed({ package: 'app' })).toBe(true);
    }
    expect(asked).toEqual(['app at 10000', 'app at 11000']);
  });

  test('ends in the very second that the condition names', async () => {
    condition = ({ time }) => time < 12_000;
    at = 11_999;
    expect(await allowed()).toBe(true);
    at = 12_000;
    expect(await allowed()).toBe(false);
  });

  test('says nothing of another package, version or tag, however they are written', async () => {
    condition = ({ resource }) => resource.package === 'a' && resource.version === undefined;
    const questions: readonly (readonly [Within | undefined, boolean])[] = [
      [{ package: 'a' }, true],
      [{ package: 'a', version: 'b' }, false],
      [{ package: 'a","version":"b' }, false],
      [{ package: 'ab' }, false],
      [{ package: 'a', tag: 'b' }, true],
      [{ version: 'a' }, false],
      [undefined, false],
    ];
    for (const _ of ['asked', 'remembered'])
      for (const [within, expected] of questions) expect(await allowed(within)).toBe(expected);
    expect(asked).toHaveLength(questions.length);
  });

  test('is made again when the revision moved, within the same second', async () => {
    expect(await allowed()).toBe(true);
    condition = () => false;
    expect(await allowed()).toBe(true);
    revision += 1;
    expect(await allowed()).toBe(false);
  });
});

describe('a decision says whether it holds for whatever is inside what was named', () => {
  const questions: readonly (readonly [
    expression: string,
    within: Within | undefined,
    throughout: boolean,
  ])[] = [
    ['request.time < timestamp("2099-12-31T00:00:00Z")', undefined, true],
    ['resource.name.endsWith("/r")', { package: 'a' }, true],
    ['resource.package == "a"', { package: 'a' }, true],
    ['resource.package == "a"', { package: 'a', tag: 't' }, true],
    ['resource.package == "a" || resource.tag == "t"', { package: 'a' }, true],
    ['resource.package == "a" && resource.tag == "t"', { package: 'a', tag: 't' }, true],
    ['resource.package == "a" && !has(resource.version)', { package: 'a' }, false],
    ['!has(resource.package)', undefined, false],
    ['!has(resource.tag)', { package: 'a', version: 'v' }, false],
  ];
  for (const [expression, within, throughout] of questions)
    test(`${expression} on ${JSON.stringify(within) ?? 'the repository'}: ${throughout}`, async () => {
      condition = await new CelConditions().compile(expression);

      const decision = await authorizer.check(WHO, READ, ON, within);

      expect(decision).toEqual({ allow: true, conditional: true, ...(throughout && { throughout }) });
    });
});
