import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import type { ConditionSubject } from '../core/policy.ts';
import { programSize } from './cel-cost.ts';
import { Cel } from './cel.ts';
import { failureOf } from '../testing/failure-of.ts';
import { CelConditions } from './conditions.ts';

const cel = new Cel();
const conditions = new CelConditions();

const IMAGES = 'projects/shop/locations/us/repositories/images';
const NOON = Date.parse('2026-03-02T12:30:15.250Z');
const about = (said: Partial<ConditionSubject['resource']> = {}, time = NOON): ConditionSubject => ({
  resource: {
    name: IMAGES,
    type: 'artifactregistry.googleapis.com/Repository',
    service: 'artifactregistry.googleapis.com',
    ...said,
  },
  time,
});
function holds(expression: string, subject = about()) {
  const condition = cel.condition(expression);
  if (condition instanceof Error) throw condition;
  return condition(subject);
}

describe('a condition', () => {
  it.each([
    ['true', true],
    ["resource.name.startsWith('projects/shop/') && !(resource.type == 'x')", true],
    ["resource.name.split('/')[5] == 'images'", true],
    ["resource.service.matches('^artifact[a-z]+\\\\.googleapis\\\\.com$')", true],
    ["resource.name.extract('/repositories/{name}') in ['images', 'charts']", true],
    ["['us', 'eu'].join('-') == 'us-eu' && 'a.b'.replace('.', '/') == 'a/b'", true],
    ["size(resource.name) > 6 ? resource.name.contains('shop') : false", true],
    ["request.time < timestamp('2026-03-03T00:00:00Z')", true],
    ["request.time + duration('12h') < timestamp('2026-03-03T00:00:00Z')", false],
    [
      'request.time.getFullYear() == 2026 && request.time.getMonth() == 2 && request.time.getDate() == 2',
      true,
    ],
    ['request.time.getDayOfMonth() == 1 && request.time.getDayOfWeek() == 1', true],
    ['request.time.getDayOfYear() == 60 && request.time.getMilliseconds() == 250', true],
    ["request.time.getHours('Europe/Berlin') == 13 && request.time.getMinutes('+05:45') == 15", true],
    ["request.time.getHours('-08:00') == 4 && request.time.getDayOfWeek('Pacific/Auckland') == 2", true],
    ['has(resource.tag)', false],
  ])('%s is %p', (expression, expected) => {
    expect(holds(expression)).toBe(expected);
  });

  it('knows the hour that a zone leaves out', () => {
    const spring = Date.parse('2026-03-29T01:30:00Z');

    expect(holds('request.time.getHours() == 1', about({}, spring))).toBe(true);
    expect(holds("request.time.getHours('Europe/Berlin') == 3", about({}, spring))).toBe(true);
  });

  // cloud.google.com/iam/docs/conditions-attribute-reference#extract
  const object = 'projects/_/buckets/acme-orders-aaa/data_lake/orders/order_date=2019-11-03/aef87g87ae0876';
  it.each([
    ['/order_date={date}/', '2019-11-03'],
    ['buckets/{name}/', 'acme-orders-aaa'],
    ['/orders/{empty}order_date', ''],
    ['{start}/data_lake', 'projects/_/buckets/acme-orders-aaa'],
    ['orders/{end}', 'order_date=2019-11-03/aef87g87ae0876'],
    ['{all}', object],
    ['/orders/{none}/order_date=', ''],
    ['/invoices/{none}', ''],
  ])('extracts by %s', (template, part) => {
    expect(holds(`resource.name.extract('${template}') == '${part}'`, about({ name: object }))).toBe(true);
  });

  it.each([
    ["resource.tag == 'v1'", 'unknown', {}],
    ["resource.tag == 'v1'", true, { tag: 'v1' }],
    ["resource.tag == 'v1'", false, { tag: 'v2' }],
    ["resource.name == 'x' && resource.tag == 'v1'", false, {}],
    [`resource.name == '${IMAGES}' || resource.tag == 'v1'`, true, {}],
    ["resource.name.split('/')[99] == 'x'", false, {}],
    ['int(resource.name) == 1', false, {}],
  ] as const)('%s is %p where the request says %p', (expression, expected, said) => {
    expect(holds(expression, about(said))).toBe(expected);
  });

  const refused: readonly (readonly [expression: string, says: string])[] = [
    ['', 'it is not CEL: found end of input at line 1, column 1'],
    ['resource.name ==', 'it is not CEL: found = at line 1, column 15'],
    ["resource.nam == 'x'", 'resource has no nam; it has name, type, service, package, version, tag'],
    ["request.auth.claims.sub == 'x'", 'request has no auth; it has time'],
    ["resource.name.first == 'x'", 'first is not an attribute of anything'],
    ["constructor.name == 'x'", 'constructor is nothing it may ask for; there are resource.name'],
    ["resource['name'] == 'x'", 'resource is nothing it may ask for'],
    ["resource.matchTag('a/b', 'c')", 'resource is nothing it may ask for'],
    ["api.getAttribute('x', []) == ''", 'api is nothing it may ask for'],
    ["resource.name.inIpRange('10.0.0.0/8')", 'inIpRange is not a function here'],
    ['resource.name.startsWith(3)', 'startsWith does not take string and int'],
    ['resource.name < 3', '< does not take string and int'],
    ['resource.name == 3', '== does not take string and int'],
    ['resource.name && true', '&& does not take string'],
    ['resource.name', 'it does not come to true or false'],
    ['1 + 1', 'it does not come to true or false'],
    ["resource.tag == 'a' ? 'yes' : true", 'both sides of ? : come to the same, not to string and bool'],
    ['[1, 2].all(x, x > 0)', 'may not loop'],
    ["resource.name.split('/').exists(part, part == 'a')", 'may not loop'],
    ['google.protobuf.Struct{} == 1', 'may not make structures'],
    ["'%s'.format([resource.name]) == 'x'", 'format is not a function here'],
    ["resource.name.matches('(a')", 'missing closing )'],
    ["resource.name.extract('a{b}{c}') == ''", 'one name in braces'],
    ["request.time < timestamp('soon')", 'parse timestamp'],
    ["request.time.getHours('Mars/Olympus') == 1", 'there is no time zone "Mars/Olympus"'],
    [`resource.name == '${'x'.repeat(4_096)}'`, 'more than 4096 bytes'],
  ];
  it.each(refused)('may not be %s', async (expression, says) => {
    const error = await failureOf(conditions.compile(expression));

    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(says) });
  });

  it('leaves what is open unknown, whether or not it is asked for its presence', () => {
    const open = new Set(['tag']);

    expect(holds("resource.tag == 'v1'", { ...about(), open })).toBe('unknown');
    expect(holds('has(resource.tag)', { ...about(), open })).toBe('unknown');
    expect(holds("has(resource.package) && resource.package == 'x'", { ...about(), open })).toBe(false);
  });
});

