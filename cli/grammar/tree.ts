import type { Command } from './command.ts';

/** A word that leads to more words. */
export interface Group {
  readonly words: readonly string[];
  readonly summary: string;
  /** By next word, in the order of the command list. */
  readonly groups: ReadonlyMap<string, Group>;
  readonly commands: ReadonlyMap<string, Command>;
}

/** Builds the tree over one list of commands. Every group must have a summary, keyed by its words. */
export function commandTree(
  commands: readonly Command[],
  summaries: Readonly<Record<string, string>>,
  words: readonly string[] = [],
): Group {
  const path = words.join(' ');
  const summary = summaries[path];
  if (summary === undefined) throw new Error(`the group "${path}" has no summary`);
  const below = new Map<string, Command[]>();
  const leaves = new Map<string, Command>();
  for (const command of commands) {
    const [next = '', ...rest] = command.path.split(' ').slice(words.length);
    if (rest.length === 0) leaves.set(next, command);
    else below.set(next, [...(below.get(next) ?? []), command]);
  }
  const groups = new Map<string, Group>();
  for (const [next, members] of below) groups.set(next, commandTree(members, summaries, [...words, next]));
  return { words, summary, groups, commands: leaves };
}

/** The group or command a path of words leads to. */
export function lookUp(root: Group, words: readonly string[]): Group | Command | undefined {
  let group: Group = root;
  for (const [index, word] of words.entries()) {
    const next = group.groups.get(word);
    if (next === undefined) return index === words.length - 1 ? group.commands.get(word) : undefined;
    group = next;
  }
  return group;
}

export const isCommand = (node: Group | Command): node is Command => 'run' in node;

/** Every `a b c` that can be typed from `group` on, for suggestions. */
export function* everyPath(group: Group): Generator<string> {
  for (const [, command] of group.commands) if (!command.hidden) yield command.path;
  for (const [, sub] of group.groups) {
    yield sub.words.join(' ');
    yield* everyPath(sub);
  }
}
