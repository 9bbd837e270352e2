import { Database } from 'bun:sqlite';
import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { Kysely, sql } from 'kysely';
import { bunSqlite } from '../bun-sqlite-dialect.ts';
import type { Schema } from '../schema.ts';
import { annotationMatching, escapeId, matches, nameMatching } from './matching.ts';

const db = new Kysely<Schema>({ dialect: bunSqlite(new Database(':memory:')) });
const BELOW = 'projects/p/packages/';

/** Few letters, so that patterns meet texts; what has a meaning of its own somewhere is among them. */
const letters = fc.constantFrom('a', 'B', 'b', '/', '%', '_', '.', 'é', '2', 'F', '\\');
const text = fc.string({ unit: letters, minLength: 1, maxLength: 8 });
const pattern = fc.string({ unit: fc.oneof(letters, fc.constant('*')), minLength: 1, maxLength: 6 });

const asRegExp = (wanted: string): RegExp => {
  const parts = wanted.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
};
const ascii = (value: string): string => value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

describe('a pattern', () => {
  it('means what its regular expression means', () => {
    fc.assert(
      fc.property(text, pattern, (value, wanted) => {
        expect(matches(ascii(value), ascii(wanted).split('*'))).toBe(
          asRegExp(ascii(wanted)).test(ascii(value)),
        );
      }),
    );
  });

  it('is compared in linear time', () => {
    const long = 'a'.repeat(200_000);
    expect(matches(long, `${'*a'.repeat(1000)}*b`.split('*'))).toBe(false);
  });

  it('means the same to SQL, which lets through all that match', async () => {
    const below = fc.constantFrom('', '*', BELOW, BELOW.toUpperCase(), 'projects/*/');
    await fc.assert(
      fc.asyncProperty(text, below, pattern, async (id, start, wanted) => {
        const whole = `${start}${wanted}`;
        const matching = nameMatching(
          { below: BELOW, column: 'name', id: (row: { id: string }) => row.id },
          whole,
        );
        const rows = await db
          .selectFrom(sql<{ name: string }>`(SELECT ${id} AS name)`.as('row'))
          .selectAll()
          .where(matching.where)
          .where(matching.range ?? sql<boolean>`true`)
          .execute();
        const truth = asRegExp(ascii(whole)).test(ascii(`${BELOW}${escapeId(id)}`));
        expect(matching.holds({ id })).toBe(truth);
        if (truth) expect(rows).toHaveLength(1);
      }),
      { numRuns: 500 },
    );
  });
});

const row = (annotations: object) => ({ annotations: JSON.stringify(annotations) });

const asked = async (annotations: object, key: string, wanted: string) => {
  const matching = annotationMatching('annotations', key, wanted);
  const rows = await db
    .selectFrom(
      sql<{ annotations: string }>`(SELECT ${JSON.stringify(annotations)} AS annotations)`.as('row'),
    )
    .selectAll()
    .where(matching.where)
    .execute();
  const holds = matching.holds(row(annotations));
  expect(rows).toHaveLength(holds ? 1 : 0);
  return holds;
};

describe('an annotation', () => {
  it('is found by its exact key and a value in any case', async () => {
    expect(await asked({ 'a.b"c': 'Value' }, 'a.b"c', 'vALUE')).toBe(true);
    expect(await asked({ 'a.b"c': 'Value' }, 'A.b"c', 'value')).toBe(false);
    expect(await asked({ a: 'x' }, 'a', '*')).toBe(true);
    expect(await asked({ a: 'x' }, 'constructor', '*')).toBe(false);
  });
});
