import { isDeepStrictEqual } from 'node:util';
import { invalid } from '../core/error.ts';
import { type MaskPath, maskRefusal, sameField } from './update-mask.ts';

/**
 * What may be done with a field: changed as a whole, changed by key, only repeated, or neither (it is the
 * server's). A tree is a message of such fields.
 */
export type FieldRule = 'mutable' | 'map' | 'immutable' | 'output' | FieldTree;
export interface FieldTree {
  readonly [field: string]: FieldRule;
}

type Message = Readonly<Record<string, unknown>>;

/**
 * The message after an update (facts: Artifact Registry's clients). With a mask, exactly the named fields change,
 * and a named one that is absent is reset. Without, every mutable field is replaced. What the server writes is
 * ignored; an immutable field may be repeated but not changed.
 */
export function maskedUpdate(
  tree: FieldTree,
  current: Message,
  change: Message,
  mask: readonly MaskPath[] | undefined,
): Message {
  if (!mask) return replaced(tree, current, change, '');
  return mask.reduce<Message>((message, path) => applied(tree, message, change, path, ''), current);
}

function replaced(tree: FieldTree, current: Message, change: Message, above: string): Message {
  let next = current;
  for (const [field, rule] of Object.entries(tree)) {
    const from = has(change, field) ? change[field] : undefined;
    if (rule === 'output' || (rule === 'immutable' && from === undefined)) continue;
    next = setField(rule, next, field, from, `${above}${field}`);
  }
  return next;
}

function applied(tree: FieldTree, current: Message, change: Message, path: MaskPath, above: string): Message {
  const [head = '', ...rest] = path;
  const field = has(tree, head) ? head : sameField(head);
  const rule = has(tree, field) ? tree[field] : undefined;
  const name = `${above}${field}`;
  if (rule === undefined) throw maskRefusal(`there is no field "${above}${head}"`);
  if (rule === 'output') return current;
  const from = has(change, field) ? change[field] : undefined;
  if (rest.length === 0) return setField(rule, current, field, from, name);

  const before = messageAt(current, field);
  const changed = asMessage(from);
  if (rule === 'map') return setMember(current, field, withKey(before, changed, rest, name));
  if (typeof rule !== 'object') throw maskRefusal(`"${name}" has no fields of its own`);
  const inner = applied(rule, before, changed, rest, `${name}.`);
  return isDeepStrictEqual(inner, before) ? current : setMember(current, field, inner);
}

function setField(rule: FieldRule, current: Message, field: string, value: unknown, name: string): Message {
  if (rule === 'immutable') {
    if (isDeepStrictEqual(value, has(current, field) ? current[field] : undefined)) return current;
    throw invalid(
      'IMMUTABLE_FIELD',
      `Request contains an invalid argument: field ${name} cannot be changed.`,
      {
        field: name,
      },
    );
  }
  if (typeof rule === 'object') {
    const inner = replaced(rule, messageAt(current, field), asMessage(value), `${name}.`);
    const isGone = value === undefined && Object.keys(inner).length === 0;
    return setMember(current, field, isGone ? undefined : inner);
  }
  return setMember(current, field, value);
}

/** Sets or resets what one key of a map holds. Keys are the user's own words and have one spelling. */
function withKey(before: Message, change: Message, path: MaskPath, name: string): Message {
  const [key = '', ...deeper] = path;
  if (deeper.length > 0) throw maskRefusal(`"${name}.${key}" is changed as a whole`);
  return setMember(before, key, has(change, key) ? change[key] : undefined);
}

function setMember(message: Message, key: string, value: unknown): Message {
  const members = Object.entries(message).filter(([known]) => known !== key);
  return Object.fromEntries(value === undefined ? members : [...members, [key, value]]);
}

const has = (message: object, key: string): boolean => Object.hasOwn(message, key);
const messageAt = (message: Message, key: string): Message =>
  asMessage(has(message, key) ? message[key] : undefined);
const asMessage = (value: unknown): Message =>
  typeof value === 'object' && value !== null ? (value as Message) : {};
