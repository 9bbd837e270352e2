import { type celEnv, type CelFunc, isCelError, parse, plan } from '@bufbuild/cel';
import { FEW } from './cel-library.ts';

export type Expression = NonNullable<ReturnType<typeof parse>['expr']>;
type Kind = Expression['exprKind'];
type Case<Name extends Kind['case']> = Extract<Kind, { case: Name }>['value'];
/** `string`, `int`, `list`, `google.protobuf.Timestamp`, …; `dyn` where only the evaluation can tell. */
type TypeName = string;

/** What an expression may ask for. */
export interface Names {
  /** Variables whose parts are known: `{resource: {name: 'string'}}`. */
  readonly parts: Readonly<Record<string, Readonly<Record<string, TypeName>>>>;
  /** Variables that may hold anything. */
  readonly free: readonly string[];
}

interface CheckOptions {
  readonly environment: ReturnType<typeof celEnv>;
  readonly names: Names;
  /** Whether `all`, `exists`, `exists_one`, `map` and `filter` are possible, once. */
  readonly loops: boolean;
}

const MOST_NODES = 1_000;
const DEEPEST = 250;
const DYN = 'dyn';
const NUMBERS: ReadonlySet<TypeName> = new Set(['int', 'uint', 'double']);
const CONSTANTS: Readonly<Record<string, TypeName>> = {
  boolValue: 'bool',
  stringValue: 'string',
  bytesValue: 'bytes',
  int64Value: 'int',
  uint64Value: 'uint',
  doubleValue: 'double',
  nullValue: 'null_type',
};
const TYPES: ReadonlySet<string> = new Set([
  'bool',
  'string',
  'bytes',
  'int',
  'uint',
  'double',
  'list',
  'map',
  'null_type',
  'type',
]);
/** Stands in for what a method is called on, where only its constant arguments are tried. */
const SAMPLES: ReadonlyMap<TypeName, string> = new Map([
  ['string', '""'],
  ['google.protobuf.Timestamp', 'timestamp("1970-01-01T00:00:00Z")'],
]);

/**
 * Says what an expression comes to, and refuses, in a sentence for whoever wrote it, what no evaluation could make
 * sense of: names and functions that there are not, arguments of another type, and what could take long.
 */
export class Checker {
  readonly #options: CheckOptions;
  /** The known parts that it asks for, `resource.tag`. */
  readonly asked = new Set<string>();
  #nodes = 0;
  #loops = 0;

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  check(expression: Expression): TypeName {
    return this.#typeOf(expression, new Map(), 0);
  }

  #typeOf({ exprKind }: Expression, locals: ReadonlyMap<string, TypeName>, depth: number): TypeName {
    this.#nodes += 1;
    if (this.#nodes > MOST_NODES || depth > DEEPEST) throw new Error('it is too large');
    const typeOf = (part: Expression | undefined): TypeName =>
      part ? this.#typeOf(part, locals, depth + 1) : DYN;
    switch (exprKind.case) {
      case 'constExpr':
        return CONSTANTS[exprKind.value.constantKind.case ?? ''] ?? DYN;
      case 'identExpr':
        return this.#variable(exprKind.value.name, locals);
      case 'selectExpr':
        return this.#selection(exprKind.value, locals, typeOf);
      case 'callExpr':
        return this.#call(exprKind.value, typeOf);
      case 'listExpr':
        exprKind.value.elements.forEach(typeOf);
        return 'list';
      case 'structExpr':
        return structure(exprKind.value, typeOf);
      case 'comprehensionExpr':
        return this.#loop(exprKind.value, locals, depth);
      case undefined:
        throw new Error('it holds nothing');
      default:
        return exprKind satisfies never;
    }
  }

