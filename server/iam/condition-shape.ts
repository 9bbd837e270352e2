import type { parse } from '@bufbuild/cel';

type Expression = NonNullable<ReturnType<typeof parse>['expr']>;
type Kind = Expression['exprKind'];

/** What a condition may ask for, by variable. */
const ATTRIBUTES: ReadonlyMap<string, readonly string[]> = new Map([
  ['resource', ['name', 'type', 'service', 'package', 'version', 'tag']],
  ['request', ['time']],
]);

/** What answers yes or no. */
const TESTS: ReadonlySet<string> = new Set([
  ...['_&&_', '_||_', '!_', '_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_', '@in', '_in_', 'in'],
  ...['startsWith', 'endsWith', 'contains', 'matches', 'bool'],
]);

/** Operators, and functions whose answer is not longer than what they are given: nothing here can be made to grow. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...TESTS,
  ...['_?_:_', '_+_', '_-_', '_*_', '_/_', '_%_', '-_', '_[_]'],
  ...['size', 'lowerAscii', 'upperAscii', 'trim', 'charAt', 'indexOf', 'lastIndexOf', 'substring', 'split'],
  ...['timestamp', 'duration', 'int', 'uint', 'double', 'string'],
  ...['getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear'],
  ...['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'],
]);

/**
 * Why an expression is no condition; nothing when it is one. Loops are left out, as in Google's conditions, so that
 * the time it takes grows with its length alone, and names that no request answers to are found before they are saved.
 */
export const unfit = (expression: Expression): string | undefined =>
  unfitPart(expression) ?? (isTest(expression) ? undefined : 'it does not come to true or false');

function unfitPart({ exprKind }: Expression): string | undefined {
  switch (exprKind.case) {
    case 'constExpr':
      return undefined;
    case 'identExpr':
      return unknownName(exprKind.value.name);
    case 'selectExpr':
      return selection(exprKind);
    case 'callExpr':
      return call(exprKind);
    case 'listExpr':
      return first(exprKind.value.elements);
    case 'comprehensionExpr':
      return 'it may not loop: all, exists, exists_one, map and filter are not for conditions';
    default:
      return 'it may not make structures';
  }
}

function isTest({ exprKind }: Expression): boolean {
  if (exprKind.case === 'constExpr') return exprKind.value.constantKind.case === 'boolValue';
  if (exprKind.case === 'selectExpr') return exprKind.value.testOnly;
  if (exprKind.case !== 'callExpr') return false;
  const { function: name, args } = exprKind.value;
  return name === '_?_:_' ? args.slice(1).every(isTest) : TESTS.has(name);
}

const first = (parts: readonly Expression[]): string | undefined => {
  for (const part of parts) {
    const why = unfitPart(part);
    if (why !== undefined) return why;
  }
  return undefined;
};

function selection({ value }: Extract<Kind, { case: 'selectExpr' }>): string | undefined {
  const of = value.operand?.exprKind;
  if (of?.case !== 'identExpr') return `${value.field} is not an attribute of anything`;
  const known = ATTRIBUTES.get(of.value.name);
  if (!known) return unknownName(of.value.name);
  if (known.includes(value.field)) return undefined;
  return `${of.value.name} has no ${value.field}; it has ${known.join(', ')}`;
}

function call({ value }: Extract<Kind, { case: 'callExpr' }>): string | undefined {
  if (!FUNCTIONS.has(value.function)) return `${value.function} is not a function for conditions`;
  return first(value.target ? [value.target, ...value.args] : value.args);
}

const unknownName = (name: string): string => {
  const possible = [...ATTRIBUTES].flatMap(([variable, fields]) =>
    fields.map((field) => `${variable}.${field}`),
  );
  return `${name} is nothing it may ask for; there are ${possible.join(', ')}`;
};
