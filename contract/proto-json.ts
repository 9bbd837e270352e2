import * as z from 'zod/mini';

/**
 * Building blocks for Google's JSON: what is read follows the proto3 JSON mapping (both spellings of a field name,
 * enums by name in any case or by number, fractional durations, null for absent), what comes out is one spelling.
 * The error text of each block is the proto type that a refusal names.
 */

const camel = (key: string): string =>
  key.includes('_') ? key.replace(/_+([a-z0-9])/g, (_, next: string) => next.toUpperCase()) : key;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text = () => z.string('TYPE_STRING');
const BOOLEANS = new Map<unknown, boolean>([
  ['true', true],
  ['false', false],
]);
/** A query string has no booleans, so the words do too. */
export const flag = () =>
  z.pipe(
    z.transform((value) => BOOLEANS.get(value) ?? value),
    z.boolean('TYPE_BOOL'),
  );
export const struct = () => z.record(z.string(), z.unknown());
export const textMap = () => z.record(z.string(), text());
export const maybe = <T extends z.core.SomeType>(inner: T) => z.exactOptional(inner);

/** int32; a decimal string is as good as the number. */
export const int32 = () =>
  z.pipe(
    z.transform((value) => (typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value)),
    z.int('TYPE_INT32').check(z.gte(-(2 ** 31), 'TYPE_INT32'), z.lte(2 ** 31 - 1, 'TYPE_INT32')),
  );

/** int64 and uint64, which JSON carries as decimal strings. */
export const int64 = () =>
  z.pipe(
    z.transform((value) => (Number.isSafeInteger(value) ? String(value) : value)),
    z.string('TYPE_INT64').check(z.regex(/^-?\d{1,19}$/, 'TYPE_INT64')),
  );

/** RFC 3339. */
export const timestamp = () =>
  z
    .string('TYPE_TIMESTAMP')
    .check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/, 'type.googleapis.com/google.protobuf.Timestamp'));

const DURATION = 'type.googleapis.com/google.protobuf.Duration';

/** Seconds with an `s`: `2592000.0s` is read, `2592000s` comes out. */
export const duration = () =>
  z.pipe(
    z.transform((value) =>
      typeof value === 'string'
        ? value.replace(/(\.\d*?)0*s$/, (_, rest: string) => (rest === '.' ? 's' : `${rest}s`))
        : value,
    ),
    z.string(DURATION).check(z.regex(/^-?\d{1,12}(\.\d{1,9})?s$/, DURATION)),
  );

/** A proto enum: names with their numbers. */
export function choice<const Names extends Readonly<Record<string, number>>>(type: string, numbers: Names) {
  const byNumber = new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
  const read = (value: unknown): unknown => {
    if (typeof value === 'number') return byNumber.get(value) ?? value;
    if (typeof value !== 'string') return value;
    return /^\d{1,9}$/.test(value) ? (byNumber.get(Number(value)) ?? value) : value.toUpperCase();
  };
  const known = Object.keys(numbers) as [keyof Names & string, ...(keyof Names & string)[]];
  return z.pipe(z.transform(read), z.enum(known, type));
}

/** A proto message. `hidden` fields are taken and forgotten: clients send them, no public schema has them. */
export function message<const Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  hidden: readonly string[] = [],
) {
  const known = new Set(Object.keys(shape));
  const ignored = new Set(hidden);
  const read = (value: unknown): unknown => {
    if (!isObject(value)) return value;
    const fields: [string, unknown][] = [];
    for (const [key, field] of Object.entries(value)) {
      const name = known.has(key) ? key : camel(key);
      if (field !== null && !ignored.has(name)) fields.push([known.has(name) ? name : key, field]);
    }
    return Object.fromEntries(fields);
  };
  return z.pipe(z.transform(read), z.strictObject(shape, 'TYPE_MESSAGE'));
}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
/** What a schema answers with. */
export type Answer<Schema extends z.core.SomeType> = DeepReadonly<z.output<Schema>>;
