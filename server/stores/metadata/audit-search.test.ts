import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import type { Act } from '../../core/audit.ts';
import {
  COMPARISONS,
  LOG_FIELDS,
  type LogEntry,
  type LogField,
  type LogFilter,
  type LogPosition,
  type LogQuery,
  SEVERITIES,
} from '../../core/audit-log.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { recordEntry } from './audit-entries.ts';
import { AuditTables } from './audit-search.ts';

const PROJECTS = ['', 'p', 'q'];
const WORDS = ['', 'a', 'A%', 'a_b', 'ann', "o'hara", '\\', 'projects/p'];
const CODES = [0, 2, 5, 7];
const START = Date.parse('2026-03-01T12:00:00Z');
const COUNT = 300;
const BOTH = ['activity', 'data_access'] as const;
const EVERYTHING = [{ logs: BOTH }];

/** Different in everything, and often at the same instant. */
const act = (number: number): Act => ({
  id: `id-${number}`,
  at: START + Math.floor(number / 3) * 1_000,
  actor: { member: pick(['user:ann', "user:o'hara", 'principal://x'], number), peer: pick(WORDS, number) },
  type: pick(['ADMIN_WRITE', 'DATA_READ', 'DATA_WRITE', 'ADMIN_READ'] as const, Math.floor(number / 5)),
  service: pick(['a.googleapis.com', 'b.googleapis.com'], number),
  method: pick(WORDS, number + 3),
  resource: pick(WORDS, Math.floor(number / 2)) || '/',
  project: pick(PROJECTS, number),
});
const pick = <T>(of: readonly T[], at: number): T => {
  const value = of[at % of.length];
  if (value === undefined) throw new Error('there is nothing to pick from');
  return value;
};

let temporary: TemporaryDatabase;
let all: readonly LogEntry[];
const record = (from: number, to: number) =>
  temporary.database.transaction(async (tx) => {
    for (let number = from; number < to; number += 1)
      await recordEntry(tx, act(number), { code: pick(CODES, number), message: 'm' });
  });
/** Every entry that is asked for, page by page, with the number of pages. */
async function search(query: Omit<LogQuery, 'limit' | 'after'>, { limit = 40, look = 64 } = {}) {
  const log = new AuditTables(temporary.database, look);
  const found: LogEntry[] = [];
  let after: LogPosition | undefined;
  for (let pages = 1; ; pages += 1) {
    const page = await log.page({ ...query, limit, ...(after && { after }) });
    found.push(...page.entries);
    if (!page.next) return { found, pages };
    after = page.next;
  }
}
const ids = (entries: readonly LogEntry[]) => entries.map(({ insertId }) => insertId);

beforeAll(async () => {
  temporary = await temporaryDatabase();
  await record(0, COUNT);
  ({ found: all } = await search({ scopes: EVERYTHING, order: 'asc' }, { look: 10_000 }));
});
afterAll(() => temporary[Symbol.asyncDispose]());

/** What a filter means, said of an entry as it is shown. */
function holds(filter: LogFilter, entry: LogEntry): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => holds(part, entry));
    case 'or':
      return filter.parts.some((part) => holds(part, entry));
    case 'not':
      return !holds(filter.part, entry);
    case 'present':
      return shown(entry, filter.field) !== '';
    case 'log':
      return entry.logName.endsWith(`/logs/${filter.log.replace('/', '%2F')}`);
    case 'compare':
      return compares(shown(entry, filter.field), filter);
    default:
      return filter satisfies never;
  }
}

function compares(
  value: string | number,
  { operator, value: wanted }: LogFilter & { kind: 'compare' },
): boolean {
  if (operator === ':') return String(value).toLowerCase().includes(String(wanted).toLowerCase());
  const order = value < wanted ? -1 : Number(value > wanted);
  const right = {
    '=': order === 0,
    '!=': order !== 0,
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
  };
  return right[operator];
}

function shown(entry: LogEntry, field: LogField): string | number {
  if (field === 'timestamp') return Date.parse(entry.timestamp);
  if (field === 'severity') return SEVERITIES[entry.severity];
  const value = field.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], entry);
  return (value as string | number | undefined) ?? (field === 'protoPayload.status.code' ? 0 : '');
}

