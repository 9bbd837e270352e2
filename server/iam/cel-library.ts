import {
  celEnv,
  type CelFunc,
  celFunc,
  celMethod,
  CelScalar,
  type CelValue,
  isCelError,
  isCelList,
  isCelMap,
  listType,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { costOf, matchCost, type Meter } from './cel-cost.ts';
import { timeFunctions } from './cel-time.ts';

const { BOOL, DYN, INT, STRING } = CelScalar;
const LIST = listType(DYN);

/** Their answers can be much longer than what they are given. */
const LEFT_OUT: ReadonlySet<string> = new Set(['format', 'strings.quote', 'join', 'replace']);
/** Put around what a macro goes through; nobody can write it. */
export const FEW = '@few';
const MOST_ITEMS = 500;

/** All that expressions may call, each paying for itself before, where its work is not bounded by what it is given. */
export function environment(meter: Meter): ReturnType<typeof celEnv> {
  const usual = [...celEnv({ funcs: strings.filter(({ name }) => !LEFT_OUT.has(name)) }).funcs];
  const matches = usual.find(({ name }) => name === 'matches');
  const own = [
    ...timeFunctions(),
    celMethod('extract', STRING, [STRING], STRING, function (template) {
      return extract(this, template);
    }),
    celMethod('join', LIST, [], STRING, function () {
      return join([...this], '', meter);
    }),
    celMethod('join', LIST, [STRING], STRING, function (separator) {
      return join([...this], separator, meter);
    }),
    celMethod('replace', STRING, [STRING, STRING], STRING, function (from, to) {
      return replace(this, from, to, Infinity, meter);
    }),
    celMethod('replace', STRING, [STRING, STRING, INT], STRING, function (from, to, most) {
      return replace(this, from, to, most < 0n ? Infinity : Number(most), meter);
    }),
    celMethod('matches', STRING, [STRING], BOOL, function (pattern) {
      meter.charge(matchCost(pattern, this));
      const found = matches?.call(0, this, [pattern]);
      if (isCelError(found)) throw found;
      return found === true;
    }),
    celFunc(FEW, [DYN], DYN, (items) => few(items)),
  ];
  return celEnv({ funcs: [...usual, ...own].map((func) => metered(func, meter)) });
}

function metered(func: CelFunc, meter: Meter): CelFunc {
  const call: CelFunc['call'] = (id, target, args) => {
    const result = func.call(id, target, args);
    // Undefined: it is another overload that takes these.
    if (result !== undefined) meter.charge(costOf([target, ...args]));
    return result;
  };
  return Object.create(func, { call: { value: call } }) as CelFunc;
}

/**
 * The part of a text that stands for the braces of a template; empty where the rest of it is not found
 * (cloud.google.com/iam/docs/conditions-attribute-reference#extract).
 */
function extract(text: string, template: string): string {
  const [, before, after] = /^([^{}]*)\{\w+\}([^{}]*)$/.exec(template) ?? [];
  if (before === undefined || after === undefined)
    throw new Error('extract takes a template with one name in braces, such as "/tags/{tag}"');
  const at = text.indexOf(before);
  if (at === -1) return '';
  const start = at + before.length;
  const end = after === '' ? text.length : text.indexOf(after, start);
  return end === -1 ? '' : text.slice(start, end);
}

function join(items: readonly unknown[], separator: string, meter: Meter): string {
  meter.charge(items.length * separator.length);
  const texts = items.filter((item) => typeof item === 'string');
  if (texts.length !== items.length) throw new Error('join takes a list of strings');
  return texts.join(separator);
}

function replace(text: string, from: string, to: string, most: number, meter: Meter): string {
  const places = from === '' ? text.length + 1 : text.split(from).length - 1;
  meter.charge(Math.min(places, most) * to.length);
  let done = 0;
  return text.replaceAll(from, (found) => (done++ < most ? to : found));
}

function few(items: CelValue): CelValue {
  const size = isCelList(items) || isCelMap(items) ? items.size : 0;
  if (size > MOST_ITEMS) throw new Error(`a macro goes through at most ${MOST_ITEMS} items`);
  return items;
}
