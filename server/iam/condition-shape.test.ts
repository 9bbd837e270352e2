import { describe, expect, it } from 'bun:test';
import { CelConditions } from './conditions.ts';

const conditions = new CelConditions();

describe('a condition', () => {
  it.each([
    'true',
    "resource.name.startsWith('projects/p/') && !(resource.tag in ['latest', 'main'])",
    "timestamp('2030-01-01T00:00:00Z') > request.time",
    "request.time.getHours('Europe/Zurich') >= 9 ? has(resource.package) : false",
    "resource.name.split('/')[5] == 'images' || resource.package.matches('^team-[a-z]+/')",
    'size(resource.version) > 6',
  ])('may be %s', async (expression) => {
    expect(await conditions.compile(expression)).toBeFunction();
  });

  const refused: readonly (readonly [expression: string, says: string])[] = [
    ['resource.name ==', 'cannot be used'],
    ["resource.nam == 'x'", 'resource has no nam'],
    ["request.auth.claims.sub == 'x'", 'sub is not an attribute of anything'],
    ["request.user == 'x'", 'request has no user'],
    ["constructor.name == 'x'", 'constructor is nothing it may ask for'],
    ["resource['name'] == 'x'", 'resource is nothing it may ask for'],
    ['resource.name', 'does not come to true or false'],
    ['1 + 1', 'does not come to true or false'],
    ["resource.tag == 'a' ? 'yes' : true", 'does not come to true or false'],
    ['[1, 2].all(x, x > 0)', 'may not loop'],
    ["resource.name.split('/').exists(part, part == 'a')", 'may not loop'],
    ["'a'.replace('a', 'aaaaaaaa') == 'a'", 'replace is not a function'],
    ["{'a': 1} == {'a': 1}", 'may not make structures'],
    [`resource.name == '${'x'.repeat(5_000)}'`, 'at most 4096 bytes'],
    ['('.repeat(2_000), 'cannot be used'],
  ];
  it.each(refused)('may not be %#', async (expression, says) => {
    await expect(conditions.compile(expression)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(says),
    });
  });

  it('cannot be made to run for long, however it is nested', async () => {
    const ten = '[0,1,2,3,4,5,6,7,8,9]';
    const nested = Array.from({ length: 60 }, (_, at) => `${ten}.all(x${at}, `);
    const expression = `${nested.join('')}true${')'.repeat(60)}`;
    await expect(conditions.compile(expression)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