  #variable(name: string, locals: ReadonlyMap<string, TypeName>): TypeName {
    const { names } = this.#options;
    const known = locals.get(name) ?? (names.free.includes(name) ? DYN : undefined);
    if (known !== undefined) return known;
    if (TYPES.has(name)) return 'type';
    throw new Error(`${name} is nothing it may ask for; there are ${possible(names)}`);
  }

  #selection(
    { operand, field, testOnly }: Case<'selectExpr'>,
    locals: ReadonlyMap<string, TypeName>,
    typeOf: (part: Expression | undefined) => TypeName,
  ): TypeName {
    const root = operand?.exprKind.case === 'identExpr' ? operand.exprKind.value.name : undefined;
    const { parts } = this.#options.names;
    const known =
      root !== undefined && !locals.has(root) && Object.hasOwn(parts, root) ? parts[root] : undefined;
    if (!known) {
      const type = typeOf(operand);
      if (type !== DYN && type !== 'map') throw new Error(`${field} is not an attribute of anything`);
      return testOnly ? 'bool' : DYN;
    }
    const type = Object.hasOwn(known, field) ? known[field] : undefined;
    if (type === undefined)
      throw new Error(`${root} has no ${field}; it has ${Object.keys(known).join(', ') || 'nothing'}`);
    this.asked.add(`${root}.${field}`);
    return testOnly ? 'bool' : type;
  }

  #call(call: Case<'callExpr'>, typeOf: (part: Expression) => TypeName): TypeName {
    const { target, function: name, args } = call;
    const types = args.map(typeOf);
    const on = target && typeOf(target);
    if (name === '_&&_' || name === '_||_') return allOf('bool', types, name);
    if (name === '@not_strictly_false') return 'bool';
    if (name === '_[_]') return indexed(types);
    if (name === '_?_:_') return chosen(types);
    if (name === '_==_' || name === '_!=_') comparable(types, name);
    const group = name === FEW ? undefined : this.#options.environment.funcs.find(name);
    if (!group) throw new Error(`${name} is not a function here`);
    const fitting = [...group].filter((func) => fits(func, on, types));
    if (fitting.length === 0)
      throw new Error(`${plain(name)} does not take ${[on, ...types].filter(Boolean).join(' and ')}`);
    this.#tryConstants(fitting, call);
    const results = new Set(fitting.map(({ result }) => result.name));
    return results.size === 1 ? ([...results][0] ?? DYN) : DYN;
  }

  /** A pattern, a time or a zone that is none is found now and not with the first request. */
  #tryConstants(functions: readonly CelFunc[], call: Case<'callExpr'>): void {
    const [func] = functions;
    if (!func || functions.length > 1 || call.args.length === 0 || !call.args.every(isText)) return;
    const sample = func.target && SAMPLES.get(func.target.name);
    if (func.target && sample === undefined) return;
    const target = sample === undefined ? undefined : parse(sample).expr;
    const tried = { ...call.args[0], exprKind: { case: 'callExpr', value: { ...call, target } } };
    const result = plan(this.#options.environment, tried as Expression)();
    if (isCelError(result)) throw new Error(result.message);
  }

  /** Its parts, with the variables that it brings; what it goes through is kept short. */
  #loop(loop: Case<'comprehensionExpr'>, locals: ReadonlyMap<string, TypeName>, depth: number): TypeName {
    const { iterRange, iterVar, accuVar, accuInit, loopCondition, loopStep, result } = loop;
    if (!this.#options.loops)
      throw new Error('it may not loop: all, exists, exists_one, map and filter are not for conditions');
    this.#loops += 1;
    if (this.#loops > 1)
      throw new Error('it may loop once only: all, exists, exists_one, map and filter are loops');
    if (!iterRange || !accuInit || !loopCondition || !loopStep || !result)
      throw new Error('it holds nothing');
    const through = this.#typeOf(iterRange, locals, depth + 1);
    if (![DYN, 'list', 'map'].includes(through))
      throw new Error(`there is nothing to go through in ${through}`);
    loop.iterRange = short(iterRange);
    const accumulated = this.#typeOf(accuInit, locals, depth + 1);
    const inner = new Map([...locals, [iterVar, DYN], [accuVar, accumulated]]);
    this.#typeOf(loopCondition, inner, depth + 1);
    this.#typeOf(loopStep, inner, depth + 1);
    return this.#typeOf(result, inner, depth + 1);
  }
}

const possible = ({ parts, free }: Names): string =>
  [
    ...free,
    ...Object.entries(parts).flatMap(([name, fields]) =>
      Object.keys(fields).map((field) => `${name}.${field}`),
    ),
  ].join(', ');

const mayBe = (type: TypeName, wanted: TypeName): boolean =>
  type === wanted || type === DYN || wanted === DYN;

const fits = (
  { target, arguments: wanted }: CelFunc,
  on: TypeName | undefined,
  types: readonly TypeName[],
): boolean =>
  (target === undefined) === (on === undefined) &&
  mayBe(on ?? DYN, target?.name ?? DYN) &&
  wanted.length === types.length &&
  wanted.every(({ name }, at) => mayBe(types[at] ?? DYN, name));

function allOf(wanted: TypeName, types: readonly TypeName[], name: string): TypeName {
  const wrong = types.find((type) => !mayBe(type, wanted));
  if (wrong !== undefined) throw new Error(`${plain(name)} does not take ${wrong}`);
  return wanted;
}

function indexed([on = DYN]: readonly TypeName[]): TypeName {
  if ([DYN, 'list', 'map'].includes(on)) return DYN;
  throw new Error(`[ ] does not take ${on}`);
}

function chosen([condition = DYN, yes = DYN, no = DYN]: readonly TypeName[]): TypeName {
  allOf('bool', [condition], '?');
  if (yes === no) return yes;
  if (mayBe(yes, no)) return DYN;
  throw new Error(`both sides of ? : come to the same, not to ${yes} and ${no}`);
}

function comparable([one = DYN, other = DYN]: readonly TypeName[], name: string): void {
  if (
    mayBe(one, other) ||
    (NUMBERS.has(one) && NUMBERS.has(other)) ||
    one === 'null_type' ||
    other === 'null_type'
  )
    return;
  throw new Error(`${plain(name)} does not take ${one} and ${other}`);
}

function structure(
  { messageName, entries }: Case<'structExpr'>,
  typeOf: (part: Expression | undefined) => TypeName,
): TypeName {
  if (messageName !== '') throw new Error('it may not make structures');
  for (const { keyKind, value } of entries) {
    if (keyKind.case === 'mapKey') typeOf(keyKind.value);
    typeOf(value);
  }
  return 'map';
}

const isText = ({ exprKind }: Expression): boolean =>
  exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'stringValue';

const short = (items: Expression): Expression => ({
  ...items,
  exprKind: {
    case: 'callExpr',
    value: { $typeName: 'cel.expr.Expr.Call', function: FEW, args: [items] },
  },
});

/** An operator as it is written: `_<_` is `<`. */
const plain = (name: string): string => (/^[_@]|_$/.test(name) ? name.replaceAll(/[_@]/g, '') : name);
