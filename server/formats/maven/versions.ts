/**
 * Maven's order of versions, as Maven 3.9 has it (maven.apache.org/pom.html#version-order-specification): what stands between
 * dots, hyphens, digits and letters is compared one after another, and some words have a meaning.
 */

/** A version, taken apart to be compared. */
interface ParsedVersion {
  readonly text: string;
  readonly items: readonly Item[];
}

/**
 * A number; a word that has a place, as a negative number; as text any other word, and a number that is too large to be exact. Every
 * list is the last of what is in the one around it, so all of them are said by where they begin.
 */
type Item = number | string;
const LIST = -100;

/** From low to high; the empty one is a release. */
const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const placeOf = (qualifier: string): number => QUALIFIERS.indexOf(qualifier) - QUALIFIERS.length;
const RELEASE = placeOf('');
const PLACES: ReadonlyMap<string, number> = new Map([
  ...QUALIFIERS.map((text) => [text, placeOf(text)] as const),
  ['ga', RELEASE],
  ['final', RELEASE],
  ['release', RELEASE],
  ['cr', placeOf('rc')],
]);
/** With a number right behind them. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
]);

const SNAPSHOT = '-SNAPSHOT';
export const isSnapshot = (version: string): boolean => version.endsWith(SNAPSHOT);

/** So many digits are exact. */
const EXACT = 15;
function number(digits: string): Item {
  const text = digits.length > EXACT ? digits.replace(/^0+(?=\d)/, '') : digits;
  return text.length > EXACT ? text : Number(text);
}
const word = (text: string): Item => PLACES.get(text) ?? text;

const [HYPHEN, DOT, ZERO, NINE] = [45, 46, 48, 57];
const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;

export function parseVersion(text: string): ParsedVersion {
  const version = text.toLowerCase();
  const items: Item[] = [];
  let start = 0;
  let inNumber = false;
  for (let at = 0; at < version.length; at += 1) {
    const code = version.charCodeAt(at);
    if (code === DOT || code === HYPHEN) {
      const token = version.slice(start, at);
      items.push(token === '' ? 0 : inNumber ? number(token) : word(token));
      start = at + 1;
      if (code === HYPHEN) open(items);
    } else if (isDigit(code)) {
      if (!inNumber && start < at) {
        const token = version.slice(start, at);
        if (isInList(items)) open(items);
        items.push(word(SHORT.get(token) ?? token));
        start = at;
        open(items);
      }
      inNumber = true;
    } else {
      if (inNumber && start < at) {
        items.push(number(version.slice(start, at)));
        start = at;
        open(items);
      }
      inNumber = false;
    }
  }
  const last = version.slice(start);
  if (last !== '') {
    if (!inNumber && isInList(items)) open(items);
    items.push(inNumber ? number(last) : word(last));
  }
  for (dropNothing(items); items.at(-1) === LIST; dropNothing(items)) items.pop();
  return { text, items };
}

/** Whether there is something in the list that is open. */
const isInList = (items: readonly Item[]): boolean => items.length > 0 && items.at(-1) !== LIST;

function open(items: Item[]): void {
  dropNothing(items);
  items.push(LIST);
}

/** What says nothing at the end of a list, such as `.0` and `-ga`, is as if it were not there. */
function dropNothing(items: Item[]): void {
  for (let last = items.at(-1); last === 0 || last === RELEASE; last = items.at(-1)) items.pop();
}

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Words come before lists, and lists before numbers. */
function rankOf(item: Item): number {
  if (item === LIST) return 1;
  const isNumber = typeof item === 'number' ? item >= 0 : isDigit(item.charCodeAt(0));
  return isNumber ? 2 : 0;
}

/** Of two that are not the same. */
function compareItems(a: Item, b: Item): number {
  const byRank = rankOf(a) - rankOf(b);
  if (byRank !== 0) return byRank;
  // Words without a place come after those with one, and numbers that are too large after those that are not.
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  if (typeof b === 'number') return 1;
  return (rankOf(a) === 2 ? a.length - b.length : 0) || compareText(a, b);
}

/** How what follows from a place on compares to nothing. */
function compareToNothing(items: readonly Item[], from: number): number {
  for (const item of items.slice(from)) {
    if (item === LIST || item === 0 || item === RELEASE) continue;
    return typeof item === 'number' && item < RELEASE ? -1 : 1;
  }
  return 0;
}

export function compareVersions({ items: a }: ParsedVersion, { items: b }: ParsedVersion): number {
  const least = Math.min(a.length, b.length);
  for (let at = 0; at < least; at += 1) {
    const first = a[at];
    const second = b[at];
    if (first !== second && first !== undefined && second !== undefined) return compareItems(first, second);
  }
  return compareToNothing(a, least) - compareToNothing(b, least);
}

/** In Maven's order, each once; those that are as high as each other in the order of their characters. */
export const sortVersions = (versions: Iterable<string>): readonly string[] =>
  Array.from(new Set(versions), parseVersion)
    .sort((a, b) => compareVersions(a, b) || compareText(a.text, b.text))
    .map(({ text }) => text);
