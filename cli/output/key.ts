import type { Scanner } from './scanner.ts';
import { transforms } from './transforms.ts';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly at: number }
  | { readonly kind: 'each' };

export interface Call {
  readonly name: string;
  readonly args: readonly string[];
  readonly named: Readonly<Record<string, string>>;
}

/** A dotted way into a resource and what is done with what is found: `name.segment(3)`, `tags[0]`, `labels."a.b"`. */
export interface Key {
  readonly path: readonly Step[];
  readonly calls: readonly Call[];
}

const NAME = /[A-Za-z_@$][\w$-]*|\d+/y;

export function readKey(scan: Scanner): Key {
  const path: Step[] = [];
  const calls: Call[] = [];
  if (scan.take(/\.(?=[\s,):]|$)/y) !== undefined) return { path, calls };
  for (;;) {
    const quoted = scan.quoted();
    const name = quoted ?? scan.expect(NAME, 'a field name');
    if (quoted === undefined && scan.take(/\(/y) !== undefined) calls.push(readCall(scan, name));
    else if (calls.length > 0) scan.fail(`only transforms may follow a transform; [${name}] has no ()`);
    else path.push({ kind: 'field', name });
    while (scan.take(/\[/y) !== undefined) {
      const at = scan.take(/-?\d+/y);
      path.push(at === undefined ? { kind: 'each' } : { kind: 'index', at: Number(at) });
      scan.expect(/\]/y, ']');
    }
    if (scan.take(/\./y) === undefined) return { path, calls };
  }
}

/** After the opening parenthesis: `a, "b", name=value)`. */
function readCall(scan: Scanner, name: string): Call {
  if (!transforms.has(name)) scan.fail(`unknown transform ${name}(); see "entrepot help formats"`);
  const args: string[] = [];
  const named: Record<string, string> = {};
  for (;;) {
    scan.skipSpace();
    if (scan.take(/\)/y) !== undefined) return { name, args, named };
    const key = scan.take(/[A-Za-z_]\w*(?=\s*=)/y);
    if (key !== undefined) scan.expect(/\s*=\s*/y, '=');
    const value = scan.quoted() ?? scan.expect(/[^,()'"]+/y, 'an argument').trim();
    if (key === undefined) args.push(value);
    else named[key] = value;
    scan.skipSpace();
    if (scan.take(/,/y) === undefined && !scan.peek(/\)/y)) scan.fail(', or ) expected');
  }
}

/** What `key` finds in `resource`; undefined when there is nothing. Fields of a list are those of its members. */
export function evaluate(key: Key, resource: unknown): unknown {
  let value = key.path.reduce<unknown>((at, step) => follow(at, step), resource);
  for (const { name, args, named } of key.calls) {
    const transform = transforms.get(name);
    if (transform) value = transform(value, { args, named, resource });
  }
  return value;
}

function follow(value: unknown, step: Step): unknown {
  if (step.kind === 'each') return value;
  if (Array.isArray(value)) {
    if (step.kind === 'index') return value.at(step.at);
    const found = value.map((member) => follow(member, step)).filter((member) => member !== undefined);
    return found.length === 0 ? undefined : found;
  }
  if (step.kind === 'index' || typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(fields, step.name)) return fields[step.name];
  const camel = step.name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.hasOwn(fields, camel) ? fields[camel] : undefined;
}

/** The last field name of a key, for a heading; empty when it has none. */
export function lastName(key: Key): string {
  const step = key.path.findLast((one) => one.kind === 'field');
  return step?.kind === 'field' ? step.name : '';
}

/** `createTime` is `create_time`. */
export const snake = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
