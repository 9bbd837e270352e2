import type * as z from 'zod/mini';
import { invalid, type RegistryError } from '../core/error.ts';

type Issue = z.core.$ZodIssue;

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `cleanupPolicies.x.condition` is `cleanup_policies.x.condition` in Google's words. */
const fieldPath = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : snake(String(part))))
    .join('.')
    .replaceAll('.[', '[');

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 200) ?? 'nothing';

/** A body that does not fit its message, in the words of Google's JSON reader. */
export function bodyRefusal(issues: readonly Issue[], body: unknown, bodyField?: string): RegistryError {
  const [issue] = issues;
  if (!issue) return invalid('INVALID_JSON', 'Invalid JSON payload received.');
  const at = fieldPath(bodyField === undefined ? issue.path : [bodyField, ...issue.path]);
  const field = at === '' ? {} : { field: at };
  if (issue.code === 'unrecognized_keys') {
    const where = at === '' ? '' : ` at '${at}'`;
    const words = issue.keys.map(
      (key) => `Invalid JSON payload received. Unknown name "${key}"${where}: Cannot find field.`,
    );
    return invalid('UNKNOWN_FIELD', words.join('\n'), field);
  }
  if (issue.path.length === 0)
    return invalid(
      'INVALID_JSON',
      'Invalid JSON payload received. Unknown name "": Root element must be a message.',
    );
  const value = issue.path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    body,
  );
  const words = `Invalid value at '${at}' (${issue.message}), ${shown(value)}`;
  return invalid('INVALID_VALUE', words, { ...field, ...choices(issue) });
}

/** The names that a field could have instead, beyond what Google's words say. */
const choices = (issue: Issue): { readonly values?: string } =>
  issue.code === 'invalid_value'
    ? {
        values: issue.values
          .map(String)
          .filter((name) => !name.endsWith('_UNSPECIFIED'))
          .join(', '),
      }
    : {};

/** The same for query parameters. */
export function queryRefusal(
  issues: readonly Issue[],
  query: Readonly<Record<string, unknown>>,
): RegistryError {
  const [issue] = issues;
  if (issue?.code === 'unrecognized_keys') {
    const words = issue.keys.map(
      (key) =>
        `Invalid JSON payload received. Unknown name "${key}": Cannot bind query parameter. ` +
        `Field '${key}' could not be found in request message.`,
    );
    return invalid('UNKNOWN_FIELD', words.join('\n'));
  }
  const name = String(issue?.path[0] ?? '');
  return invalid(
    'INVALID_VALUE',
    `Invalid value at '${snake(name)}' (${issue?.message ?? 'TYPE_STRING'}), ${shown(query[name])}`,
    { field: snake(name) },
  );
}
