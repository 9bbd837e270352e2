import { shouted, type Command, type Positional } from './command.ts';
import { spelled, type Flag, type Flags } from './flags.ts';
import { GLOBAL_FLAGS, LIST_FLAGS } from './global-flags.ts';
import { spellings } from './parse.ts';
import { isCommand, type Group } from './tree.ts';

const WIDTH = 80;

/** The page `--help` shows for a group or a command. */
export function helpText(at: Group | Command): string {
  return isCommand(at) ? commandHelp(at) : groupHelp(at);
}

/** `entrepot artifacts tags list [--package=PACKAGE] [flags]` */
export function usageLine(command: Command): string {
  const positionals = Object.entries(command.positionals).map(([key, one]) => positionalUsage(key, one));
  const flags = Object.entries(command.flags).filter(([, flag]) => !flag.hidden);
  const needed = flags.filter(([, flag]) => flag.required).map(([key, flag]) => flagUsage(key, flag));
  const other = flags.filter(([, flag]) => !flag.required).map(([key, flag]) => `[${flagUsage(key, flag)}]`);
  return ['entrepot', command.path, ...positionals, ...needed, ...other].join(' ');
}

function groupHelp(group: Group): string {
  const path = ['entrepot', ...group.words].join(' ');
  const groups = [...group.groups.entries()].map(([word, { summary }]) => [word, summary] as const);
  const commands = [...group.commands.entries()].filter(([, { hidden }]) => !hidden);
  const sections = [
    `${path}: ${group.summary}`,
    `Usage:\n  ${path} ${groups.length > 0 ? 'GROUP | COMMAND' : 'COMMAND'} [flags]`,
    section('Groups', groups),
    section(
      'Commands',
      commands.map(([word, { summary }]) => [word, summary] as const),
    ),
    section('Global flags', describeFlags(GLOBAL_FLAGS)),
    `More:\n  ${path} COMMAND --help`,
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function commandHelp(command: Command): string {
  const positionals = Object.entries(command.positionals).map(
    ([key, one]) => [positionalUsage(key, one), one.help] as const,
  );
  const sections = [
    `entrepot ${command.path}: ${command.summary}`,
    `Usage:\n${wrap(usageLine(command), 2, 4)}`,
    command.description === undefined ? '' : wrap(command.description, 0),
    section('Arguments', positionals),
    section('Required flags', describeFlags(command.flags, true)),
    section('Flags', describeFlags(command.flags, false)),
    command.lists ? section('List flags', describeFlags(LIST_FLAGS)) : '',
    section('Global flags', describeFlags(GLOBAL_FLAGS)),
    examples(command),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

export function positionalUsage(key: string, { optional, repeated }: Positional<unknown>): string {
  const word = repeated ? `${shouted(key)} [${shouted(key)} ...]` : shouted(key);
  return optional ? `[${word}]` : word;
}

function flagUsage(key: string, flag: Flag<unknown>): string {
  const name = `--${spelled(key)}`;
  if (flag.value !== undefined) return `${name}=${flag.value}`;
  return flag.negatable ? `--[no-]${spelled(key)}` : name;
}

/** Names and texts of the flags people may see; only required or only optional ones when `required` says so. */
export function describeFlags(flags: Flags, required?: boolean): readonly (readonly [string, string])[] {
  return Object.entries(flags)
    .filter(([, flag]) => !flag.hidden && (required === undefined || (flag.required ?? false) === required))
    .map(([key, flag]) => {
      const others = spellings(key, flag).slice(1);
      const names = [flagUsage(key, flag), ...others].join(', ');
      return [
        names,
        flag.fallback === undefined ? flag.help : `${flag.help} Default: ${flag.fallback}.`,
      ] as const;
    });
}

function section(title: string, entries: readonly (readonly [string, string])[]): string {
  if (entries.length === 0) return '';
  const widest = Math.max(...entries.map(([name]) => name.length));
  const column = Math.min(widest, 24) + 4;
  const lines = entries.map(([name, help]) => {
    const text = wrap(help, column);
    return name.length + 4 > column
      ? `  ${name}\n${text}`
      : `  ${name.padEnd(column - 2)}${text.trimStart()}`;
  });
  return `${title}:\n${lines.join('\n')}`;
}

function examples({ examples: list = [] }: Command): string {
  if (list.length === 0) return '';
  return `Examples:\n${list.map(({ says, line }) => `${wrap(says, 2)}\n    ${line}`).join('\n\n')}`;
}

/** Breaks text between words. `hanging` is the margin of all lines but the first. */
function wrap(text: string, margin: number, hanging = margin): string {
  return text
    .split('\n')
    .map((paragraph) => {
      const lines: string[] = [];
      let line = ' '.repeat(margin);
      let empty = true;
      for (const word of paragraph.split(' ')) {
        if (!empty && line.length + 1 + word.length > WIDTH) {
          lines.push(line);
          line = ' '.repeat(hanging);
          empty = true;
        }
        line += empty ? word : ` ${word}`;
        empty = false;
      }
      return [...lines, line].join('\n').trimEnd();
    })
    .join('\n');
}
