/**
 * Maven's order of versions, as Maven 3.9 has it (maven.apache.org/pom.html#version-order-specification): what stands between
 * dots, hyphens, digits and letters is compared one after another, and some words have a meaning.
 */
type Item = NumberItem | WordItem | ListItem;
interface NumberItem {
  readonly kind: 'number';
  /** Without zeros in front. */
  readonly digits: string;
}
interface WordItem {
  readonly kind: 'word';
  readonly word: string;
}
interface ListItem {
  readonly kind: 'list';
  readonly items: Item[];
}

/** A version, taken apart to be compared. */
interface ParsedVersion {
  readonly text: string;
  readonly parts: ListItem;
}

/** From low to high; the empty one is a release. */
const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['ga', ''],
  ['final', ''],
  ['release', ''],
  ['cr', 'rc'],
]);
/** With a number right behind them. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
]);

const SNAPSHOT = '-SNAPSHOT';
export const isSnapshot = (version: string): boolean => version.endsWith(SNAPSHOT);

const number = (digits: string): NumberItem => ({
  kind: 'number',
  digits: digits.startsWith('0') ? digits.replace(/^0+(?=\d)/, '') : digits,
});
const word = (text: string): WordItem => ({ kind: 'word', word: ALIASES.get(text) ?? text });
const isDigit = (char: string): boolean => char >= '0' && char <= '9';

export function parseVersion(text: string): ParsedVersion {
  const version = text.toLowerCase();
  const parts: ListItem = { kind: 'list', items: [] };
  const lists = [parts];
  let list = parts;
  const open = (): void => {
    const inner: ListItem = { kind: 'list', items: [] };
    list.items.push(inner);
    lists.push(inner);
    list = inner;
  };
  let start = 0;
  let inNumber = false;
  for (let at = 0; at < version.length; at += 1) {
    const char = version.charAt(at);
    if (char === '.' || char === '-') {
      const token = version.slice(start, at);
      list.items.push(token === '' ? number('0') : inNumber ? number(token) : word(token));
      start = at + 1;
      if (char === '-') open();
    } else if (isDigit(char)) {
      if (!inNumber && start < at) {
        const token = version.slice(start, at);
        if (list.items.length > 0) open();
        list.items.push(word(SHORT.get(token) ?? token));
        start = at;
        open();
      }
      inNumber = true;
    } else {
      if (inNumber && start < at) {
        list.items.push(number(version.slice(start, at)));
        start = at;
        open();
      }
      inNumber = false;
    }
  }
  const last = version.slice(start);
  if (last !== '') {
    if (!inNumber && list.items.length > 0) open();
    list.items.push(inNumber ? number(last) : word(last));
  }
  for (const each of lists.toReversed()) withoutNothing(each);
  return { text, parts };
}

/** What says nothing at the end, such as `.0` and `-ga`, is as if it were not there. */
function withoutNothing({ items }: ListItem): void {
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at];
    if (item && compareToNothing(item) === 0 && isEmpty(item)) items.splice(at, 1);
    else if (item?.kind !== 'list') return;
  }
}

const isEmpty = (item: Item): boolean => item.kind !== 'list' || item.items.length === 0;

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Known words have a place, others come after all of them in their own order. */
const placeOf = ({ word: text }: WordItem): string => {
  const at = QUALIFIERS.indexOf(text);
  return at === -1 ? `${QUALIFIERS.length}-${text}` : String(at);
};
const RELEASE: WordItem = { kind: 'word', word: '' };

function compareToNothing(item: Item): number {
  switch (item.kind) {
    case 'number':
      return item.digits === '0' ? 0 : 1;
    case 'word':
      return compareText(placeOf(item), placeOf(RELEASE));
    case 'list':
      return item.items.map(compareToNothing).find((order) => order !== 0) ?? 0;
    default:
      return item satisfies never;
  }
}

/** Words come before lists, and lists before numbers. */
const RANK: Readonly<Record<Item['kind'], number>> = { word: 0, list: 1, number: 2 };

function compareItems(a: Item, b: Item): number {
  if (a.kind === 'number' && b.kind === 'number')
    return a.digits.length - b.digits.length || compareText(a.digits, b.digits);
  if (a.kind === 'word' && b.kind === 'word') return compareText(placeOf(a), placeOf(b));
  if (a.kind === 'list' && b.kind === 'list') return compareLists(a, b);
  return RANK[a.kind] - RANK[b.kind];
}

function compareLists(a: ListItem, b: ListItem): number {
  const most = Math.max(a.items.length, b.items.length);
  for (let at = 0; at < most; at += 1) {
    const [first, second] = [a.items[at], b.items[at]];
    const order = first
      ? second
        ? compareItems(first, second)
        : compareToNothing(first)
      : second
        ? -compareToNothing(second)
        : 0;
    if (order !== 0) return order;
  }
  return 0;
}

export const compareVersions = (a: ParsedVersion, b: ParsedVersion): number => compareLists(a.parts, b.parts);

/** In Maven's order, each once; those that are as high as each other in the order of their characters. */
export const sortVersions = (versions: Iterable<string>): readonly string[] =>
  Array.from(new Set(versions), parseVersion)
    .sort((a, b) => compareVersions(a, b) || compareText(a.text, b.text))
    .map(({ text }) => text);
