import { usage } from '../exit.ts';
import { evaluate, readKey, type Key } from './key.ts';
import { asText } from './scalar.ts';
import { Scanner } from './scanner.ts';
import { matches, type Operator } from './filter-match.ts';

export type Predicate = (resource: unknown) => boolean;

/** Whether the server understands the whole expression: one comparison of a name or an annotation. */
export const forServer = (filter: string): boolean =>
  /^\s*(name\s*=|annotations\b)/.test(filter) && !/\s(AND|OR|NOT)\s|[()]/.test(filter);

interface Meaning {
  /** Names of table columns, which may be used as keys. */
  readonly aliases: ReadonlyMap<string, Key>;
  /** What `-P30D` counts from, in milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Reads a filter in gcloud's grammar: terms `key OP value` joined by AND, OR, NOT and parentheses; terms side by side
 * must all hold. AND and OR in one group need parentheses, because people disagree about which binds first.
 */
export function parseFilter(text: string, meaning: Meaning): Predicate {
  const scan = new Scanner(text, '--filter');
  const predicate = readSequence(scan, meaning);
  if (!scan.atEnd) scan.fail('nothing more expected');
  return predicate;
}

function readSequence(scan: Scanner, meaning: Meaning): Predicate {
  const parts: Predicate[] = [];
  const joined = new Set<string>();
  for (;;) {
    parts.push(readOrs(scan, meaning, joined));
    scan.skipSpace();
    if (scan.atEnd || scan.peek(/\)/y)) return every(parts);
  }
}

function readOrs(scan: Scanner, meaning: Meaning, joined: Set<string>): Predicate {
  const parts = [readAnds(scan, meaning, joined)];
  while (takeWord(scan, 'OR', joined)) parts.push(readAnds(scan, meaning, joined));
  return parts.length === 1 ? every(parts) : (resource) => parts.some((part) => part(resource));
}

function readAnds(scan: Scanner, meaning: Meaning, joined: Set<string>): Predicate {
  const parts = [readTerm(scan, meaning)];
  while (takeWord(scan, 'AND', joined)) parts.push(readTerm(scan, meaning));
  return every(parts);
}

const every =
  (parts: readonly Predicate[]): Predicate =>
  (resource) =>
    parts.every((part) => part(resource));

function takeWord(scan: Scanner, word: 'AND' | 'OR', joined: Set<string>): boolean {
  scan.skipSpace();
  if (scan.take(word === 'AND' ? /AND(?=[\s(])/y : /OR(?=[\s(])/y) === undefined) return false;
  joined.add(word);
  if (joined.size > 1) scan.fail('AND and OR together need parentheses');
  return true;
}

function readTerm(scan: Scanner, meaning: Meaning): Predicate {
  scan.skipSpace();
  if (scan.peek(/(AND|OR)(?=[\s()]|$)/y)) scan.fail('a term expected');
  if (scan.take(/NOT(?=[\s(])/y) !== undefined || scan.take(/-/y) !== undefined) {
    const inner = readTerm(scan, meaning);
    return (resource) => !inner(resource);
  }
  if (scan.take(/\(/y) === undefined) return readComparison(scan, meaning);
  const inner = readSequence(scan, meaning);
  scan.expect(/\)/y, ')');
  return inner;
}

/** A word with no operator behind it. */
const BARE = /[^\s()"':=<>~!]+(?=[\s)]|$)(?!\s*(?:[:=<>~]|!=|!~))/y;

function readComparison(scan: Scanner, meaning: Meaning): Predicate {
  const word = scan.take(BARE);
  if (word !== undefined) return anywhere(word);
  const key = takeAlias(scan, meaning) ?? readKey(scan);
  scan.skipSpace();
  const operator = scan.expect(/!=|!~|<=|>=|[:=<>~]/y, 'an operator (: = != < <= > >= ~ !~)') as Operator;
  scan.skipSpace();
  const operands = readOperands(scan, operator);
  if (operator === '~' || operator === '!~') operands.forEach(checkPattern);
  return (resource) => {
    const value = evaluate(key, resource);
    return operands.some((operand) => matches(value, operator, operand, meaning.now));
  };
}

function takeAlias(scan: Scanner, { aliases }: Meaning): Key | undefined {
  for (const [name, key] of aliases) {
    const written = new RegExp(`${RegExp.escape(name)}(?=\\s*[:=<>~!])`, 'y');
    if (name !== '' && scan.take(written) !== undefined) return key;
  }
  return undefined;
}

function readOperands(scan: Scanner, operator: Operator): readonly string[] {
  if ((operator !== ':' && operator !== '=') || scan.take(/\(/y) === undefined) return [readOperand(scan)];
  const operands: string[] = [];
  for (;;) {
    scan.take(/[\s,]*/y);
    if (scan.take(/\)/y) !== undefined) break;
    const operand = scan.quoted() ?? scan.expect(/[^\s,()]+/y, 'a value or )');
    if (operand !== 'OR') operands.push(operand);
  }
  return operands.length === 0 ? scan.fail('a value expected') : operands;
}

const readOperand = (scan: Scanner): string =>
  scan.quoted() ?? scan.expect(/[^\s()]+/y, 'a value (in quotes if it has spaces or parentheses)');

function checkPattern(pattern: string): void {
  try {
    RegExp(pattern, 'u');
  } catch (cause) {
    throw usage(`--filter: [${pattern}] is not a regular expression: ${String(cause)}`);
  }
}

/** A word alone: some value at some depth contains it. */
function anywhere(word: string): Predicate {
  const wanted = word.toLowerCase();
  const contains = (value: unknown): boolean =>
    typeof value === 'object' && value !== null
      ? Object.values(value).some(contains)
      : asText(value).toLowerCase().includes(wanted);
  return contains;
}
