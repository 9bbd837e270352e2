import { COMMANDS, root } from './commands/index.ts';
import type { Command } from './grammar/command.ts';
import type { Flags } from './grammar/flags.ts';
import { GLOBAL_FLAGS, LIST_FLAGS } from './grammar/global-flags.ts';
import { describeFlags, positionalUsage, usageLine } from './grammar/help.ts';
import type { Group } from './grammar/tree.ts';
import { TOPICS } from './topics.ts';

/** The reference page of the command line, `docs/cli.md`, from the list of commands. */
export function referencePage(): string {
  const topics = Object.entries(TOPICS).map(
    ([name, text]) => `## ${titled(name)}\n\n\`\`\`text\n${text()}\`\`\`\n`,
  );
  return [
    '# Command line',
    'Every command of `entrepot`, as `--help` shows them. Made by `bun cli/reference.ts`; do not edit.',
    'The grammar is that of gcloud: a line of a tutorial works with the first word replaced.',
    contents(root()),
    '## Global flags',
    'Accepted anywhere on the line.',
    table(GLOBAL_FLAGS),
    '## List flags',
    'Of every command that lists.',
    table(LIST_FLAGS),
    ...topics,
    '## Commands',
    ...COMMANDS.filter(({ hidden }) => !hidden).map(section),
  ]
    .join('\n\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd()
    .concat('\n');
}

const titled = (topic: string): string => topic.charAt(0).toUpperCase() + topic.slice(1).replaceAll('-', ' ');

const anchor = (path: string): string => `entrepot-${path.replaceAll(' ', '-')}`;

function contents(group: Group): string {
  const commands = [...group.commands.values()].filter(({ hidden }) => !hidden);
  const lines = commands.map(({ path, summary }) => `- [\`entrepot ${path}\`](#${anchor(path)}): ${summary}`);
  return [...[...group.groups.values()].map(contents), lines.join('\n')]
    .filter((text) => text !== '')
    .join('\n');
}

function section(command: Command): string {
  const positionals = Object.entries(command.positionals).map(
    ([key, positional]) => `| \`${positionalUsage(key, positional)}\` | ${cell(positional.help)} |`,
  );
  const examples = (command.examples ?? []).map(({ says, line }) => `${says}\n\n\`\`\`sh\n${line}\n\`\`\``);
  const rows = [...positionals, ...flagRows(command.flags)];
  return [
    `### entrepot ${command.path}`,
    command.summary,
    command.description ?? '',
    `\`\`\`text\n${usageLine(command)}\n\`\`\``,
    rows.length === 0 ? '' : `| argument | meaning |\n|---|---|\n${rows.join('\n')}`,
    command.lists ? 'Takes the [list flags](#list-flags).' : '',
    ...examples,
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

const table = (flags: Flags): string => `| flag | meaning |\n|---|---|\n${flagRows(flags).join('\n')}`;

const flagRows = (flags: Flags): readonly string[] =>
  describeFlags(flags).map(([names, help]) => `| \`${cell(names)}\` | ${cell(help)} |`);

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

if (import.meta.main) await Bun.write(`${import.meta.dirname}/../docs/cli.md`, referencePage());