const many = (part: string, times: number) => part.repeat(times);

describe('an expression that is made to take long', () => {
  it.each([
    ['brackets', many('(', 2_000)],
    ['brackets that close', `${many('(', 100)}true${many(')', 100)}`],
    ['lists', many('[', 4_000)],
    ['brackets behind strings', many("(')'+", 800)],
    ['brackets behind raw strings', many("(r'\\'+", 600)],
    ['choices', `${many('true ? true : ', 200)}true`],
    ['sums', `${many('1+', 2_000)}1 == 1`],
    ['terms', `${many('true && ', 500)}true`],
    ['selections', `resource${many('.a', 2_000)}`],
    ['signs', `${many('-', 4_000)}1`],
    ['macros in macros', `${many('[0,1,2,3].all(x, ', 60)}true${many(')', 60)}`],
  ])('with %s is refused or quick', (_, expression) => {
    const condition = cel.condition(expression);

    if (!(condition instanceof Error)) condition(about());
  });

  it.each([
    ['replacements', `'a'${many(".replace('','aaaaaaaaaa')", 100)} == ''`],
    ['joins', `${many("'a'.split('').join('aaaaaaaaaaaaaaaa')+", 10)}'' == ''`],
    ['a repeated pattern', `resource.name.matches('${many('[a-z]{1,1000}', 100)}')`],
    ['patterns in patterns', "resource.name.matches('((x{1,30}){1,30}){1,30}')"],
    ['zones', `${many("request.time.getHours('Europe/Berlin') == 99 || ", 60)}false`],
  ])('with %s comes to nothing', (_, expression) => {
    const condition = cel.condition(expression);

    if (!(condition instanceof Error)) expect(condition(about())).toBe(false);
  });

  it.each([
    ['abc', 3],
    ['a{100}', 100],
    ['(a{10}b){10}', 110],
    ['[a-z0-9]{40}', 40],
    ['\\d{4}-\\d{2}', 7],
    ['[[:alpha:]{9}]{3}', 3],
    ['\\(a{3}', 4],
  ])('with the pattern %s pays for at least %p instructions', (pattern, least) => {
    const size = programSize(pattern);

    expect(size).toBeGreaterThanOrEqual(least);
    expect(size).toBeLessThanOrEqual(least * 2 + 4);
  });
});

describe('any expression', () => {
  const word = fc.constantFrom(
    'resource.name',
    'resource.tag',
    'request.time',
    'resource',
    'x',
    '1',
    "'a'",
    '"',
    'true',
    'null',
    '1.5',
    '2u',
    '==',
    '<',
    '&&',
    '||',
    '+',
    '-',
    '!',
    '?',
    ':',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ',',
    '.',
    ' in ',

    'has(',
    '.size()',
    '.matches(',
    '.startsWith(',
    '.all(x, ',
    '.extract(',
    'timestamp(',
    'b"\\xff"',
    '\\',
    '//',
  );
  const written = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.array(word, { maxLength: 14 }).map((words) => words.join('')),
  );
  const said = fc.record(
    { package: fc.string(), version: fc.string(), tag: fc.string() },
    { requiredKeys: [] },
  );

  it('is refused or answers, and throws neither way', () => {
    fc.assert(
      fc.property(written, said, (expression, parts) => {
        const condition = cel.condition(expression);
        if (condition instanceof Error) return;
        expect([true, false, 'unknown']).toContain(condition(about(parts)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is unknown only where it asks for what the request does not say', () => {
    const atom = fc.constantFrom(
      "resource.tag == 'a'",
      "resource.package.startsWith('a')",
      "resource.name.split('/')[9] == 'x'",
      'has(resource.version)',
      'int(resource.version) > 1',
      'true',
      'false',
      "resource.name == 'x'",
    );
    const expression = fc.array(fc.tuple(atom, fc.constantFrom(' && ', ' || ')), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(expression, said, (terms, parts) => {
        const text = terms.map(([term, and], at) => (at === 0 ? term : `${and}${term}`)).join('');
        const missing = (['tag', 'package', 'version'] as const).some(
          (name) => parts[name] === undefined && text.includes(name),
        );
        const result = holds(text, about(parts));
        if (!missing) expect(result).not.toBe('unknown');
      }),
    );
  });
});
