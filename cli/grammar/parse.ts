import { CliError } from '../exit.ts';
import { shouted, type Command } from './command.ts';
import { spelled, type Flag, type Flags } from './flags.ts';
import { GLOBAL_FLAGS, LIST_FLAGS, type Globals } from './global-flags.ts';
import { nearest } from './nearest.ts';
import { everyPath, type Group } from './tree.ts';

export type Invocation =
  | { readonly kind: 'help'; readonly at: Group | Command; readonly asked: boolean }
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly args: Readonly<Record<string, unknown>>;
      readonly globals: Globals;
    };

/** A command line that cannot be understood, with the words that were, for the `(entrepot.a.b)` of the message. */
export class ParseError extends CliError {
  readonly at: Group | Command;
  constructor(at: Group | Command, message: string) {
    super('usage', message);
    this.at = at;
  }
}

/**
 * Reads a command line. Flags may stand anywhere after the word that brings them; global flags anywhere at all.
 * Everything after `--` is positional.
 */
export function parse(root: Group, argv: readonly string[]): Invocation {
  const given = new Map<string, string[]>();
  const words: string[] = [];
  let at: Group | Command = root;
  let onlyWords = false;

  for (let index = 0; index < argv.length; index += 1) {
    const token = argv[index] ?? '';
    if (token === '--' && !onlyWords) onlyWords = true;
    else if (!onlyWords && token.startsWith('-') && token.length > 1) {
      const known = flagsAt(at);
      const { key, flag, value } = readFlag(token, known, at);
      const raw =
        value ?? (flag.value === undefined ? 'true' : takeValue(argv[(index += 1)], token, flag, at));
      given.set(key, [...(given.get(key) ?? []), raw]);
    } else if ('run' in at) words.push(token);
    else at = descend(at, token);
  }

  if (given.has('help')) return { kind: 'help', at, asked: true };
  if (!('run' in at)) return { kind: 'help', at, asked: false };
  const command = at;
  return {
    kind: 'run',
    command,
    globals: readAll(command, { ...GLOBAL_FLAGS, ...LIST_FLAGS }, given) as Globals,
    args: { ...readAll(command, command.flags, given), ...readWords(command, words) },
  };
}

/** Flags that mean something once `at` was reached. A command's own flag hides a global one of the same name. */
export function flagsAt(at: Group | Command): Flags {
  if (!('run' in at)) return GLOBAL_FLAGS;
  return { ...GLOBAL_FLAGS, ...(at.lists ? LIST_FLAGS : {}), ...at.flags };
}

function descend(group: Group, word: string): Group | Command {
  const next = group.groups.get(word) ?? group.commands.get(word);
  if (next) return next;
  const here = group.words.join(' ');
  const typed = `${here} ${word}`.trim();
  const sibling = nearest(word, [...group.groups.keys(), ...group.commands.keys()]);
  const meant = sibling === undefined ? nearest(typed, everyPath(group)) : `${here} ${sibling}`.trim();
  const advice = meant === undefined ? `see "entrepot ${here} --help"` : `did you mean "entrepot ${meant}"?`;
  throw new ParseError(group, `there is no command "entrepot ${typed}"; ${advice.replace('  ', ' ')}`);
}

interface ReadFlag {
  readonly key: string;
  readonly flag: Flag<unknown>;
  readonly value: string | undefined;
}

function readFlag(token: string, known: Flags, at: Group | Command): ReadFlag {
  const [name = '', ...rest] = token.split('=');
  const value = token.includes('=') ? rest.join('=') : undefined;
  for (const [key, flag] of Object.entries(known)) {
    if (spellings(key, flag).includes(name)) return { key, flag, value: switchValue(flag, value, token, at) };
    if (value === undefined && flag.negatable && name === `--no-${spelled(key)}`)
      return { key, flag, value: 'false' };
  }
  const all = Object.entries(known).flatMap(([key, flag]) => (flag.hidden ? [] : spellings(key, flag)));
  const meant = nearest(name, all);
  const advice = meant === undefined ? 'see --help for the flags there are' : `did you mean ${meant}?`;
  const early = 'run' in at ? '' : ' here (flags of a command come after the command)';
  throw new ParseError(at, `unrecognized flag ${name}${early}; ${advice}`);
}

export const spellings = (key: string, flag: Flag<unknown>): readonly string[] => [
  `--${spelled(key)}`,
  ...(flag.short === undefined ? [] : [`-${flag.short}`]),
  ...(flag.aliases ?? []).map((alias) => `--${alias}`),
];

function switchValue(flag: Flag<unknown>, value: string | undefined, token: string, at: Group | Command) {
  if (value === undefined || flag.value !== undefined) return value;
  const lower = value.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower;
  throw new ParseError(at, `${token} is a switch; it takes true or false, or nothing`);
}

function takeValue(
  next: string | undefined,
  token: string,
  flag: Flag<unknown>,
  at: Group | Command,
): string {
  if (next !== undefined && (!next.startsWith('-') || next === '-' || /^-\d/.test(next))) return next;
  const how = next === undefined ? '' : `; write ${token}=${next} if the value really starts with a dash`;
  throw new ParseError(at, `${token} needs a value, ${flag.value ?? ''}${how}`);
}

function readAll(command: Command, flags: Flags, given: ReadonlyMap<string, readonly string[]>) {
  const values: Record<string, unknown> = {};
  const missing: string[] = [];
  for (const [key, flag] of Object.entries(flags)) {
    const raw = given.get(key) ?? [];
    if (flag.required && raw.length === 0) missing.push(`--${spelled(key)}`);
    else values[key] = reading(command, `--${spelled(key)}`, () => flag.read(raw));
  }
  if (missing.length > 0) throw new ParseError(command, `required: ${missing.join(', ')}`);
  return values;
}

function readWords(command: Command, words: readonly string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  let rest = words;
  for (const [key, positional] of Object.entries(command.positionals)) {
    const mine = positional.repeated ? rest : rest.slice(0, 1);
    rest = rest.slice(mine.length);
    if (mine.length === 0 && !positional.optional)
      throw new ParseError(command, `${shouted(key)} is missing: ${positional.help}`);
    values[key] = reading(command, shouted(key), () => positional.read(mine));
  }
  if (rest.length > 0) throw new ParseError(command, `unexpected: ${rest.join(' ')}`);
  return values;
}

function reading<T>(command: Command, name: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof CliError) throw new ParseError(command, `${name}: ${thrown.message}`);
    throw thrown;
  }
}
