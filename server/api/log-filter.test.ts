import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { COMPARISONS, LOG_FIELDS, type LogField, type LogFilter, SEVERITIES } from '../core/audit-log.ts';
import { RegistryError } from '../core/error.ts';
import { parseLogFilter } from './log-filter.ts';

const compare = (
  field: LogField,
  operator: (typeof COMPARISONS)[number],
  value: string | number,
): LogFilter => ({
  kind: 'compare',
  field,
  operator,
  value,
});
const A = compare('insertId', '=', 'a');
const B = compare('insertId', '=', 'b');
const C = compare('insertId', '=', 'c');

/** A filter as somebody could have written it. */
function print(filter: LogFilter): string {
  switch (filter.kind) {
    case 'and':
      return filter.parts.map(inner).join(' AND ');
    case 'or':
      return filter.parts.map(inner).join(' OR ');
    case 'not':
      return `NOT ${inner(filter.part)}`;
    case 'present':
      return `${filter.field}:*`;
    case 'log':
      return `log_id(${quoted(filter.log)})`;
    case 'compare':
      return `${filter.field}${filter.operator}${quoted(spelled(filter))}`;
    default:
      return filter satisfies never;
  }
}
const inner = (filter: LogFilter): string =>
  filter.kind === 'and' || filter.kind === 'or' ? `(${print(filter)})` : print(filter);
const quoted = (text: string): string =>
  `"${text.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`)}"`;
const spelled = ({ field, value }: LogFilter & { kind: 'compare' }): string =>
  field === 'timestamp' ? new Date(value).toISOString() : String(value);

const values: Readonly<Record<(typeof LOG_FIELDS)[LogField], fc.Arbitrary<string | number>>> = {
  text: fc.string({ unit: 'grapheme', maxLength: 20 }),
  instant: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  severity: fc.constantFrom(...Object.values(SEVERITIES)),
  number: fc.integer({ min: 0, max: 16 }),
};
const comparison: fc.Arbitrary<LogFilter> = fc
  .constantFrom(...(Object.keys(LOG_FIELDS) as LogField[]))
  .chain((field) =>
    fc
      .tuple(
        fc.constantFrom(...COMPARISONS.filter((each) => each !== ':' || LOG_FIELDS[field] === 'text')),
        values[LOG_FIELDS[field]],
      )
      .map(([operator, value]) => compare(field, operator, value)),
  );
const { filter } = fc.letrec<{ filter: LogFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4 },
    comparison,
    fc.constant<LogFilter>({ kind: 'log', log: 'cloudaudit.googleapis.com/activity' }),
    fc.constant<LogFilter>({ kind: 'present', field: 'protoPayload.resourceName' }),
    tie('filter').map((part): LogFilter => ({ kind: 'not', part })),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('filter'), { minLength: 2, maxLength: 4 }),
      )
      .map(([kind, parts]): LogFilter => ({ kind, parts })),
  ),
}));

describe('a filter of the audit log', () => {
  test('is read as it was meant, however it is nested and whatever is in its texts', () => {
    fc.assert(
      fc.property(filter, (meant) => {
        expect(parseLogFilter(print(meant))).toEqual(meant);
      }),
      { numRuns: 1_000 },
    );
  });

  test('of any text is read or refused, and nothing else happens', () => {
    const piece = fc.constantFrom(
      '(',
      ')',
      'AND',
      'OR',
      'NOT',
      '-',
      '"',
      'severity',
      '>=',
      '=',
      ':',
      '*',
      'x',
      ' ',
    );
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (any) => {
        try {
          parseLogFilter(any);
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'filter' } });
        }
      }),
      { numRuns: 3_000 },
    );
  });

  const or: LogFilter = { kind: 'or', parts: [A, B] };
  test.each<readonly [string, LogFilter | undefined]>([
    ['', undefined],
    ['  -- all of it\n ', undefined],
    ['insertId=a', A],
    [`insertId = 'a'`, A],
    ['(insertId="a")', A],
    ['insertId=a AND insertId=b', { kind: 'and', parts: [A, B] }],
    ['insertId=a\ninsertId=b -- and so on', { kind: 'and', parts: [A, B] }],
    ['insertId=a OR insertId=b insertId=c', { kind: 'and', parts: [or, C] }],
    ['insertId=c AND insertId=a OR insertId=b', { kind: 'and', parts: [C, or] }],
    ['NOT insertId=a OR insertId=b', { kind: 'or', parts: [{ kind: 'not', part: A }, B] }],
    ['-insertId=a', { kind: 'not', part: A }],
    ['insertId=(a OR b)', or],
    ['insertId=(a AND NOT b)', { kind: 'and', parts: [A, { kind: 'not', part: B }] }],
    [
      'log_id("cloudaudit.googleapis.com/activity")',
      { kind: 'log', log: 'cloudaudit.googleapis.com/activity' },
    ],
    ['protoPayload.methodName:Delete', compare('protoPayload.methodName', ':', 'Delete')],
    ['resource.labels.project_id:*', { kind: 'present', field: 'resource.labels.project_id' }],
    ['resource.labels.project_id:"*"', compare('resource.labels.project_id', ':', '*')],
    ['severity>=ERROR', compare('severity', '>=', 500)],
    ['severity=notice', compare('severity', '=', 300)],
    ['severity!=200', compare('severity', '!=', 200)],
    ['protoPayload.status.code=7', compare('protoPayload.status.code', '=', 7)],
    ['timestamp>=2026-03-01T12:00:00Z', compare('timestamp', '>=', Date.UTC(2026, 2, 1, 12))],
    [
      'timestamp<"2026-03-01T12:00:00.123456+01:00"',
      compare('timestamp', '<', Date.UTC(2026, 2, 1, 11, 0, 0, 123)),
    ],
    ['timestamp>"2026-03-01"', compare('timestamp', '>', Date.UTC(2026, 2, 1))],
    [String.raw`insertId="\"\\\u0041\n"`, compare('insertId', '=', '"\\A\n')],
  ])('%j is understood', (text, meant) => {
    expect(parseLogFilter(text)).toEqual(meant);
  });

  test.each([
    ['textPayload="x"', 'protoPayload.methodName'],
    ['severity', 'one of = != : < <= > >= is expected'],
    ['severity>=', 'a value is expected'],
    ['severity>=LOUD', 'is not one of DEFAULT, DEBUG'],
    ['severity:ERROR', 'is compared with ='],
    ['timestamp>="yesterday"', 'a time such as 2026-03-01T12:00:00Z'],
    ['timestamp>="2026-02-30T99:00:00Z"', 'a time such as'],
    ['protoPayload.status.code="7; DROP TABLE audit_entry"', 'is not a number'],
    ['protoPayload.methodName=~"Del.*"', 'regular expressions are not possible here'],
    ['(insertId=a', 'a closing parenthesis is missing'],
    ['insertId=(a OR b', 'a closing parenthesis is missing'],
    ['insertId=a)', 'an operator or the end is expected'],
    ['insertId=a OR', 'is expected'],
    ['AND insertId=a', 'is expected'],
    ['"only text"', 'is expected'],
    ['log_id(a', 'log_id takes one name'],
    ['insertId="a', 'a value is expected'],
    ['('.repeat(51), 'nested more than 50 deep'],
    ['insertId=a '.repeat(201), 'more than 200 comparisons'],
    ['x'.repeat(20_001), 'longer than 20000 characters'],
  ])('%.50j is refused in a sentence', (text, why) => {
    expect(() => parseLogFilter(text)).toThrow(why);
  });
});