const values: Readonly<Record<(typeof LOG_FIELDS)[LogField], fc.Arbitrary<string | number>>> = {
  text: fc.constantFrom(
    ...WORDS,
    'user:ann',
    'id-7',
    'a.googleapis.com',
    'organizations/entrepot',
    'projects/p/logs/cloudaudit.googleapis.com%2Factivity',
    "x' OR '1'='1",
    '%',
  ),
  instant: fc.integer({ min: 0, max: 100 }).map((seconds) => START + seconds * 1_000),
  severity: fc.constantFrom(...Object.values(SEVERITIES)),
  number: fc.constantFrom(...CODES),
};
const comparison: fc.Arbitrary<LogFilter> = fc
  .constantFrom(...(Object.keys(LOG_FIELDS) as LogField[]))
  .chain((field) =>
    fc.record({
      kind: fc.constant('compare' as const),
      field: fc.constant(field),
      operator: fc.constantFrom(
        ...COMPARISONS.filter((each) => each !== ':' || LOG_FIELDS[field] === 'text'),
      ),
      value: values[LOG_FIELDS[field]],
    }),
  );
const { filter } = fc.letrec<{ filter: LogFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    comparison,
    fc.constant<LogFilter>({ kind: 'log', log: 'cloudaudit.googleapis.com/activity' }),
    fc.constant<LogFilter>({ kind: 'present', field: 'resource.labels.project_id' }),
    tie('filter').map((part): LogFilter => ({ kind: 'not', part })),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, parts]): LogFilter => ({ kind, parts })),
  ),
}));

describe('a search of the audit log', () => {
  test('finds what its filter means, all of it, once and in order, however far it looks at a time', async () => {
    const orders = fc.constantFrom('asc' as const, 'desc' as const);
    await fc.assert(
      fc.asyncProperty(filter, orders, fc.integer({ min: 1, max: 400 }), async (asked, order, look) => {
        const { found } = await search({ scopes: EVERYTHING, filter: asked, order }, { look });
        const expected = all.filter((entry) => holds(asked, entry));
        expect(ids(found)).toEqual(ids(order === 'asc' ? expected : expected.toReversed()));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    [
      'one project',
      [{ project: 'p', logs: BOTH }],
      ({ logName }: LogEntry) => logName.startsWith('projects/p/'),
    ],
    [
      'several',
      [
        { project: 'p', logs: BOTH },
        { project: 'q', logs: BOTH },
      ],
      ({ logName }: LogEntry) => logName.startsWith('projects/'),
    ],
    [
      'what is not private',
      [
        { project: 'p', logs: ['activity'] as const },
        { project: 'q', logs: BOTH },
      ],
      ({ logName }: LogEntry) => /^projects\/(q|p\/logs\/.*activity$)/.test(logName),
    ],
    ['nothing', [], () => false],
  ] as const)('shows %s where no more may be seen, whatever is asked for', async (_, scopes, visible) => {
    const expected = all.filter(visible);
    const filters: readonly (LogFilter | undefined)[] = [
      undefined,
      { kind: 'compare', field: 'insertId', operator: '!=', value: '' },
      {
        kind: 'or',
        parts: [
          { kind: 'present', field: 'insertId' },
          { kind: 'log', log: 'x' },
        ],
      },
    ];
    for (const asked of filters) {
      const { found } = await search({ scopes, order: 'asc', ...(asked && { filter: asked }) });
      expect(ids(found)).toEqual(ids(expected));
    }
    for (const entry of all) {
      const byId: LogFilter = { kind: 'compare', field: 'insertId', operator: '=', value: entry.insertId };
      const { found } = await search({ scopes, filter: byId, order: 'asc' });
      expect(ids(found)).toEqual(visible(entry) ? [entry.insertId] : []);
    }
  });

  test('looks at a bounded number of entries for a page, and says where to go on', async () => {
    const nothing: LogFilter = { kind: 'compare', field: 'insertId', operator: '<', value: '' };
    expect(await search({ scopes: EVERYTHING, filter: nothing, order: 'desc' }, { look: 100 })).toEqual({
      found: [],
      pages: 4,
    });
  });

  test('goes on just after an entry, or at its instant when the entry is gone', async () => {
    const log = new AuditTables(temporary.database);
    const query = { scopes: EVERYTHING, order: 'asc', limit: 2 } as const;
    const next = await log.page({ ...query, after: await log.after('id-7', 0) });
    expect(ids(next.entries)).toEqual(['id-8', 'id-9']);
    const again = await log.page({ ...query, after: await log.after('gone', act(7).at) });
    expect(ids(again.entries)).toEqual(['id-6', 'id-7']);
  });

  test('misses and repeats nothing that was there while more is written', async () => {
    const log = new AuditTables(temporary.database);
    const query = { scopes: EVERYTHING, order: 'desc', limit: 50 } as const;
    const found: LogEntry[] = [];
    let after: LogPosition | undefined;
    let written = COUNT;
    do {
      const page = await log.page({ ...query, ...(after && { after }) });
      found.push(...page.entries);
      after = page.next;
      await record(written, written + 20);
      written += 20;
    } while (after);
    expect(ids(found)).toEqual(ids(all.toReversed()));
  });
});
